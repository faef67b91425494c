import type { LedgerEntry, TierName } from '@toolwright/contracts'
import { createFailures, type FailureCause } from './failure-causes.ts'
import { addLine, emptyKind, type KindFigures } from './kind-figures.ts'
import type { ResultLine } from './result-lines.ts'
import { addMoney, type Money } from './money.ts'
import { type Point, thinnedCounts, thinnedCurve } from './thinned.ts'

export const TIERS = ['extracted', 'called', 'direct'] as const satisfies TierName[]

/** Requests of one tier: `targets`, those with a right answer that the user gave, `right`, those of them answered with it. `cost`: of the answers' own calls. */
export interface TierFigures {
  lines: number
  targets: number
  right: number
  cost: Money
}

/** What a run's results add up to, over answered requests; counts of requests. */
export interface Totals {
  answered: number
  failed: number
  duplicates: number
  tiers: Record<TierName, TierFigures>
  /** `assumed`: requests whose baseline rests on other kinds' direct calls. */
  baseline: Money & { assumed: number }
}

/** A part of the answers, in the order in which they were written; `from` and `to` count requests. */
export interface TierShare {
  from: number
  to: number
  counts: Record<TierName, number>
}

/** What a run's ledger and its results come to. Money in nano-dollars, times in milliseconds since the epoch. */
export interface Figures {
  spent: Money & { calls: number }
  /** By which prices its calls were booked: list, version, id that matched and tier. `isZero`: that one says that they cost nothing. */
  prices: { price: string; isZero: boolean }[]
  /** Cost so far, over time. */
  spentCurve: Point[]
  /** Baseline of the requests answered so far, over time; empty where no result says when it was written. */
  baselineCurve: Point[]
  totals: Totals
  tierShares: TierShare[]
  kinds: KindFigures[]
  /** Answered requests of no kind; of these, those whose baseline is an estimate. */
  withoutKind: { answered: number; assumed: number }
  failures: FailureCause[]
  /** Lines of the files that are no results. */
  unreadable: number
}

/** Reads a run's ledger, and then its results one by one; what it holds in memory grows with the kinds alone. */
export async function figuresOf(ledger: AsyncIterable<LedgerEntry>, lines: AsyncIterable<ResultLine | null>): Promise<Figures> {
  const kinds = new Map<string, KindFigures>()
  const kindOf = (id: string): KindFigures => {
    const known = kinds.get(id) ?? emptyKind(id)
    kinds.set(id, known)
    return known
  }
  const spent = { nano: 0, unknown: 0, calls: 0 }
  const prices = new Map<string, number | null>()
  const spentCurve = thinnedCurve(CURVE_POINTS)
  for await (const entry of ledger) {
    spent.calls++
    prices.set(entry.price, entry.costNano === null ? null : (prices.get(entry.price) ?? 0) + entry.costNano)
    addMoney(spent, entry.costNano)
    spentCurve.add(entry.at, spent.nano)
    if (entry.kind === null) continue
    const kind = kindOf(entry.kind)
    if (entry.bucket === 'makes') {
      kind.makes.calls++
      addMoney(kind.makes, entry.costNano)
    }
  }

  const totals = emptyTotals()
  const withoutKind = { answered: 0, assumed: 0 }
  const baselineCurve = thinnedCurve(CURVE_POINTS)
  const shares = thinnedCounts(TIERS, SHARES)
  const failures = createFailures()
  let now: number | null = null
  let unreadable = 0
  for await (const line of lines) {
    if (line === null) {
      unreadable++
      continue
    }
    if (line.writtenAt !== null) now = Math.max(now ?? 0, line.writtenAt)
    addToTotals(totals, line)
    if (line.tier !== null) {
      shares.add(line.tier)
      if (now !== null) baselineCurve.add(now, totals.baseline.nano)
    } else failures.add(line)
    if (line.kind !== null) addLine(kindOf(line.kind), line)
    else if (line.tier !== null) {
      withoutKind.answered++
      if (line.basis === 'assumed' && (line.tier !== 'direct' || line.isDuplicate)) withoutKind.assumed++
    }
  }
  return {
    spent,
    prices: [...prices].map(([price, costNano]) => ({ price, isZero: costNano === 0 })),
    spentCurve: spentCurve.points(),
    baselineCurve: baselineCurve.points(),
    totals,
    tierShares: shares.shares(),
    kinds: [...kinds.values()],
    withoutKind,
    failures: failures.causes(),
    unreadable,
  }
}

const CURVE_POINTS = 300
const SHARES = 40

function emptyTotals(): Totals {
  return {
    answered: 0,
    failed: 0,
    duplicates: 0,
    tiers: { extracted: emptyTier(), called: emptyTier(), direct: emptyTier() },
    baseline: { nano: 0, unknown: 0, assumed: 0 },
  }
}

function emptyTier(): TierFigures {
  return { lines: 0, targets: 0, right: 0, cost: { nano: 0, unknown: 0 } }
}

function addToTotals(totals: Totals, { tier: name, isDuplicate, isRight, costNano, baselineNano, basis }: ResultLine): void {
  if (isDuplicate) totals.duplicates++
  if (name === null) {
    totals.failed++
    return
  }
  totals.answered++
  const tier = totals.tiers[name]
  tier.lines++
  if (isRight !== null) tier.targets++
  if (isRight === true) tier.right++
  addMoney(tier.cost, costNano)
  addMoney(totals.baseline, baselineNano)
  if (basis === 'assumed') totals.baseline.assumed++
}
