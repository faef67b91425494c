import type { Line } from '@toolwright/contracts'
import type { Origin, Traces } from '@toolwright/runtime'

/** Where lines go that belong together. */
export interface Destination {
  run: string
  kind: string
  version: number
}

/**
 * Puts lines of one destination together over all jobs that are being dispatched: a job of a few hundred lines holds only some of each kind, and small batches cost
 * more than everything else. A job waits until its lines are sent.
 */
export interface Regrouping {
  /** A job begins; it must end with `send` or `drop`. */
  begin(): Turn
}

export interface Turn {
  put(destination: Destination, lines: Line[]): void
  /** Resolves once everything that this job put is sent, rejects if it could not be; then the job is tried again as a whole. */
  send(): Promise<void>
  /** The job failed before it came to sending: nothing of it is sent. */
  drop(): void
}

/** How long to wait for jobs that may still begin, once all that have begun are ready; one waits for no other when for as long none had begun before. */
const LULL_MS = 4
/** How long the ready wait for those that have begun. */
const MAX_WAIT_MS = 50
/** While the workers have enough before them, nothing is gained by sending more: lines wait here, where batches grow. */
const MAX_HOLD_MS = 2_000
const LOOK_MS = 10

export interface RegroupingOptions {
  /** Jobs that can be dispatched at the same time: when all are ready, nothing more can come. */
  concurrency: number
  /** Whether batches wait for the workers that serve tools. */
  isBacklogged(): Promise<boolean>
  /** `origins`: what the jobs belong under whose lines these are, where traces are on. */
  send(destination: Destination, lines: Line[], origins: Origin[]): Promise<void>
  traces?: Traces | undefined
}

export function openRegrouping(options: RegroupingOptions): Regrouping {
  let begun = 0
  let ready: { groups: Map<string, Group>; readyAt: number; resolve: () => void; reject: (error: unknown) => void }[] = []
  let lastBegunAt = -Infinity
  /** Since nothing had begun for a while, only one job has: it waits for no other. */
  let isAlone = false
  let timer: NodeJS.Timeout | undefined

  const flush = () => {
    const jobs = ready
    ready = []
    begun -= jobs.length
    const all = new Map<string, Group>()
    for (const { groups } of jobs) {
      for (const [key, { destination, lines, origins }] of groups) {
        const group = all.get(key)
        if (group === undefined) all.set(key, { destination, lines: [...lines], origins: [...origins] })
        else {
          group.lines.push(...lines)
          group.origins.push(...origins)
        }
      }
    }
    Promise.all([...all.values()].map(({ destination, lines, origins }) => options.send(destination, lines, origins))).then(
      () => jobs.forEach((job) => job.resolve()),
      (error: unknown) => jobs.forEach((job) => job.reject(error)),
    )
  }

  const flushWhenDue = () => {
    clearTimeout(timer)
    const [first] = ready
    if (first === undefined) return
    const now = performance.now()
    if (ready.length >= options.concurrency) return flush()
    const isComplete = ready.length >= begun
    const dueAt = isComplete ? (isAlone ? 0 : lastBegunAt + LULL_MS) : first.readyAt + MAX_WAIT_MS
    if (dueAt > now) timer = setTimeout(flushWhenDue, dueAt - now)
    else void flushUnlessBacklogged(first)
  }

  const flushUnlessBacklogged = async (first: (typeof ready)[number]) => {
    // Where Redis cannot say, sending fails too, and the jobs are tried again.
    const isHeld = performance.now() < first.readyAt + MAX_HOLD_MS && (await options.isBacklogged().catch(() => false))
    // Meanwhile they may have been sent with others.
    if (ready[0] !== first) return
    if (!isHeld) return flush()
    clearTimeout(timer)
    timer = setTimeout(() => void flushUnlessBacklogged(first), LOOK_MS)
  }

  return {
    begin: () => {
      const now = performance.now()
      isAlone = begun === 0 && now - lastBegunAt > LULL_MS
      lastBegunAt = now
      begun++
      const groups = new Map<string, Group>()
      const origin = options.traces?.current()
      const origins = origin === undefined ? [] : [origin]
      return {
        put: (destination, lines) => {
          const key = JSON.stringify([destination.run, destination.kind, destination.version])
          const group = groups.get(key)
          if (group === undefined) groups.set(key, { destination, lines: [...lines], origins })
          else group.lines.push(...lines)
        },
        send: () =>
          new Promise((resolve, reject) => {
            ready.push({ groups, readyAt: performance.now(), resolve, reject })
            flushWhenDue()
          }),
        drop: () => {
          begun--
          flushWhenDue()
        },
      }
    },
  }
}

interface Group {
  destination: Destination
  lines: Line[]
  origins: Origin[]
}
