import { TierName } from '@toolwright/contracts'

/** Numbers about a tenth apart (the E24 series). */
const STEPS = [10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91]

/** Upper bounds of the buckets that latencies are counted in, in milliseconds, up to more than two hours. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  1,
  2,
  3,
  5,
  7,
  ...[1, 10, 100, 1_000, 10_000, 100_000].flatMap((scale) => STEPS.map((step) => step * scale)),
]

/** Requests by bucket, for each tier; the bucket after the last bound has what took longer still. */
export type Latencies = Record<TierName, number[]>

/** The field of a run's hash that counts a request which took so many milliseconds: it names its bucket's bound, which outlives another choice of buckets. */
export function latencyField(tier: TierName, ms: number): string {
  return `${tier}:${LATENCY_BOUNDS_MS[bucketOf(ms)] ?? BEYOND}`
}

const BEYOND = 'beyond'

/** Reads the hash of such fields. */
export function readLatencies(hash: Record<string, string>): Latencies {
  const latencies: Latencies = { extracted: none(), called: none(), direct: none() }
  for (const [field, count] of Object.entries(hash)) {
    const [tier, bound] = field.split(':')
    const name = TierName.safeParse(tier).data
    if (name !== undefined) latencies[name][bucketOf(bound === BEYOND ? Infinity : Number(bound))]! += Number(count)
  }
  return latencies
}

function none(): number[] {
  return Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0)
}

function bucketOf(ms: number): number {
  const bucket = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound)
  return bucket === -1 ? LATENCY_BOUNDS_MS.length : bucket
}

/** What of the requests in these buckets a share (0 to 1) took at most, in milliseconds: a bucket's bound, Infinity beyond the last. Null without any request. */
export function latencyWithin(buckets: readonly number[], share: number): number | null {
  const all = requestsIn(buckets)
  if (all === 0) return null
  const wanted = Math.max(1, Math.ceil(all * share))
  let passed = 0
  for (const [bucket, count] of buckets.entries()) {
    passed += count
    if (passed >= wanted) return LATENCY_BOUNDS_MS[bucket] ?? Infinity
  }
  return Infinity
}

export function requestsIn(buckets: readonly number[]): number {
  return buckets.reduce((sum, count) => sum + count, 0)
}

/** `120 ms`, `1.2 s`, `27 min`; `–` for none. */
export function shownLatency(ms: number | null): string {
  if (ms === null) return '–'
  if (ms === Infinity) return 'over 2 h'
  if (ms < 1_000) return `${ms} ms`
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 600_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`
}
