import type { Endpoints } from '@toolwright/registry'
import { LaterError } from '@toolwright/queues'

/** Longer waits give the worker's slot back. */
const MAX_WAIT_IN_PLACE_MS = 1_000

export interface EndpointGate {
  /** Waits for leave to call; throws LaterError where that would take longer than a moment. Every leave is ended by exactly one of the three. */
  enter(signal: AbortSignal): Promise<Pass>
}

export interface Pass {
  succeeded(): Promise<void>
  /** The endpoint refused or was away: everybody holds. Returns for how long, in milliseconds. */
  refused(retryAfterMs: number | undefined): Promise<number>
  /** Neither: there was no call, or it failed for reasons of its own. */
  left(): Promise<void>
}

/**
 * Keeps calls to one endpoint and model within what it allows: a hold that all processes share, and in this process a window of calls in flight that falls to
 * one when the endpoint refuses, and grows by one with every success (additive increase, after TCP).
 */
export function openEndpointGate(endpoints: Endpoints, endpoint: string): EndpointGate {
  let window = Number.POSITIVE_INFINITY
  let inFlight = 0
  const queue: (() => void)[] = []

  const next = () => {
    while (inFlight < window && queue.length > 0) {
      inFlight++
      queue.shift()!()
    }
  }
  const leave = () => {
    inFlight--
    next()
  }

  const takePlace = async (signal: AbortSignal): Promise<void> => {
    if (inFlight < window) {
      inFlight++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const drop = (error: unknown) => {
        const at = queue.indexOf(go)
        if (at >= 0) queue.splice(at, 1)
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        reject(error instanceof Error ? error : new Error(String(error)))
      }
      const stop = () => drop(signal.reason)
      const timer = setTimeout(
        () => drop(new LaterError(`too many calls to ${endpoint} are under way`, MAX_WAIT_IN_PLACE_MS)),
        MAX_WAIT_IN_PLACE_MS,
      )
      signal.addEventListener('abort', stop, { once: true })
      queue.push(go)
    })
  }

  return {
    enter: async (signal) => {
      signal.throwIfAborted()
      await takePlace(signal)
      let isProbe = false
      try {
        const state = await endpoints.waitFor(endpoint)
        if (state.waitMs > 0) throw new LaterError(`${endpoint} is held for ${state.waitMs} ms`, state.waitMs)
        isProbe = state.isProbe
      } catch (error) {
        leave()
        throw error
      }
      return {
        succeeded: async () => {
          window += 1
          leave()
          if (isProbe) await endpoints.release(endpoint)
        },
        refused: async (retryAfterMs) => {
          window = 1
          leave()
          return await endpoints.hold(endpoint, retryAfterMs)
        },
        left: async () => {
          leave()
          if (isProbe) await endpoints.passProbe(endpoint)
        },
      }
    },
  }
}
