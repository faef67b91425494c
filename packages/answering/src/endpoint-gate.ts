import { LaterError } from '@toolwright/queues'
import type { Endpoints, Granted, Heard, Leave, MinuteLimits, Need, Refused } from '@toolwright/registry'
import { setTimeout as delay } from 'node:timers/promises'
import { openSentAway } from './sent-away.ts'

export interface EndpointGate {
  /** Waits for leave to call; throws LaterError where that would take longer than a moment. Every leave is ended by exactly one of the three. */
  enter(need: Need, signal: AbortSignal): Promise<Pass>
}

export interface Pass {
  /** What of the endpoint's limits was free, where they are known. */
  room: Granted['room']
  /** To be called when the call leaves: it counts from then. */
  leaves(): void
  succeeded(heard: Omit<Heard, 'outcome'>): Promise<void>
  /** The endpoint refused or was away: everybody holds. `isLimit`: it lets less through than was asked of it. Returns for how long, in milliseconds. */
  refused(heard: Heard, retryAfterMs: number | undefined, isLimit: boolean): Promise<number>
  /** Neither: there was no call, or it failed for reasons of its own. */
  left(heard: Heard): Promise<void>
}

/** While nothing is known of an endpoint, a call waits this long for the first reply before it goes back to its queue. */
const LONGEST_UNKNOWN_MS = 5_000
const UNKNOWN_AGAIN_MS = 1_000

/** Nobody asks again for so long, at most, when the limits are found to be used up. */
const FULL_MS = 1_000

/** Whoever is sent away comes back within so long of when there is room again. */
const WIDEST_SPREAD_MS = 30_000
/** As many come back as would take up what is free four times over, and often enough that it is never free for long. */
const SPREAD_SHARE = 1 / 4
const SPREAD_PER_CALL_MS = 150

/**
 * Keeps calls to one endpoint and model within what it allows: what a process learns of it all processes go by. Known limits are reserved from before a call. A refusal
 * holds the endpoint for all, and after that they share a pace that halves with every limit they run into and grows with every success (additive increase,
 * multiplicative decrease, after TCP).
 */
export function openEndpointGate(endpoints: Endpoints, endpoint: string, limits: MinuteLimits = {}): EndpointGate {
  const away = openSentAway()
  let full: { leave: Refused; dueAt: number; until: number } | null = null
  /** Settled when one call of this process, which asks for all while nothing is known, has an answer. */
  let asking: Promise<void> | null = null

  const ask = (need: Need) => endpoints.waitFor(endpoint, need, limits)

  /** How long a call stays away that the limits have no room for: the more are away, the further they are spread, so that only as many ask as can go. */
  const sendAway = ({ waitMs, perCallMs }: Refused, dueAt: number): LaterError => {
    const now = performance.now()
    const spreadMs = Math.min(WIDEST_SPREAD_MS, (away.count(now) + 1) * Math.min(perCallMs * SPREAD_SHARE, SPREAD_PER_CALL_MS))
    away.note(1, dueAt + spreadMs / 2)
    return new LaterError(`${endpoint} has no room within its limits for ${waitMs} ms`, Math.max(0, dueAt - now), { spreadMs })
  }

  /** Asks until something is known of the endpoint; of all that wait for that here, one asks. */
  const askUntilKnown = async (need: Need, signal: AbortSignal): Promise<Leave> => {
    const until = performance.now() + LONGEST_UNKNOWN_MS
    let leave = await ask(need)
    while (isUnknown(leave) && performance.now() < until) {
      if (asking === null) {
        const { promise, resolve } = Promise.withResolvers<void>()
        asking = promise
        try {
          while (isUnknown(leave) && performance.now() < until) {
            await delay(leave.waitMs, undefined, { signal })
            leave = await ask(need)
          }
        } finally {
          asking = null
          resolve()
        }
      } else {
        await firstOf(asking, until - performance.now(), signal)
        leave = await ask(need)
      }
    }
    return leave
  }

  return {
    enter: async (need, signal) => {
      signal.throwIfAborted()
      if (full !== null && performance.now() < full.until) throw sendAway(full.leave, full.dueAt)
      const leave = await askUntilKnown(need, signal)
      if (!leave.isGranted) {
        if (leave.why === 'unknown') throw new LaterError(`nothing is known of ${endpoint} yet`, UNKNOWN_AGAIN_MS)
        if (leave.why === 'held') throw new LaterError(`${endpoint} is held for ${leave.waitMs} ms`, leave.waitMs)
        const now = performance.now()
        full = { leave, dueAt: now + leave.waitMs, until: now + Math.min(FULL_MS, leave.waitMs) }
        throw sendAway(leave, full.dueAt)
      }
      const dueAt = performance.now() + leave.waitMs
      let lateMs = 0
      const settle = (heard: Heard) => endpoints.settle(endpoint, need, leave, { ...heard, lateMs })
      const left = async (heard: Heard) => {
        await settle(heard)
        if (leave.isProbe) await endpoints.passProbe(endpoint)
      }
      if (leave.waitMs > 0) {
        try {
          await delay(leave.waitMs, undefined, { signal })
        } catch (error) {
          // Nobody waits for this: what is not given back is free again when its time is over.
          left({ outcome: 'unsent' }).catch(() => undefined)
          throw error
        }
        // The probe itself is why it still counts as held.
        if (!leave.isProbe && (await endpoints.isHeld(endpoint))) {
          await settle({ outcome: 'unsent' })
          throw new LaterError(`${endpoint} was held while a call waited for its turn`, leave.waitMs)
        }
      }
      return {
        room: leave.room,
        leaves: () => {
          lateMs = performance.now() - dueAt
        },
        succeeded: async (heard) => {
          await settle({ ...heard, outcome: 'answered' })
          if (leave.isProbe) await endpoints.release(endpoint)
          if (leave.isPaced) await endpoints.quicken(endpoint)
        },
        refused: async (heard, retryAfterMs, isLimit) => {
          const heldMs = await endpoints.hold(endpoint, retryAfterMs, isLimit && !leave.isProbe, leave.perCallMs)
          await settle(heard)
          return heldMs
        },
        left,
      }
    },
  }
}

function isUnknown(leave: Leave): leave is Refused {
  return !leave.isGranted && leave.why === 'unknown'
}

/** Waits for what comes first: the promise, or the end of the time. Throws what `signal` was aborted with. */
async function firstOf(promise: Promise<void>, atMostMs: number, signal: AbortSignal): Promise<void> {
  const done = new AbortController()
  try {
    await Promise.race([promise, delay(Math.max(0, atMostMs), undefined, { signal: AbortSignal.any([signal, done.signal]) })])
  } finally {
    done.abort()
  }
}
