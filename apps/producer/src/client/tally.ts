import type { LineResult, TierName } from '@toolwright/contracts'
import type { OutputMark } from './output-line.ts'
import { addMoney, nanoOfUsd, type Money } from './usd.ts'

/** What a run's results add up to. Counts lines; costs are those of the lines' own calls, without makes, overhead and waste (the ledger has these). */
export interface Tally {
  answered: number
  failed: number
  tiers: Record<TierName, TierTally>
  /** Over answered lines alone: a failed line is worth nothing, so nothing is saved by it. `assumed`: lines whose baseline rests on other kinds. */
  baseline: Money & { assumed: number }
}

export interface TierTally {
  lines: number
  /** Lines that had a target, and those of them answered with it. */
  targets: number
  right: number
  cost: Money
}

export function createTally(): Tally {
  return {
    answered: 0,
    failed: 0,
    tiers: { extracted: emptyTier(), called: emptyTier(), direct: emptyTier() },
    baseline: { nano: 0, unknown: 0, assumed: 0 },
  }
}

function emptyTier(): TierTally {
  return { lines: 0, targets: 0, right: 0, cost: { nano: 0, unknown: 0 } }
}

/** Adds a result that has been written. */
export function tallyResult(tally: Tally, result: LineResult): void {
  if (result.status === 'failed') tally.failed++
  else add(tally, result.tier, result.costNano, result.baseline.costNano, result.baseline.basis, result.correct)
}

/** Adds a line that an earlier process of the run had written. */
export function tallyMark(tally: Tally, mark: OutputMark): void {
  if (mark.tier === null) tally.failed++
  else add(tally, mark.tier, nanoOf(mark.cost_usd), nanoOf(mark.baseline_usd), mark.baseline_basis, mark.correct)
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
