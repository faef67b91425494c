import { HOLD, QUICKEN, SETTLE, WAIT } from './endpoint-scripts.ts'
import type { RegistryKeys } from './keys.ts'
import type { RedisConnection } from './redis.ts'
import { openScript } from './script.ts'

/**
 * What every process knows of an endpoint and model. A limit or an outage holds one endpoint and model, for every process, and never a queue: work that costs no
 * tokens goes on. Limits on requests and tokens a minute, set or announced, are kept by reserving from them before each call, and what a call really used is settled after it.
 */
export interface Endpoints {
  /**
   * Asks for leave to call, in one round trip. After a hold has run out, one caller at a time goes first, to try; after that all go at a common pace until they are back
   * at full speed. Until an endpoint has told its limits, or that it tells none, only a few calls are out at once. What a leave has reserved is given back or put right by `settle`.
   */
  waitFor(endpoint: string, need: Need, limits?: MinuteLimits): Promise<Leave>
  /** What became of a call that had leave, and what its endpoint told. Nothing to settle costs no round trip. */
  settle(endpoint: string, need: Need, leave: Granted, heard: Heard): Promise<void>
  /** Whether somebody was refused since a turn was given. */
  isHeld(endpoint: string): Promise<boolean>
  /**
   * The endpoint refused: hold it. Without a time from the endpoint, holds grow from 0.5 s to 15 s while it goes on refusing. `isLimit`: it is there and lets less
   * through than was asked of it, so that the pace after the hold is half of what it was. `perCallMs`: what a call takes of a known limit. Returns how long it is held, in
   * milliseconds.
   */
  hold(endpoint: string, retryAfterMs: number | undefined, isLimit?: boolean, perCallMs?: number): Promise<number>
  /** A paced call came through: the pace grows by a tenth. */
  quicken(endpoint: string): Promise<void>
  /** The probe said nothing about the endpoint: the next caller tries at once. */
  passProbe(endpoint: string): Promise<void>
  /** A call came through: everybody goes again. */
  release(endpoint: string): Promise<void>
}

/** What a call is going to use, as far as it can be told before. */
export interface Need {
  /** Calls of one purpose use about the same: their means are learned. */
  purpose: string
  /** Bytes of the request, in UTF-8. */
  inputBytes: number
  /** The most tokens that the reply may have. */
  replyLimit: number
}

/** Limits as a user has set them, for a minute; they hold whatever the endpoint announces. */
export interface MinuteLimits {
  requests?: number | undefined
  tokens?: number | undefined
}

export type Leave = Granted | Refused

export interface Refused {
  isGranted: false
  /** Ask again after so many milliseconds. */
  waitMs: number
  /** `full`: a limit has no room within 5 s. `unknown`: a few calls are out to learn the limits. */
  why: 'held' | 'full' | 'unknown'
  /** Milliseconds that one such call takes of the limit. */
  perCallMs: number
}

export interface Granted {
  isGranted: true
  /** The call's turn comes after so many milliseconds, if the endpoint is not held by then; 0: go. */
  waitMs: number
  isProbe: boolean
  isPaced: boolean
  /** Nothing is known of the endpoint yet. */
  isScout: boolean
  /** Milliseconds that it takes of the limit; 0 where none is known. */
  perCallMs: number
  /** What of a known limit is free now, and of how much. */
  room: { requests?: Room; tokens?: Room }
  /** When it comes, by Redis' clock, and what was reserved: for `settle`. */
  startsAt: number
  reserved: string[]
}

export interface Room {
  free: number
  limit: number
}

/** What an endpoint says of a limit; `remaining` of it are left, where that is told. */
export interface AnnouncedLimit {
  limit: number
  remaining?: number | undefined
  windowMs: number
}

export interface Heard {
  /**
   * `unsent`: nothing left for the endpoint. `lost`: it may have worked on it. `failed`: it did not, and told nothing of itself. `refused`: it would not take this call now, or ever.
   */
  outcome: 'unsent' | 'lost' | 'failed' | 'refused' | 'answered'
  /** How many milliseconds later than its turn the call left. */
  lateMs?: number
  /** Tokens that the call used; null where nobody knows. */
  usage?: { input: number; output: number } | null
  announced?: { requests?: AnnouncedLimit | undefined; tokens?: AnnouncedLimit | undefined } | undefined
}

export function openEndpoints(redis: RedisConnection, keys: RegistryKeys): Endpoints {
  const wait = openScript(redis, WAIT)
  const settle = openScript(redis, SETTLE)
  const hold = openScript(redis, HOLD)
  const quicken = openScript(redis, QUICKEN)
  const all = (endpoint: string) => [keys.hold(endpoint), keys.probe(endpoint), keys.pace(endpoint)]

  return {
    waitFor: async (endpoint, need, limits = {}) => {
      const told = await wait(
        [...all(endpoint), keys.limits(endpoint), keys.taken(endpoint)],
        [need.purpose, need.inputBytes, need.replyLimit, limits.requests ?? 0, limits.tokens ?? 0],
      )
      // The script's own words.
      return readLeave(told as [number, string, ...unknown[]])
    },
    settle: async (endpoint, need, { isScout, startsAt, reserved }, { outcome, lateMs = 0, usage = null, announced = {} }) => {
      const isNews = announced.requests !== undefined || announced.tokens !== undefined
      if (!isScout && reserved.length === 0 && !isNews) return
      await settle(
        [keys.limits(endpoint), keys.taken(endpoint)],
        [
          need.purpose,
          need.inputBytes,
          need.replyLimit,
          outcome,
          usage?.input ?? -1,
          usage?.output ?? -1,
          ...[announced.requests, announced.tokens].flatMap((one) => [one?.limit ?? -1, one?.remaining ?? -1, one?.windowMs ?? -1]),
          startsAt,
          Math.max(0, Math.floor(lateMs)),
          ...reserved,
        ],
      )
    },
    isHeld: async (endpoint) => (await redis.hexists(keys.probe(endpoint), 'refusals')) === 1,
    hold: async (endpoint, retryAfterMs, isLimit = false, perCallMs = 0) =>
      Number(await hold(all(endpoint), [retryAfterMs ?? -1, isLimit ? 1 : 0, perCallMs])),
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

function readLeave([waitMs, how, ...more]: [number, string, ...unknown[]]): Leave {
  if (how === 'held' || how === 'full' || how === 'unknown') return { isGranted: false, waitMs, why: how, perCallMs: Number(more[0] ?? 0) }
  const [isScout = 0, startsAt = 0, perCallMs = 0, freeRequests = 0, requests = -1, freeTokens = 0, tokens = -1] = more
    .slice(0, 7)
    .map(Number)
  return {
    isGranted: true,
    waitMs,
    isProbe: how === 'probe',
    isPaced: how === 'paced',
    isScout: isScout === 1,
    startsAt,
    perCallMs,
    room: {
      ...(requests >= 0 && { requests: { free: freeRequests, limit: requests } }),
      ...(tokens >= 0 && { tokens: { free: freeTokens, limit: tokens } }),
    },
    reserved: more.slice(7).map(String),
  }
}
