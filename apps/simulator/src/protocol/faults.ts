import { seededRandom, type Random } from '@toolwright/families'
import { boundedCache } from '../bounded-cache.ts'
import type { Settings } from '../settings.ts'
import { badRequest, quotaExhausted, rateLimited, serverError, unavailable, type ApiError } from './api-error.ts'

/** What a call meets besides its answer: an error instead of it, or a body or reply that is spoilt. */
export type Fault =
  | { kind: 'error'; error: ApiError }
  | { kind: 'slowDrip' | 'droppedConnection' | 'cutOff' | 'refusal' | 'prose' }
  | { kind: 'none' }

export interface Faults {
  /**
   * The fault of this call (named by the hash of its body) and the randomness to play it with. The same call meets another fate when it is made again,
   * or a retry could never mend anything; but the n-th time of a call is always the same.
   */
  meet(settings: Settings, model: string, call: string): { fault: Fault; random: Random }
}

export function createFaults(): Faults {
  const times = boundedCache<{ count: number }>(50_000)
  const windows = new Map<string, { second: number; let: number }>()
  const isOverLimit = (model: string, allowPerSecond: number) => {
    const second = Math.floor(Date.now() / 1000)
    const window = windows.get(model)
    const current = window?.second === second ? window : { second, let: 0 }
    windows.set(model, current)
    return ++current.let > allowPerSecond
  }
  return {
    meet(settings, model, call) {
      const time = times.get(call, () => ({ count: 0 }))
      const random = seededRandom(settings.seed, 'fault', call, time.count++)
      if (settings.quotaExhausted) return { fault: { kind: 'error', error: quotaExhausted() }, random }
      if (settings.storm && isOverLimit(model, settings.storm.allowPerSecond)) {
        return { fault: { kind: 'error', error: rateLimited(model, settings.storm.retryAfterSeconds) }, random }
      }
      return { fault: drawFault(settings.faults, model, random), random }
    },
  }
}

function drawFault(faults: Settings['faults'], model: string, random: Random): Fault {
  const shares: [number, () => Fault][] = [
    [faults.badRequest, () => ({ kind: 'error', error: badRequest('This request was refused for no reason (a simulated fault).') })],
    [faults.rateLimited, () => ({ kind: 'error', error: rateLimited(model, faults.retryAfterSeconds) })],
    [faults.serverError, () => ({ kind: 'error', error: serverError() })],
    [faults.unavailable, () => ({ kind: 'error', error: unavailable() })],
    [faults.slowDrip, () => ({ kind: 'slowDrip' })],
    [faults.droppedConnection, () => ({ kind: 'droppedConnection' })],
    [faults.cutOff, () => ({ kind: 'cutOff' })],
    [faults.refusal, () => ({ kind: 'refusal' })],
    [faults.prose, () => ({ kind: 'prose' })],
  ]
  let left = random.next()
  for (const [share, fault] of shares) {
    left -= share
    if (left < 0) return fault()
  }
  return { kind: 'none' }
}
