import { setTimeout as delay } from 'node:timers/promises'
import type { Room } from './redis-room.ts'

/** Lines and bytes that all active runs of a space together may have read and not yet written. In an ordered run lines are written in order: what is early counts as not written. */
const CREDIT_LINES = 20_000
const CREDIT_BYTES = 64_000_000
/** However many share it, each run may have this many. */
const LEAST_LINES = 400
/** The same where lines are so large that bytes decide. */
const LEAST_LARGE_LINES = 100
/** A run has no more with the workers than it has had answered over this time, so that a run that comes later does not wait longer behind it … */
const PACE_MS = 3_000
/** … but as many as this before anything is known. */
const UNPROVEN_LINES = 256
const LOOK_MS = 50

export interface CreditOptions {
  standing: () => CreditStanding
  /** Lines that wait for tools. */
  waiting: () => Promise<number>
  /** Whether workers could take up a line at once: nothing waits in front of it. */
  isIdle: () => Promise<boolean>
  room: Room
  /** Milliseconds on a clock that never goes back. */
  now: () => number
}

interface CreditStanding {
  /** Lines and bytes that have been read. */
  read: number
  bytesRead: number
  /** Lines that have been written, and results that have come, the early ones of an ordered run with them. */
  written: number
  answered: number
  /** Among how many runs the credit is divided. */
  activeRuns: number
  isPaused: boolean
}

/**
 * What a run waits for before it reads on; the promise resolves then, or when `signal` is aborted. No more than its share of the credit is on the way, at most half of that waits
 * for tools, the workers have no more of it before them than they answer in a few seconds (or nothing to do), and Redis has room.
 */
export function openCredit({ standing, waiting, isIdle, room, now }: CreditOptions): (signal: AbortSignal) => Promise<void> {
  const recently = countRecent(now)

  const mayRead = async (): Promise<boolean> => {
    const { read, bytesRead, written, answered, activeRuns, isPaused } = standing()
    const pace = Math.max(UNPROVEN_LINES, recently(answered))
    if (isPaused) return false
    const lines = Math.max(LEAST_LINES, CREDIT_LINES / activeRuns)
    const large = Math.max(LEAST_LARGE_LINES, CREDIT_BYTES / activeRuns / Math.max(1, bytesRead / Math.max(1, read)))
    const share = Math.min(lines, large)
    if (read - written < Math.min(share / 2, pace)) return true
    if (read - written >= share) return false
    const forTools = await waiting()
    if (forTools >= share / 2) return false
    return read - answered - forTools < pace || (await isIdle())
  }
  return async (signal) => {
    while (!signal.aborted) {
      if ((await mayRead()) && (await room.isLeft())) return
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** By how much a count that only grows has grown over the last PACE_MS, from what it was whenever this was asked. */
function countRecent(now: () => number): (count: number) => number {
  const samples: { at: number; count: number }[] = []
  return (count) => {
    const at = now()
    if (samples.length === 0 || at - samples.at(-1)!.at >= LOOK_MS) samples.push({ at, count })
    while (samples.length > 1 && at - samples[1]!.at >= PACE_MS) samples.shift()
    return count - samples[0]!.count
  }
}
