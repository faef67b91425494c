import { type Bucket, exactUsd, shownShare, shownUsd, type TierName } from '@toolwright/contracts'
import { type Budget, type Latencies, latencyWithin, requestsIn, shownLatency } from '@toolwright/registry'
import type { RunEstimates, UsedPrice } from './run-estimates.ts'
import { shownCount, shownDuration } from './progress-text.ts'
import type { Tally } from './tally.ts'
import { type Money, shownMoney } from './money.ts'

/** A finished run. `cost` is the ledger's, by bucket; paths are null where the results went to stdout or no file of their own. */
export interface RunTotals {
  run: string
  durationMs: number
  tally: Tally
  cost: Record<Bucket, Money>
  budget: Budget
  estimates: RunEstimates
  latencies: Latencies
  toolsMade: number
  output: string | null
  errors: string | null
}

const TIERS: readonly TierName[] = ['extracted', 'called', 'direct']
const BUCKETS: readonly Bucket[] = ['results', 'makes', 'overhead', 'waste']
const ABOUT_BUCKET: Record<Bucket, string> = {
  results: "answers' own model calls",
  makes: 'examples, proposals, repairs, checks',
  overhead: 'judging which kind a line is',
  waste: 'paid replies that nothing used',
}

/** What a run comes to, as plain text of at most 100 columns, ending in a newline. */
export function renderSummary(totals: RunTotals): string {
  const { run, tally, toolsMade, durationMs, output, errors } = totals
  const { answered, failed } = tally
  const made = toolsMade === 1 ? '1 tool made' : `${shownCount(toolsMade)} tools made`
  const sections = [
    [
      `Run ${run}: ${shownCount(answered + failed)} lines in ${shownDuration(durationMs)}, ${shownCount(answered)} answered, ${shownCount(failed)} failed, ${made}`,
      ...(tally.duplicates > 0
        ? [`Of these, ${shownCount(tally.duplicates)} got the answer to an earlier request that is the same, at no cost`]
        : []),
    ],
    tierTable(totals),
    table([['cost', 'dollars', ''], ...BUCKETS.map((name) => [name, shownMoney(totals.cost[name]), ABOUT_BUCKET[name]])], new Set([2])),
    balance(totals),
    ...(totals.estimates.prices.length > 0 ? [totals.estimates.prices.map(priceLine)] : []),
    [
      `Results: ${output ?? 'standard output'}`,
      ...(failed > 0 ? [`Errors:  ${errors ?? `among the results, with "error" or a status of 400 and above`}`] : []),
    ],
  ]
  return `${sections.map((rows) => rows.join('\n')).join('\n\n')}\n`
}

/** The same for programs: dollars are exact decimal strings, null where a part of the sum has no known price (`known_usd` is then the rest). */
export function summaryJson(totals: RunTotals): Record<string, unknown> {
  const { run, durationMs, tally, cost, budget, estimates, latencies, toolsMade, output, errors } = totals
  const total = sum(BUCKETS.map((name) => cost[name]))
  const saved = savingOf(total, tally.baseline)
  return {
    run,
    duration_seconds: durationMs / 1000,
    lines: tally.answered + tally.failed,
    answered: tally.answered,
    failed: tally.failed,
    duplicates: tally.duplicates,
    tools_made: toolsMade,
    tiers: Object.fromEntries(
      TIERS.map((name) => {
        const { lines, targets, right, cost: tierCost } = tally.tiers[name]
        return [name, { lines, targets, right, cost: moneyJson(tierCost) }]
      }),
    ),
    cost: { ...Object.fromEntries(BUCKETS.map((name) => [name, moneyJson(cost[name])])), total: moneyJson(total) },
    baseline: {
      is_estimate: true,
      ...moneyJson(tally.baseline),
      assumed_lines: tally.baseline.assumed,
      interval: intervalJson(tally.baseline, estimates),
    },
    light_baseline: { is_estimate: true, usd: estimates.atLightNano === null ? null : exactUsd(estimates.atLightNano) },
    prices: estimates.prices.map(({ role, price, models, isZero }) => ({ role, price, models, is_zero: isZero })),
    latency: Object.fromEntries(TIERS.map((name) => [name, latencyJson(latencies[name])])),
    budget: {
      limit_usd: budget.limitNano === null ? null : exactUsd(budget.limitNano),
      reserved_usd: exactUsd(budget.reservedNano),
      overrun_usd: exactUsd(budget.overrunNano),
    },
    saved_usd: saved === null || saved.isAtLeast ? null : exactUsd(saved.nano),
    output,
    errors,
  }
}

const SHARES = [0.5, 0.95, 0.99] as const

function tierTable({ tally, latencies }: RunTotals): string[] {
  // A run whose lines an older version or another process has read tells nothing of how long they took.
  const isTimed = TIERS.some((name) => requestsIn(latencies[name]) > 0)
  return table([
    ['tier', 'lines', 'share', 'right answers', 'cost', ...(isTimed ? ['p50', 'p95', 'p99'] : [])],
    ...TIERS.map((name) => [
      ...tierRow(name, tally),
      ...(isTimed ? SHARES.map((share) => shownLatency(latencyWithin(latencies[name], share))) : []),
    ]),
  ])
}

/** Seconds from being read to being written; a share of the lines took at most that. Null: none was timed, or beyond what is counted. */
function latencyJson(buckets: readonly number[]): Record<string, number | null> {
  const seconds = (share: number) => {
    const ms = latencyWithin(buckets, share)
    return ms === null || ms === Infinity ? null : ms / 1000
  }
  return { lines: requestsIn(buckets), p50_seconds: seconds(0.5), p95_seconds: seconds(0.95), p99_seconds: seconds(0.99) }
}

