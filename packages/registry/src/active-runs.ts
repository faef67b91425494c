import type { RedisConnection } from './redis.ts'
import type { RegistryKeys } from './keys.ts'
import { openScript } from './script.ts'

/** Runs whose clients live and read on: they share what may be on the way at a time. */
export interface ActiveRuns {
  /** Says that a run's client lives, to be repeated every second or two. Returns how many runs are active now, this one included. */
  beat(run: string): Promise<number>
  /** The run's client ends, or reads no further for now. */
  leave(run: string): Promise<void>
}

/** A client that has not been heard of for this long is gone. */
const MS_ALIVE = 10_000

/** By Redis' clock: clients may have others. */
const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ${MS_ALIVE})
redis.call('PEXPIRE', KEYS[1], ${MS_ALIVE})
return redis.call('ZCARD', KEYS[1])
`

export function openActiveRuns(redis: RedisConnection, keys: RegistryKeys): ActiveRuns {
  const beat = openScript(redis, BEAT)
  return {
    beat: async (run) => Number(await beat([keys.activeRuns], [run])),
    leave: async (run) => {
      await redis.zrem(keys.activeRuns, run)
    },
  }
}
