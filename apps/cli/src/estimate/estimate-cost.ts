import { baselineOf } from '@toolwright/answering'
import type { Tokens } from '@toolwright/contracts'
import { EXAMPLES_FOR_MAKE, type Kind, type Registry, type Sums } from '@toolwright/registry'
import type { InputSample, SampleGroup } from './input-sample.ts'

/** Nano-dollars; null where a price that it takes is unknown. */
export interface Range {
  low: number | null
  expected: number | null
  high: number | null
}

export interface GroupEstimate {
  label: string
  kind: string | null
  /** Of the whole input, from their share of the sample. */
  requests: number
  how: 'tool' | 'tool to be made' | 'strong model'
  cost: Range
  baseline: number | null
}

export interface Estimate {
  requests: number
  sampled: number
  unusable: number
  groups: GroupEstimate[]
  cost: Range
  /** Every request answered by the strong model. */
  baseline: number | null
  /** How many paid direct answers say what one costs; 0: it is assumed from the length of the requests. */
  observations: number
}

/** What tokens cost at either model, in nano-dollars; null where its price is unknown. */
export type TokenCost = (tokens: Tokens) => number | null

export interface Models {
  strong: TokenCost
  light: TokenCost
}

/** Of tools that serve, where nothing else is known: the share of requests that they do not read by themselves. */
const ASSUMED_REFUSED = 0.1
const MIN_OBSERVED = 100
/** Without any paid call: how far the assumed cost of an answer may be off. Strong models that think before they answer use many more tokens. */
const GUESS = { low: 0.1, high: 6 }
/** A kind has several wordings, and requests that begin alike may be one of them only: at best its examples and its make are shared by so many. */
const WORDINGS = 3
/** Before a make is settled, so many requests are asked twice. */
const GATHERED = 10
/** Lines of a kind that nobody knows are judged until it has a template. */
const JUDGED = 20
const BYTES_PER_TOKEN = 4

/** What a stream would cost, from a sample of it and from what was paid for so far. */
export async function estimateCost(registry: Registry, models: Models, sample: InputSample): Promise<Estimate> {
  const factor = sample.sampled === 0 ? 0 : sample.requests / sample.sampled
  const unit = await unitCosts(registry, models)
  const groups: GroupEstimate[] = []
  for (const group of sample.groups) {
    const kind = group.kind === null ? null : await registry.kinds.get(group.kind)
    groups.push(await estimateGroup(registry, models, { group, kind, factor, unit }))
  }
  return {
    requests: sample.requests,
    sampled: sample.sampled,
    unusable: sample.unusable,
    groups,
    cost: {
      low: total(groups.map(({ cost }) => cost.low)),
      expected: total(groups.map(({ cost }) => cost.expected)),
      high: total(groups.map(({ cost }) => cost.high)),
    },
    baseline: total(groups.map(({ baseline }) => baseline)),
    observations: unit.observations,
  }
}

interface UnitCosts {
  observations: number
  make: Range
  call(textBytes: number): number | null
  judge(textBytes: number): number | null
  refusedShare: number
}

async function unitCosts(registry: Registry, models: Models): Promise<UnitCosts> {
  const [sums, makes, totals, direct] = await Promise.all([
    registry.money.sums(null),
    registry.tools.makes(),
    registry.totals.read(),
    registry.money.direct(null),
  ])
  const extracted = totals['answered:extracted'] ?? 0
  const called = totals['answered:called'] ?? 0
  return {
    observations: direct.calls - direct.unpriced,
    make: makeCost(makes, models),
    call: (bytes) => meanOf(sums, 'call') ?? models.light(tokensOf(700 + bytes / BYTES_PER_TOKEN, 60)),
    judge: (bytes) => meanOf(sums, 'judge') ?? models.light(tokensOf(1_500 + bytes / BYTES_PER_TOKEN, 20)),
    refusedShare: extracted + called >= MIN_OBSERVED ? called / (extracted + called) : ASSUMED_REFUSED,
  }
}

interface Circumstances {
  group: SampleGroup
  kind: Kind | null
  factor: number
  unit: UnitCosts
}

