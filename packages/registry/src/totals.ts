import type { LineResult } from '@toolwright/contracts'
import type { RedisConnection } from './redis.ts'
import type { RegistryKeys } from './keys.ts'
import { latencyField, type Latencies, readLatencies } from './latencies.ts'
import { openScript } from './script.ts'

/** Sums over results that were written: of this space, of each kind's tools, and of a run's latencies. */
export interface Totals {
  /** `tookMs`: by seq, from when a request was read until its result was written, as far as that is known. */
  addResults(run: string, results: readonly LineResult[], tookMs?: ReadonlyMap<number, number>): Promise<void>
  /** Counts by field: `answered:<tier>`, `failed`, `baseline:<basis>`, `baselineNano`, `correct`, `incorrect`. */
  read(): Promise<Record<string, number>>
  /** How long a run's answered requests took, by tier. */
  latencies(run: string): Promise<Latencies>
}

/**
 * KEYS: totals, the run, its latencies, and of each kind its money and its record. ARGV: what is added to the totals, to the latencies, and to each kind, as JSON. A run or kind that is gone leaves
 * nothing in its name.
 */
const ADD_RESULTS = `
local function add(key, fields)
  for field, by in pairs(fields) do redis.call('HINCRBY', key, field, string.format('%.0f', by)) end
end
add(KEYS[1], cjson.decode(ARGV[1]))
if redis.call('EXISTS', KEYS[2]) == 1 then
  add(KEYS[3], cjson.decode(ARGV[2]))
  -- As long as the record of its run.
  local left = redis.call('PTTL', KEYS[2])
  if left > 0 then redis.call('PEXPIRE', KEYS[3], left) end
end
for index, fields in ipairs(cjson.decode(ARGV[3])) do
  if redis.call('EXISTS', KEYS[3 + index * 2]) == 1 then add(KEYS[2 + index * 2], fields) end
end
return 1
`

export function openTotals(redis: RedisConnection, keys: RegistryKeys): Totals {
  const addResults = openScript(redis, ADD_RESULTS)
  return {
    addResults: async (run, results, tookMs) => {
      const totals: Sums = {}
      const latencies: Sums = {}
      const kinds = new Map<string, Sums>()
      for (const result of results) {
        add(totals, result.status === 'answered' ? `answered:${result.tier}` : 'failed', 1)
        add(totals, `baseline:${result.baseline.basis}`, 1)
        add(totals, 'baselineNano', result.baseline.costNano ?? 0)
        if (result.status !== 'answered') continue
        if (result.correct !== null) add(totals, result.correct ? 'correct' : 'incorrect', 1)
        const took = tookMs?.get(result.seq)
        if (took !== undefined) add(latencies, latencyField(result.tier, took), 1)
        if (result.kind !== null && result.tier !== 'direct' && result.duplicateOf === undefined) {
          const kind = kinds.get(result.kind) ?? {}
          kinds.set(result.kind, kind)
          addUse(kind, result.costNano, result.baseline.costNano)
        }
      }
      const kindKeys = [...kinds.keys()].flatMap((kind) => [keys.direct(kind), keys.kind(kind)])
      await addResults(
        [keys.totals, keys.run(run), keys.latencies(run), ...kindKeys],
        [JSON.stringify(totals), JSON.stringify(latencies), JSON.stringify([...kinds.values()])],
      )
    },
    read: async () => Object.fromEntries(Object.entries(await redis.hgetall(keys.totals)).map(([field, text]) => [field, Number(text)])),
    latencies: async (run) => readLatencies(await redis.hgetall(keys.latencies(run))),
  }
}

type Sums = Record<string, number>

function add(sums: Sums, field: string, by: number): void {
  sums[field] = (sums[field] ?? 0) + by
}

function addUse(kind: Sums, costNano: number | null, baselineNano: number | null): void {
  add(kind, 'uses', 1)
  if (costNano === null || baselineNano === null) return
  add(kind, 'usesPriced', 1)
  add(kind, 'usesCost', costNano)
  add(kind, 'usesSaved', baselineNano - costNano)
}
