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
  /**
   * By kind ('' for none, and for kinds that there is no room for): answered lines; of these, lines that were not answered by a direct call of their own, so that their baseline is an estimate:
   * from direct calls of their kind, and from those of others.
   */
  kinds: z.record(z.string(), z.tuple([z.int(), z.int(), z.int()])).default({}),
})
export type Tally = z.infer<typeof Tally>

export function createTally(): Tally {
  return {
    answered: 0,
    failed: 0,
    duplicates: 0,
    tiers: { extracted: emptyTier(), called: emptyTier(), direct: emptyTier() },
    baseline: { nano: 0, unknown: 0, assumed: 0 },
    kinds: {},
  }
}

/** Beyond this many, kinds are not told apart. */
const MAX_KINDS = 1_000

function emptyTier(): TierTally {
  return { lines: 0, targets: 0, right: 0, cost: { nano: 0, unknown: 0 } }
}

/** Adds a result that has been written. */
export function tallyResult(tally: Tally, result: LineResult): void {
  if (result.duplicateOf !== undefined) tally.duplicates++
  if (result.status === 'failed') {
    tally.failed++
    return
  }
  const { tier, kind, costNano, baseline, correct, duplicateOf } = result
  add(tally, { tier, kind, isCopy: duplicateOf !== undefined, cost: costNano, baseline: baseline.costNano, basis: baseline.basis, correct })
}

/** Adds a line that an earlier process of the run had written. */
export function tallyMark(tally: Tally, mark: OutputMark): void {
  if (mark.duplicate_of !== undefined) tally.duplicates++
  if (mark.tier === null) {
    tally.failed++
    return
  }
  const { tier, kind, correct, baseline_basis: basis } = mark
  const isCopy = mark.duplicate_of !== undefined
  add(tally, { tier, kind, isCopy, cost: nanoOf(mark.cost_usd), baseline: nanoOf(mark.baseline_usd), basis, correct })
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
  for (const [kind, counts] of Object.entries(other.kinds)) addKind(tally, kind, counts)
}

function addSum(sum: Money, other: Money): void {
  sum.nano += other.nano
  sum.unknown += other.unknown
}

function addKind(tally: Tally, kind: string, counts: readonly [number, number, number]): void {
  const name = kind in tally.kinds || Object.keys(tally.kinds).length < MAX_KINDS ? kind : ''
  const known = tally.kinds[name] ?? [0, 0, 0]
  tally.kinds[name] = [known[0] + counts[0], known[1] + counts[1], known[2] + counts[2]]
}

interface Answer {
  tier: TierName
  kind: string | null
  isCopy: boolean
  cost: number | null
  baseline: number | null
  basis: 'measured' | 'assumed' | 'unknown'
  correct: boolean | null
}

function add(tally: Tally, { tier: tierName, kind, isCopy, cost, baseline, basis, correct }: Answer): void {
  const tier = tally.tiers[tierName]
  const isEstimated = isCopy || tierName !== 'direct'
  addKind(tally, kind ?? '', [1, isEstimated && basis === 'measured' ? 1 : 0, isEstimated && basis === 'assumed' ? 1 : 0])
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
