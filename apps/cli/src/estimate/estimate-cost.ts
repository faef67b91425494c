import { EXAMPLES_FOR_MAKE, type Kind, type KindMoney, type Registry, type Sums } from '@toolwright/registry'
import { type AnswerCost, answerCost, GUESSED, type TokenCost, tokensOf, UNPROVEN } from './answer-cost.ts'
import { type BaselineGroup, type BaselineRange, baselineRange } from './baseline-range.ts'
import type { InputSample, SampleGroup } from './input-sample.ts'
import { constant, type Range, rootOfSquares, sumOf, times, total, within } from './range.ts'
import { countInterval } from './sample-error.ts'

export interface GroupEstimate {
  label: string
  kind: string | null
  /** Of the whole input, from their share of the sample; `atLeast` and `atMost`: with 95 % confidence, the same where all of it was looked at. */
  requests: number
  atLeast: number
  atMost: number
  how: Way
  cost: Range
  /** Of all of its requests. */
  baseline: number | null
}

type Way = 'tool' | 'tool to be made' | 'strong model'

export interface Estimate {
  requests: number
  sampled: number
  unusable: number
  groups: GroupEstimate[]
  cost: Range
  baseline: BaselineRange
  /** How many paid direct answers of any kind say what one costs; 0: it is assumed from the length of the requests. */
  observations: number
}

export interface Models {
  strong: TokenCost
  light: TokenCost
}

/** Of tools that serve, where nothing else is known: the share of requests that they do not read by themselves. */
const ASSUMED_REFUSED = 0.1
const MIN_OBSERVED = 100
/** A kind has several wordings, and requests that begin alike may be one of them only: at best its examples and its make are shared by so many. */
const WORDINGS = 3
/** Before a make is settled, so many requests are asked twice. */
const GATHERED = 10
/** Lines of a kind that nobody knows are judged until it has a template. */
const JUDGED = 20

/** What a stream would cost, from a sample of it and from what was paid for so far. */
export async function estimateCost(registry: Registry, models: Models, sample: InputSample): Promise<Estimate> {
  const factor = sample.sampled === 0 ? 0 : sample.requests / sample.sampled
  const unit = await unitCosts(registry, models)
  const groups: GroupEstimate[] = []
  const asCounted: Range[] = []
  const baselines: BaselineGroup[] = []
  for (const group of sample.groups) {
    const requests = Math.round(group.requests * factor)
    const { low: atLeast, high: atMost } = countInterval(group.requests, sample)
    const { answer, at } = await waysOf(registry, models, group, unit)
    const { how, cost } = at(requests)
    const ends = [at(Math.min(atLeast, requests)).cost, cost, at(Math.max(atMost, requests)).cost]
    asCounted.push(cost)
    baselines.push({ found: group.requests, requests, answer })
    groups.push({
      label: group.label,
      kind: group.kind,
      requests,
      atLeast,
      atMost,
      how,
      // More requests may be what makes a tool worth while, so that they cost less.
      cost: { low: furthest(Math.min, ends, 'low'), expected: cost.expected, high: furthest(Math.max, ends, 'high') },
      baseline: answer.of(requests).expected,
    })
  }
  return {
    requests: sample.requests,
    sampled: sample.sampled,
    unusable: sample.unusable,
    groups,
    cost: wholeCost(asCounted, groups),
    baseline: baselineRange(baselines, sample),
    observations: unit.all.direct.calls - unit.all.direct.unpriced,
  }
}

function furthest(which: (...values: number[]) => number, ranges: readonly Range[], end: 'low' | 'high'): number | null {
  const known = ranges.flatMap((range) => range[end] ?? [])
  return known.length < ranges.length ? null : which(...known)
}

/** What groups cost is added up as if all were off the same way; their numbers of requests are off apart from each other. */
function wholeCost(asCounted: readonly Range[], groups: readonly GroupEstimate[]): Range {
  const sum = sumOf(asCounted)
  const doubt = (end: 'low' | 'high') => rootOfSquares(groups.map(({ cost }, at) => (cost[end] ?? 0) - (asCounted[at]![end] ?? 0)))
  return {
    low: sum.low === null ? null : Math.max(0, Math.round(sum.low - doubt('low'))),
    expected: sum.expected,
    high: sum.high === null ? null : Math.round(sum.high + doubt('high')),
  }
}

interface UnitCosts {
  /** Paid direct answers of all kinds. */
  all: KindMoney
  make: Range
  call(textBytes: number): Range
  judge(textBytes: number): Range
  refusedShare: number
}