async function estimateGroup(registry: Registry, models: Models, { group, kind, factor, unit }: Circumstances): Promise<GroupEstimate> {
  const requests = Math.round(group.requests * factor)
  const textBytes = group.requests === 0 ? 0 : group.textBytes / group.requests
  const answer = await directCost(registry, models, kind?.id ?? null, textBytes)
  const direct = times(answer, requests)
  const common = {
    label: group.label,
    kind: group.kind,
    requests,
    baseline: direct.expected,
  }
  if (kind !== null && kind.version > 0) {
    const { tiers } = await registry.tools.get(kind.id, kind.version)
    const call = constant(unit.call(textBytes))
    const refused = (share: number) => (tiers.called ? times(call, requests * share) : times(answer, requests * share))
    const cost = tiers.extracted
      ? { low: 0, expected: refused(unit.refusedShare).expected, high: refused(Math.min(1, unit.refusedShare * 3 + 0.05)).high }
      : { ...times(call, requests), high: plus(times(call, requests).high, times(answer, requests * ASSUMED_REFUSED).high) }
    return { ...common, how: 'tool', cost }
  }
  const judged = group.about === 'kind' || group.about === 'whole' ? constant(0) : constant(unit.judge(textBytes))
  const isToolable = group.about === 'alike' || (kind !== null && kind.state !== 'declined')
  const isPriced = unit.make.expected !== null && answer.expected !== null && answer.expected > 0
  const worthAt = isPriced ? unit.make.expected! / answer.expected! : GATHERED
  if (!isToolable || requests < Math.max(EXAMPLES_FOR_MAKE, worthAt)) {
    const votes = isToolable ? times(answer, Math.min(requests, GATHERED)) : constant(0)
    const judging = times(judged, group.about === 'alike' ? Math.min(requests, JUDGED) : requests)
    return {
      ...common,
      how: 'strong model',
      cost: { low: direct.low, expected: sum(direct, votes, judging).expected, high: sum(direct, votes, judging).high },
    }
  }
  const gathering = times(answer, 2 * GATHERED)
  const judging = times(judged, Math.min(requests, JUDGED))
  const rest = Math.max(0, requests - GATHERED)
  const refused = times(constant(unit.call(textBytes)), rest * unit.refusedShare)
  const shared = group.about === 'alike' ? 1 / WORDINGS : 1
  return {
    ...common,
    how: 'tool to be made',
    cost: {
      low: times(sum(gathering, unit.make), shared).low,
      expected: sum(gathering, judging, refused, unit.make).expected,
      // No tool is found, after all that was tried.
      high: sum(direct, gathering, judging, unit.make).high,
    },
  }
}

/** Between one proposal that passes and all that may be tried; where no make was paid for, two proposals and a repair, with what they read, are expected. */
function makeCost(makes: { priced: number; costNano: number }, models: Models): Range {
  if (makes.priced > 0) {
    const mean = Math.round(makes.costNano / makes.priced)
    return { low: scaled(mean, 0.4), expected: mean, high: scaled(mean, 3) }
  }
  const assumed = models.strong(tokensOf(8_000, 4_000))
  return { low: scaled(assumed, GUESS.low), expected: assumed, high: scaled(assumed, GUESS.high) }
}

/** What one request costs at the strong model: as baselines are worked out, and, before anything was paid for, from the length of its text. */
async function directCost(registry: Registry, models: Models, kind: string | null, textBytes: number): Promise<Range> {
  const own = kind === null ? null : await registry.money.direct(kind)
  const { costNano, basis } = baselineOf(own, await registry.money.direct(null), textBytes, models.strong)
  if (basis === 'measured') return constant(costNano)
  if (basis === 'assumed') return { low: scaled(costNano, 0.5), expected: costNano, high: scaled(costNano, 2) }
  const guess = models.strong(tokensOf(60 + textBytes / BYTES_PER_TOKEN, 60))
  return { low: scaled(guess, GUESS.low), expected: guess, high: scaled(guess, GUESS.high) }
}

function meanOf(sums: Sums[], purpose: Sums['purpose']): number | null {
  const rows = sums.filter((row) => row.purpose === purpose)
  const priced = rows.reduce((count, { calls, unpriced }) => count + calls - unpriced, 0)
  return priced === 0 ? null : rows.reduce((cost, { costNano }) => cost + costNano, 0) / priced
}

function tokensOf(input: number, output: number): Tokens {
  return { uncachedInput: Math.ceil(input), cacheRead: 0, cacheWrite: 0, output }
}

function constant(nano: number | null): Range {
  return { low: nano, expected: nano, high: nano }
}

function times({ low, expected, high }: Range, count: number): Range {
  return { low: scaled(low, count), expected: scaled(expected, count), high: scaled(high, count) }
}

function sum(...ranges: Range[]): Range {
  return {
    low: total(ranges.map(({ low }) => low)),
    expected: total(ranges.map(({ expected }) => expected)),
    high: total(ranges.map(({ high }) => high)),
  }
}

function scaled(nano: number | null, by: number): number | null {
  return nano === null ? null : Math.round(nano * by)
}

function plus(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other
}

function total(parts: (number | null)[]): number | null {
  return parts.reduce(plus, 0)
}
