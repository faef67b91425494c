import type { AnswerCost } from './answer-cost.ts'
import { type Range, rootOfSquares, sumOf } from './range.ts'
import { type Sampled, sumError } from './sample-error.ts'

/** What every request would cost at the strong model: an estimate of what will not happen. */
export interface BaselineRange extends Range {
  /** Paid answers of the stream's kinds, over all runs. */
  observations: number
  /** Requests whose kinds have several such answers, those whose kind has one alone, and those of which it is assumed from other kinds or from their length. */
  measured: number
  once: number
  assumed: number
}

/** `found`: of the sample; `requests`: of the whole input. */
export interface BaselineGroup {
  found: number
  requests: number
  answer: AnswerCost
}

/** Kinds that were paid for are off apart from each other, as is what the sample tells of their shares; what is only assumed may be off the same way for all. */
export function baselineRange(groups: readonly BaselineGroup[], sampled: Sampled): BaselineRange {
  const parts = groups.map((group) => ({ ...group, cost: group.answer.of(group.requests) }))
  const own = parts.filter(({ answer }) => answer.observations > 0)
  const assumed = parts.filter(({ answer }) => answer.observations === 0)
  const about = {
    observations: own.reduce((sum, { answer }) => sum + answer.observations, 0),
    measured: count(own.filter(({ answer }) => answer.basis === 'measured')),
    once: count(own.filter(({ answer }) => answer.basis === 'once')),
    assumed: count(assumed),
  }
  const all = sumOf(parts.map(({ cost }) => cost))
  const other = sumOf(assumed.map(({ cost }) => cost))
  if (all.expected === null || other.low === null || other.expected === null || other.high === null) return { ...all, ...about }
  const shares = sumError(
    parts.map(({ found, requests, cost }) => ({ found, each: requests === 0 ? 0 : cost.expected! / requests })),
    sampled,
  )
  const below = rootOfSquares([shares, ...own.map(({ cost }) => cost.expected! - cost.low!)])
  const above = rootOfSquares([shares, ...own.map(({ cost }) => cost.high! - cost.expected!)])
  return {
    low: Math.max(0, Math.round(all.expected - below - (other.expected - other.low))),
    expected: all.expected,
    high: Math.round(all.expected + above + (other.high - other.expected)),
    ...about,
  }
}

function count(groups: readonly BaselineGroup[]): number {
  return groups.reduce((sum, { requests }) => sum + requests, 0)
}
