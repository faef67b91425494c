import type { Redis } from 'ioredis'
import type { RegistryKeys } from './keys.ts'
import { openScript } from './script.ts'

/** A limit or an outage holds one endpoint and model, for every process, and never a queue: work that costs no tokens goes on. */
export interface Endpoints {
  /** How long calls to the endpoint must still wait, in milliseconds; 0: go. After a hold has run out, one caller at a time goes first, to try. */
  waitFor(endpoint: string): Promise<{ waitMs: number; isProbe: boolean }>
  /** The endpoint refused: hold it. Without a time from the endpoint, holds grow from 0.5 s to 15 s while it goes on refusing. */
  hold(endpoint: string, retryAfterMs: number | undefined): Promise<number>
  /** The probe said nothing about the endpoint: the next caller tries at once. */
  passProbe(endpoint: string): Promise<void>
  /** A call came through: everybody goes again. */
  release(endpoint: string): Promise<void>
}

/** A prober that dies lets the next one try after this. */
const PROBE_MS = 10_000

const WAIT = `
local held = redis.call('PTTL', KEYS[1])
if held > 0 then return {held, 0} end
if redis.call('HEXISTS', KEYS[2], 'refusals') == 0 then return {0, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local probe = tonumber(redis.call('HGET', KEYS[2], 'probeUntil') or '0')
if probe > now then return {math.min(probe - now, 250), 0} end
redis.call('HSET', KEYS[2], 'probeUntil', string.format('%d', now + ${PROBE_MS}))
return {0, 1}
`

const HOLD = `
local refusals = redis.call('HINCRBY', KEYS[2], 'refusals', 1)
redis.call('PEXPIRE', KEYS[2], 600000)
redis.call('HDEL', KEYS[2], 'probeUntil')
local ms = tonumber(ARGV[1])
local held = redis.call('PTTL', KEYS[1])
if ms < 0 then
  if held > 0 then redis.call('HINCRBY', KEYS[2], 'refusals', -1) return held end
  ms = math.min(15000, 500 * 2 ^ (refusals - 1))
end
if ms > held then redis.call('SET', KEYS[1], '1', 'PX', math.max(1, math.floor(ms))) end
return math.max(ms, held)
`

export function openEndpoints(redis: Redis, keys: RegistryKeys): Endpoints {
  const wait = openScript(redis, WAIT)
  const hold = openScript(redis, HOLD)
  const both = (endpoint: string) => [keys.hold(endpoint), keys.probe(endpoint)]

  return {
    waitFor: async (endpoint) => {
      const [waitMs, isProbe] = (await wait(both(endpoint), [])) as [number, number]
      return { waitMs, isProbe: isProbe === 1 }
    },
    hold: async (endpoint, retryAfterMs) => Number(await hold(both(endpoint), [retryAfterMs ?? -1])),
    passProbe: async (endpoint) => {
      await redis.hdel(keys.probe(endpoint), 'probeUntil')
    },
    release: async (endpoint) => {
      await redis.del(...both(endpoint))
    },
  }
}
