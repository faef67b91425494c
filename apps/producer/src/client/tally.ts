import { type LineResult, nanoOfUsd, type TierName } from '@toolwright/contracts'
import { z } from 'zod'
import type { OutputMark } from './output-line.ts'
import { addMoney, type Money } from './money.ts'

const Sum = z.object({ nano: z.int(), unknown: z.int() })
const TierTally = z.object({
  lines: z.int(),
  /** Lines that had a target, and those of them answered with it. */
  targets: z.int(),
  right: z.int(),
  cost: Sum,
})
type TierTally = z.infer<typeof TierTally>

/** What a run's results add up to. Counts lines; costs are those of the lines' own calls, without makes, overhead and waste (the ledger has these). */
export const Tally = z.object({
  answered: z.int(),
  failed: z.int(),
  /** Of the answered ones, those that got the answer to the same request. */
  duplicates: z.int().default(0),
  tiers: z.object({ extracted: TierTally, called: TierTally, direct: TierTally }),
  /** Over answered lines alone: a failed line is worth nothing, so nothing is saved by it. `assumed`: lines whose baseline rests on other kinds. */
  baseline: Sum.extend({ assumed: z.int() }),
})
export type Tally = z.infer<typeof Tally>

export function createTally(): Tally {
  return {
    answered: 0,
    failed: 0,
    duplicates: 0,
    tiers: { extracted: emptyTier(), called: emptyTier(), direct: emptyTier() },
    baseline: { nano: 0, unknown: 0, assumed: 0 },
  }
}

function emptyTier(): TierTally {
  return { lines: 0, targets: 0, right: 0, cost: { nano: 0, unknown: 0 } }
}

/** Adds a result that has been written. */
export function tallyResult(tally: Tally, result: LineResult): void {
  if (result.duplicateOf !== undefined) tally.duplicates++
  if (result.status === 'failed') tally.failed++
  else add(tally, result.tier, result.costNano, result.baseline.costNano, result.baseline.basis, result.correct)
}

/** Adds a line that an earlier process of the run had written. */
export function tallyMark(tally: Tally, mark: OutputMark): void {
  if (mark.duplicate_of !== undefined) tally.duplicates++
  if (mark.tier === null) tally.failed++
  else add(tally, mark.tier, nanoOf(mark.cost_usd), nanoOf(mark.baseline_usd), mark.baseline_basis, mark.correct)
}

/** Adds all of another tally. */
export function tallyAll(tally: Tally, other: Tally): void {
  tally.answered += other.answered
  tally.failed += other.failed
  tally.duplicates += other.duplicates
  for (const name of ['extracted', 'called', 'direct'] as const satisfies TierName[]) {
    const tier = tally.tiers[name]
    const { lines, targets, right, cost } = other.tiers[name]
    tier.lines += lines
    tier.targets += targets
    tier.right += right
    addSum(tier.cost, cost)
  }
  addSum(tally.baseline, other.baseline)
  tally.baseline.assumed += other.baseline.assumed
}

function addSum(sum: Money, other: Money): void {
  sum.nano += other.nano
  sum.unknown += other.unknown
}

function add(tally: Tally, tierName: TierName, cost: number | null, baseline: number | null, basis: string, correct: boolean | null): void {
  const tier = tally.tiers[tierName]
  tally.answered++
  tier.lines++
  if (correct !== null) tier.targets++
  if (correct === true) tier.right++
  addMoney(tier.cost, cost)
  addMoney(tally.baseline, baseline)
  if (basis === 'assumed') tally.baseline.assumed++
}

function nanoOf(usd: string | null): number | null {
  return usd === null ? null : nanoOfUsd(usd)
}
