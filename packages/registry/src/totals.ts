import type { LineResult } from '@toolwright/contracts'
import type { RedisConnection } from './redis.ts'
import type { RegistryKeys } from './keys.ts'

/** Sums over all results that were ever written in this space, for the exporter. */
export interface Totals {
  addResults(results: readonly LineResult[]): Promise<void>
  /** Counts by field: `answered:<tier>`, `failed`, `baseline:<basis>`, `baselineNano`, `correct`, `incorrect`. */
  read(): Promise<Record<string, number>>
}

export function openTotals(redis: RedisConnection, keys: RegistryKeys): Totals {
  return {
    addResults: async (results) => {
      const sums = new Map<string, number>()
      const add = (field: string, by: number) => sums.set(field, (sums.get(field) ?? 0) + by)
      for (const result of results) {
        add(result.status === 'answered' ? `answered:${result.tier}` : 'failed', 1)
        add(`baseline:${result.baseline.basis}`, 1)
        add('baselineNano', result.baseline.costNano ?? 0)
        if (result.status === 'answered' && result.correct !== null) add(result.correct ? 'correct' : 'incorrect', 1)
      }
      await Promise.all([...sums].map(([field, by]) => redis.hincrby(keys.totals, field, by)))
    },
    read: async () => Object.fromEntries(Object.entries(await redis.hgetall(keys.totals)).map(([field, text]) => [field, Number(text)])),
  }
}