function tierRow(name: TierName, tally: Tally): string[] {
  const { lines, targets, right, cost } = tally.tiers[name]
  const share = shownShare(lines, tally.answered)
  const rightAnswers =
    lines === 0 ? '–' : targets === 0 ? 'no targets' : `${shownCount(right)} of ${shownCount(targets)} (${shownShare(right, targets)})`
  return [name, shownCount(lines), share, rightAnswers, shownMoney(cost)]
}

function balance({ tally, cost, budget, estimates }: RunTotals): string[] {
  const total = sum(BUCKETS.map((name) => cost[name]))
  const { baseline, answered } = tally
  const notes = [
    ...(baseline.unknown > 0 ? [`unknown for ${shownCount(baseline.unknown)} of ${shownCount(answered)} lines`] : []),
    ...(baseline.assumed > 0 ? [`assumed from other kinds for ${shownCount(baseline.assumed)} lines`] : []),
  ]
  return [
    `Spent:    ${shownMoney(total)}`,
    `Baseline: ${shownMoney(baseline)} (estimate: every answered line by the strong model${notes.map((note) => `; ${note}`).join('')})`,
    ...spreadText(baseline, estimates),
    ...(answered > 0 ? lightText(total, estimates) : []),
    savingText(total, baseline),
    ...budgetText(budget),
    ...(total.unknown > 0 ? ['Unknown:  calls of models without a price (TOOLWRIGHT_PRICES can name a file), or that told no usage'] : []),
  ]
}

function spreadText(baseline: Money, { spread }: RunEstimates): string[] {
  const { plusMinusNano, observations, covered, uncovered } = spread
  if (covered + uncovered === 0) return []
  if (plusMinusNano === null) return ['          without an interval: no kind has the two direct calls that one takes']
  const { low, high } = interval(baseline, plusMinusNano)
  const none = uncovered === 0 ? '' : `; none for ${shownCount(uncovered)} lines`
  return [`          ${shownUsd(low)} to ${shownUsd(high)} (95 % interval, from ${shownCount(observations)} direct calls${none})`]
}

function interval(baseline: Money, plusMinusNano: number): { low: number; high: number } {
  return { low: Math.max(0, baseline.nano - plusMinusNano), high: baseline.nano + plusMinusNano }
}

/** Null where no kind has the observations that an interval takes. */
function intervalJson(baseline: Money, { spread }: RunEstimates): Record<string, unknown> | null {
  const { plusMinusNano, observations, covered, uncovered } = spread
  if (plusMinusNano === null) return null
  const { low, high } = interval(baseline, plusMinusNano)
  return {
    confidence: 0.95,
    low_usd: exactUsd(low),
    high_usd: exactUsd(high),
    observations,
    estimated_lines: covered,
    lines_without: uncovered,
  }
}

/** The other baseline. */
function lightText(total: Money, { atLightNano }: RunEstimates): string[] {
  if (atLightNano === null) return ['Light:    unknown (every answered line by the light model)']
  return [
    `Light:    ${shownUsd(atLightNano)} (estimate: every answered line by the light model; its answers may be worse)`,
    ...(total.nano > atLightNano ? ['          The run cost more than that'] : []),
  ]
}

function priceLine({ role, price, isZero }: UsedPrice, at: number): string {
  return `${at === 0 ? 'Prices:  ' : '         '} ${role}: ${price}${isZero ? ', which is zero' : ''}`
}

function budgetText({ limitNano, reservedNano, overrunNano }: Budget): string[] {
  return [
    ...(limitNano === null ? [] : [`Limit:    ${shownUsd(limitNano)} (--max-cost-usd)`]),
    ...(reservedNano > 0 ? [`Unsettled: up to ${shownUsd(reservedNano)} for calls that were begun and never settled`] : []),
    ...(overrunNano > 0 ? [`Overrun:  ${shownUsd(overrunNano)} billed beyond what calls were asked to cost at most`] : []),
  ]
}

function savingText(total: Money, baseline: Money): string {
  const saved = savingOf(total, baseline)
  if (saved === null) return 'Saved:    unknown'
  const atLeast = saved.isAtLeast ? 'at least ' : ''
  if (saved.nano < 0) return `Lost:     ${shownUsd(-saved.nano)} more than the baseline (estimate)`
  const share = baseline.nano === 0 ? '' : ` (${shownShare(saved.nano, baseline.nano)} of the baseline, estimate)`
  return `Saved:    ${atLeast}${shownUsd(saved.nano)}${share}`
}

/** Null where it cannot be told: a cost without a price could be anything, and so could a baseline that lacks lines unless what is known of it already exceeds the cost. */
function savingOf(total: Money, baseline: Money): { nano: number; isAtLeast: boolean } | null {
  if (total.unknown > 0) return null
  const nano = baseline.nano - total.nano
  if (baseline.unknown === 0) return { nano, isAtLeast: false }
  return nano > 0 ? { nano, isAtLeast: true } : null
}

function moneyJson({ nano, unknown }: Money): Record<string, unknown> {
  return unknown === 0 ? { usd: exactUsd(nano) } : { usd: null, known_usd: exactUsd(nano), unknown_parts: unknown }
}

function sum(parts: Money[]): Money {
  return { nano: parts.reduce((all, part) => all + part.nano, 0), unknown: parts.reduce((all, part) => all + part.unknown, 0) }
}

/** Columns as wide as their widest cell; the first and those in `left` flush left, the others right. */
function table(rows: string[][], left: ReadonlySet<number> = new Set()): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 || left.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
