import { z } from 'zod'
import { type RedisConnection, redisTime } from './redis.ts'
import type { RegistryKeys } from './keys.ts'

/** Calls that are unsettled past their time-out, and may have been billed: nano-dollars at most, and how many of them nobody knows a price for. */
export interface Uncertain {
  calls: number
  boundNano: number
  unpriced: number
}

const IntentRecord = z.object({ boundNano: z.int().nullable(), until: z.number() })

/** Runs that are asked at once whether they have intents at all. */
const RUNS_AT_ONCE = 1_000

/** Of one run; null: of all that are listed, done ones among them. Of those, only the few that have intents are read. */
export async function readUncertain(redis: RedisConnection, keys: RegistryKeys, run: string | null): Promise<Uncertain> {
  const hashes = run === null ? await hashesWithIntents(redis, keys) : [keys.intents(run)]
  const total: Uncertain = { calls: 0, boundNano: 0, unpriced: 0 }
  if (hashes.length === 0) return total
  const now = await redisTime(redis, keys.runs)
  for (const hash of hashes) {
    for (const text of await redis.hvals(hash)) {
      const intent = IntentRecord.parse(JSON.parse(text))
      if (intent.until > now) continue
      total.calls++
      if (intent.boundNano === null) total.unpriced++
      else total.boundNano += intent.boundNano
    }
  }
  return total
}

async function hashesWithIntents(redis: RedisConnection, keys: RegistryKeys): Promise<string[]> {
  const hashes = (await redis.zrevrange(keys.runs, 0, -1)).map((run) => keys.intents(run))
  const found: string[] = []
  for (let start = 0; start < hashes.length; start += RUNS_AT_ONCE) {
    const some = hashes.slice(start, start + RUNS_AT_ONCE)
    const asked = redis.pipeline()
    for (const hash of some) asked.exists(hash)
    const answers = (await asked.exec()) ?? []
    for (const [at, [error, isThere]] of answers.entries()) {
      if (error !== null) throw error
      if (isThere === 1) found.push(some[at]!)
    }
  }
  return found
}
