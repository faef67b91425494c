import type { Redis } from 'ioredis'
import type { RegistryKeys } from './keys.ts'
import { openScript } from './script.ts'

/** A limit or an outage holds one endpoint and model, for every process, and never a queue: work that costs no tokens goes on. */
export interface Endpoints {
  /** Asks for leave to call. After a hold has run out, one caller at a time goes first, to try; after that all go at a common pace until they are back at full speed. */
  waitFor(endpoint: string): Promise<Leave>
  /** Whether somebody was refused since a turn was given. */
  isHeld(endpoint: string): Promise<boolean>
  /**
   * The endpoint refused: hold it. Without a time from the endpoint, holds grow from 0.5 s to 15 s while it goes on refusing. `isLimit`: it is there and lets less
   * through than was asked of it, so that the pace after the hold is half of what it was. Returns how long it is held, in milliseconds.
   */
  hold(endpoint: string, retryAfterMs: number | undefined, isLimit?: boolean): Promise<number>
  /** A paced call came through: the pace grows by a tenth. */
  quicken(endpoint: string): Promise<void>
  /** The probe said nothing about the endpoint: the next caller tries at once. */
  passProbe(endpoint: string): Promise<void>
  /** A call came through: everybody goes again. */
  release(endpoint: string): Promise<void>
}

export interface Leave {
  /** How long to wait, in milliseconds; 0: go. */
  waitMs: number
  /** The call's turn comes after `waitMs`, if the endpoint is not held by then; otherwise ask again after it. */
  isReserved: boolean
  isProbe: boolean
  isPaced: boolean
}

/** A prober that dies lets the next one try after this. */
const PROBE_MS = 10_000

/** Turns are given out this far ahead, in milliseconds. */
const AHEAD_MS = 1_000
/** Milliseconds from one call to the next, at first: after a limit, and after an outage, which says nothing about what the endpoint can bear. */
const LIMITED_PACE_MS = 500
const RETURN_PACE_MS = 50
const SLOWEST_PACE_MS = 5_000
/** Faster than this is full speed. */
const FASTEST_PACE_MS = 1
const SECONDS_PACED = 600

const WAIT = `
local held = redis.call('PTTL', KEYS[1])
if held > 0 then return {held, 'held'} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HEXISTS', KEYS[2], 'refusals') == 1 then
  local probe = tonumber(redis.call('HGET', KEYS[2], 'probeUntil') or '0')
  if probe > now then return {math.min(probe - now, 250), 'held'} end
  redis.call('HSET', KEYS[2], 'probeUntil', string.format('%d', now + ${PROBE_MS}))
  return {0, 'probe'}
end
local pace = redis.call('HMGET', KEYS[3], 'ms', 'nextAt')
if not pace[1] then return {0, 'free'} end
local at = math.max(now, tonumber(pace[2] or '0'))
if at - now > ${AHEAD_MS} then return {math.floor(at - now), 'held'} end
redis.call('HSET', KEYS[3], 'nextAt', string.format('%.3f', at + tonumber(pace[1])))
return {math.floor(at - now), 'paced'}
`

const HOLD = `
local refusals = redis.call('HINCRBY', KEYS[2], 'refusals', 1)
redis.call('PEXPIRE', KEYS[2], 600000)
redis.call('HDEL', KEYS[2], 'probeUntil')
local ms = tonumber(ARGV[1])
local held = redis.call('PTTL', KEYS[1])
if held <= 0 then
  local pace = tonumber(redis.call('HGET', KEYS[3], 'ms') or '0')
  if ARGV[2] ~= '1' then pace = math.max(pace, ${RETURN_PACE_MS})
  elseif pace == 0 then pace = ${LIMITED_PACE_MS}
  else pace = math.min(pace * 2, ${SLOWEST_PACE_MS}) end
  redis.call('HSET', KEYS[3], 'ms', string.format('%.3f', pace), 'nextAt', '0')
  redis.call('EXPIRE', KEYS[3], ${SECONDS_PACED})
end
if ms < 0 then
  if held > 0 then redis.call('HINCRBY', KEYS[2], 'refusals', -1) return held end
  ms = math.min(15000, 500 * 2 ^ (refusals - 1))
end
if ms > held then redis.call('SET', KEYS[1], '1', 'PX', math.max(1, math.floor(ms))) end
return math.max(ms, held)
`

const QUICKEN = `
local pace = tonumber(redis.call('HGET', KEYS[1], 'ms') or '0') * 0.9
if pace < ${FASTEST_PACE_MS} then redis.call('DEL', KEYS[1]) else redis.call('HSET', KEYS[1], 'ms', string.format('%.3f', pace)) end
return 1
`

export function openEndpoints(redis: Redis, keys: RegistryKeys): Endpoints {
  const wait = openScript(redis, WAIT)
  const hold = openScript(redis, HOLD)
  const quicken = openScript(redis, QUICKEN)
  const all = (endpoint: string) => [keys.hold(endpoint), keys.probe(endpoint), keys.pace(endpoint)]

  return {
    waitFor: async (endpoint) => {
      const [waitMs, how] = (await wait(all(endpoint), [])) as [number, 'held' | 'probe' | 'paced' | 'free']
      return { waitMs, isReserved: how !== 'held', isProbe: how === 'probe', isPaced: how === 'paced' }
    },
    isHeld: async (endpoint) => (await redis.hexists(keys.probe(endpoint), 'refusals')) === 1,
    hold: async (endpoint, retryAfterMs, isLimit = false) => Number(await hold(all(endpoint), [retryAfterMs ?? -1, isLimit ? 1 : 0])),
    quicken: async (endpoint) => {
      await quicken([keys.pace(endpoint)], [])
    },
    passProbe: async (endpoint) => {
      await redis.hdel(keys.probe(endpoint), 'probeUntil')
    },
    release: async (endpoint) => {
      await redis.del(keys.hold(endpoint), keys.probe(endpoint))
    },
  }
}