async function unitCosts(registry: Registry, models: Models): Promise<UnitCosts> {
  const [sums, makes, totals, all] = await Promise.all([
    registry.money.sums(null),
    registry.tools.makes(),
    registry.totals.read(),
    registry.money.ofKind(null),
  ])
  const extracted = totals['answered:extracted'] ?? 0
  const called = totals['answered:called'] ?? 0
  // Of what the light model does, only sums over all kinds are kept.
  const light = (purpose: Sums['purpose'], before: number, output: number) => (textBytes: number) => {
    const mean = meanOf(sums, purpose)
    return mean === null ? within(models.light(tokensOf(before, textBytes, output)), GUESSED) : within(mean, UNPROVEN)
  }
  return {
    all,
    make: makeCost(makes, models),
    call: light('call', 700, 60),
    judge: light('judge', 1_500, 20),
    refusedShare: extracted + called >= MIN_OBSERVED ? called / (extracted + called) : ASSUMED_REFUSED,
  }
}

/** How a group would be answered, and for what, if so many requests of the whole input are of it. */
async function waysOf(
  registry: Registry,
  models: Models,
  group: SampleGroup,
  unit: UnitCosts,
): Promise<{ answer: AnswerCost; at: (requests: number) => { how: Way; cost: Range } }> {
  const kind = group.kind === null ? null : await registry.kinds.get(group.kind)
  const textBytes = group.requests === 0 ? 0 : group.textBytes / group.requests
  const answer = answerCost(kind === null ? null : await registry.money.ofKind(kind.id), unit.all, textBytes, models.strong)
  if (kind !== null && kind.version > 0) {
    const { tiers } = await registry.tools.get(kind.id, kind.version)
    return { answer, at: (requests) => ({ how: 'tool', cost: toolCost(tiers, answer, unit.call(textBytes), unit.refusedShare, requests) }) }
  }
  return { answer, at: (requests) => costWithoutTool(group, kind, answer, unit, requests) }
}

function toolCost(
  tiers: { extracted: boolean; called: boolean },
  answer: AnswerCost,
  call: Range,
  refusedShare: number,
  requests: number,
): Range {
  if (!tiers.extracted) {
    const called = times(call, requests)
    return { ...called, high: total([called.high, answer.of(requests * ASSUMED_REFUSED).high]) }
  }
  const refused = (share: number) => (tiers.called ? times(call, requests * share) : answer.of(requests * share))
  return { low: 0, expected: refused(refusedShare).expected, high: refused(Math.min(1, refusedShare * 3 + 0.05)).high }
}

function costWithoutTool(
  group: SampleGroup,
  kind: Kind | null,
  answer: AnswerCost,
  unit: UnitCosts,
  requests: number,
): { how: Way; cost: Range } {
  const textBytes = group.requests === 0 ? 0 : group.textBytes / group.requests
  const direct = answer.of(requests)
  const judged = group.about === 'kind' || group.about === 'whole' ? constant(0) : unit.judge(textBytes)
  const isToolable = group.about === 'alike' || (kind !== null && kind.state !== 'declined')
  const each = answer.of(1).expected
  const isPriced = unit.make.expected !== null && each !== null && each > 0
  const worthAt = isPriced ? unit.make.expected! / each : GATHERED
  if (!isToolable || requests < Math.max(EXAMPLES_FOR_MAKE, worthAt)) {
    const votes = isToolable ? answer.of(Math.min(requests, GATHERED)) : constant(0)
    const judging = times(judged, group.about === 'alike' ? Math.min(requests, JUDGED) : requests)
    return { how: 'strong model', cost: { ...sumOf([direct, votes, judging]), low: direct.low } }
  }
  const gathering = answer.of(2 * GATHERED)
  const judging = times(judged, Math.min(requests, JUDGED))
  const rest = Math.max(0, requests - GATHERED)
  const refused = times(unit.call(textBytes), rest * unit.refusedShare)
  const shared = group.about === 'alike' ? 1 / WORDINGS : 1
  return {
    how: 'tool to be made',
    cost: {
      low: times(sumOf([gathering, unit.make]), shared).low,
      expected: sumOf([gathering, judging, refused, unit.make]).expected,
      // No tool is found, after all that was tried.
      high: sumOf([direct, gathering, judging, unit.make]).high,
    },
  }
}

/** Between one proposal that passes and all that may be tried; where no make was paid for, two proposals and a repair, with what they read, are expected. */
function makeCost(makes: { priced: number; costNano: number }, models: Models): Range {
  if (makes.priced > 0) return within(Math.round(makes.costNano / makes.priced), { low: 0.4, high: 3 })
  return within(models.strong(tokensOf(8_000, 0, 4_000)), GUESSED)
}

function meanOf(sums: Sums[], purpose: Sums['purpose']): number | null {
  const rows = sums.filter((row) => row.purpose === purpose)
  const priced = rows.reduce((count, { calls, unpriced }) => count + calls - unpriced, 0)
  return priced === 0 ? null : rows.reduce((cost, { costNano }) => cost + costNano, 0) / priced
}
