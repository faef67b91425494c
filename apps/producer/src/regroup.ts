import type { Line } from '@toolwright/contracts'

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

/** How long to wait for jobs that may still begin, once all that have begun are ready; nothing waits when no more can begin, or when for as long none had begun before. */
const LULL_MS = 4
const MAX_WAIT_MS = 50

export function openRegrouping(options: { concurrency: number; send(destination: Destination, lines: Line[]): Promise<void> }): Regrouping {
  let begun = 0
  let ready: { groups: Map<string, Group>; resolve: () => void; reject: (error: unknown) => void }[] = []
  let lull: NodeJS.Timeout | undefined
  let lastBegunAt = -Infinity
  /** Since nothing had begun for a while, only one job has: it travels alone. */
  let isAlone = false
  let limit: NodeJS.Timeout | undefined

  const flush = () => {
    clearTimeout(lull)
    clearTimeout(limit)
    limit = undefined
    const jobs = ready
    ready = []
    begun -= jobs.length
    const all = new Map<string, Group>()
    for (const { groups } of jobs) {
      for (const [key, { destination, lines }] of groups) {
        const group = all.get(key)
        if (group === undefined) all.set(key, { destination, lines: [...lines] })
        else group.lines.push(...lines)
      }
    }
    Promise.all([...all.values()].map(({ destination, lines }) => options.send(destination, lines))).then(
      () => jobs.forEach((job) => job.resolve()),
      (error: unknown) => jobs.forEach((job) => job.reject(error)),
    )
  }

  const flushWhenQuiet = () => {
    clearTimeout(lull)
    if (ready.length === 0 || ready.length < begun) return
    if (isAlone || ready.length >= options.concurrency) flush()
    else lull = setTimeout(flush, LULL_MS)
  }

  return {
    begin: () => {
      const now = performance.now()
      isAlone = begun === 0 && now - lastBegunAt > LULL_MS
      lastBegunAt = now
      begun++
      clearTimeout(lull)
      const groups = new Map<string, Group>()
      return {
        put: (destination, lines) => {
          const key = JSON.stringify([destination.run, destination.kind, destination.version])
          const group = groups.get(key)
          if (group === undefined) groups.set(key, { destination, lines: [...lines] })
          else group.lines.push(...lines)
        },
        send: () =>
          new Promise((resolve, reject) => {
            ready.push({ groups, resolve, reject })
            limit ??= setTimeout(flush, MAX_WAIT_MS)
            flushWhenQuiet()
          }),
        drop: () => {
          begun--
          flushWhenQuiet()
        },
      }
    },
  }
}

interface Group {
  destination: Destination
  lines: Line[]
}
