import type { Endpoints } from '@toolwright/registry'
import { LaterError } from '@toolwright/queues'
import { setTimeout as delay } from 'node:timers/promises'

export interface EndpointGate {
  /** Waits for leave to call; throws LaterError where that would take longer than a moment. Every leave is ended by exactly one of the three. */
  enter(signal: AbortSignal): Promise<Pass>
}

export interface Pass {
  succeeded(): Promise<void>
  /** The endpoint refused or was away: everybody holds. `isLimit`: it lets less through than was asked of it. Returns for how long, in milliseconds. */
  refused(retryAfterMs: number | undefined, isLimit: boolean): Promise<number>
  /** Neither: there was no call, or it failed for reasons of its own. */
  left(): Promise<void>
}

/**
 * Keeps calls to one endpoint and model within what it allows: what a process learns of it all processes go by. A refusal holds it for all, and after that they
 * share a pace that halves with every limit they run into and grows with every success (additive increase, multiplicative decrease, after TCP).
 */
export function openEndpointGate(endpoints: Endpoints, endpoint: string): EndpointGate {
  return {
    enter: async (signal) => {
      signal.throwIfAborted()
      const leave = await endpoints.waitFor(endpoint)
      if (!leave.isReserved) throw new LaterError(`${endpoint} is held for ${leave.waitMs} ms`, leave.waitMs)
      if (leave.waitMs > 0) {
        await delay(leave.waitMs, undefined, { signal })
        if (await endpoints.isHeld(endpoint)) throw new LaterError(`${endpoint} was held while a call waited for its turn`, leave.waitMs)
      }
      return {
        succeeded: async () => {
          if (leave.isProbe) await endpoints.release(endpoint)
          if (leave.isPaced) await endpoints.quicken(endpoint)
        },
        refused: (retryAfterMs, isLimit) => endpoints.hold(endpoint, retryAfterMs, isLimit && !leave.isProbe),
        left: async () => {
          if (leave.isProbe) await endpoints.passProbe(endpoint)
        },
      }
    },
  }
}
