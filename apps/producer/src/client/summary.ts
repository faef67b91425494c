import { type Bucket, exactUsd, shownShare, shownUsd, type TierName } from '@toolwright/contracts'
import type { Budget } from '@toolwright/registry'
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
    table([['tier', 'lines', 'share', 'right answers', 'cost'], ...TIERS.map((name) => tierRow(name, tally))]),
    table([['cost', 'dollars', ''], ...BUCKETS.map((name) => [name, shownMoney(totals.cost[name]), ABOUT_BUCKET[name]])], new Set([2])),
    balance(totals),
    [
      `Results: ${output ?? 'standard output'}`,
      ...(failed > 0 ? [`Errors:  ${errors ?? `among the results, with "error" or a status of 400 and above`}`] : []),
    ],
  ]
  return `${sections.map((rows) => rows.join('\n')).join('\n\n')}\n`
}

/** The same for programs: dollars are exact decimal strings, null where a part of the sum has no known price (`known_usd` is then the rest). */
export function summaryJson(totals: RunTotals): Record<string, unknown> {
  const { run, durationMs, tally, cost, budget, toolsMade, output, errors } = totals
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
    baseline: { is_estimate: true, ...moneyJson(tally.baseline), assumed_lines: tally.baseline.assumed },
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

function tierRow(name: TierName, tally: Tally): string[] {
  const { lines, targets, right, cost } = tally.tiers[name]
  const share = shownShare(lines, tally.answered)
  const rightAnswers =
    lines === 0 ? '–' : targets === 0 ? 'no targets' : `${shownCount(right)} of ${shownCount(targets)} (${shownShare(right, targets)})`
  return [name, shownCount(lines), share, rightAnswers, shownMoney(cost)]
}

function balance({ tally, cost, budget }: RunTotals): string[] {
  const total = sum(BUCKETS.map((name) => cost[name]))
  const { baseline, answered } = tally
  const notes = [
    ...(baseline.unknown > 0 ? [`unknown for ${shownCount(baseline.unknown)} of ${shownCount(answered)} lines`] : []),
    ...(baseline.assumed > 0 ? [`assumed from other kinds for ${shownCount(baseline.assumed)} lines`] : []),
  ]
  return [
    `Spent:    ${shownMoney(total)}`,
    `Baseline: ${shownMoney(baseline)} (estimate: every answered line by the strong model${notes.map((note) => `; ${note}`).join('')})`,
    savingText(total, baseline),
    ...budgetText(budget),
    ...(total.unknown > 0 ? ['Unknown:  calls of models without a price (TOOLWRIGHT_PRICES can name a file), or that told no usage'] : []),
  ]
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
