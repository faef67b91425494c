import type { Child } from './child-process.ts'
import { warmUp } from './warm-up.ts'

/** One place for a child, held by one batch at a time. */
export interface Slot {
  /** The child of this place, started where there is none. Rejects when it cannot be. */
  child(): Promise<Child>
}

export interface ChildPool {
  /** Hands over a slot when one is free, in the order of asking. Rejects when the signal is aborted or the pool closed before. */
  withSlot<T>(use: (slot: Slot) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Starts every child; resolves when all that serve stand. */
  warm(): Promise<void>
  /** `wanted`: children that were asked for so far, the spare one included, whether they stand or are being replaced. The others are told by what those that stand do. */
  stats(): { wanted: number; busy: number; idle: number; spare: number; pids: number[]; restarts: number }
  close(): Promise<void>
}

interface Place {
  isBusy: boolean
  child: Child | null
  starting: Promise<Child> | null
  hasStarted: boolean
}

interface Waiter {
  take(place: Place): void
  refuse(reason: unknown): void
}

/**
 * Children of one kind, and a spare one, started beforehand, that takes the place of the next that ends. A child that ends, for whatever reason, is replaced at once,
 * so that the next batch finds a warm one; a failed start is tried again only by the next batch.
 */
export function openChildPool(options: {
  count: number
  hasSpare: boolean
  start: () => Promise<Child>
  /** A child has died that had no batch: nobody else learns of it. */
  onIdleDeath: () => void
  log: (event: object, message: string) => void
}): ChildPool {
  const places: Place[] = Array.from({ length: options.count }, () => ({ isBusy: false, child: null, starting: null, hasStarted: false }))
  const waiters: Waiter[] = []
  const all = new Set<Child>()
  let spare: Promise<Child> | null = null
  let standingBy: Child | null = null
  let restarts = 0
  let isClosed = false

  function childOf(place: Place): Promise<Child> {
    if (place.child?.isAlive()) return Promise.resolve(place.child)
    place.starting ??= fill(place).finally(() => {
      place.starting = null
    })
    return place.starting
  }

  async function fill(place: Place): Promise<Child> {
    if (place.hasStarted) restarts++
    place.hasStarted = true
    const child = (await takeSpare()) ?? (await start())
    place.child = child
    void child.exited.then((why) => replace(place, child, why))
    refillSpare()
    return child
  }

  async function start(): Promise<Child> {
    if (isClosed) throw new Error('the sandbox is closed')
    const startedAt = performance.now()
    const child = await options.start()
    options.log({ pid: child.pid, startMs: Math.round(performance.now() - startedAt) }, 'sandbox child ready')
    all.add(child)
    void child.exited.then(() => {
      all.delete(child)
      const hasBatch = places.some((place) => place.isBusy && place.child === child)
      if (!isClosed && !hasBatch && !child.wasKilled()) options.onIdleDeath()
    })
    if (isClosed) {
      child.kill('the sandbox is closed')
      await child.exited
      throw new Error('the sandbox is closed')
    }
    return child
  }

  /** Nobody waits for it, so there is time to make it as quick as one that has served. */
  async function startSpare(): Promise<Child> {
    const child = await start()
    await warmUp(child).catch((error: unknown) => {
      child.kill('it failed when it was tried')
      throw error
    })
    return child
  }

  async function takeSpare(): Promise<Child | null> {
    const taken = spare
    spare = null
    standingBy = null
    if (taken === null) return null
    const child = await taken.catch(() => null)
    return child?.isAlive() ? child : null
  }

  function refillSpare(): void {
    if (!options.hasSpare || isClosed || spare !== null) return
    const starting = startSpare()
    spare = starting
    starting.then(
      (child) => {
        if (spare === starting) standingBy = child
      },
      (error: unknown) => {
        if (!isClosed) options.log({ error: String(error) }, 'the spare sandbox child did not start')
      },
    )
  }

  function replace(place: Place, child: Child, why: string): void {
    if (place.child === child) place.child = null
    if (isClosed) return
    options.log({ pid: child.pid, why }, 'sandbox child ended; another takes its place')
    childOf(place).catch((error: unknown) => options.log({ error: String(error) }, 'sandbox child did not come back'))
  }

  function release(place: Place): void {
    const next = waiters.shift()
    if (next) next.take(place)
    else place.isBusy = false
  }

  function takePlace(signal?: AbortSignal): Promise<Place> {
    signal?.throwIfAborted()
    if (isClosed) throw new Error('the sandbox is closed')
    if (places.length === 0) throw new Error('the sandbox was opened without children of these surroundings')
    const free = places.filter((place) => !place.isBusy)
    const place = free.find((candidate) => candidate.child?.isAlive()) ?? free[0]
    if (place) {
      place.isBusy = true
      return Promise.resolve(place)
    }
    const { promise, resolve, reject } = Promise.withResolvers<Place>()
    const abandon = () => {
      waiters.splice(waiters.indexOf(waiter), 1)
      reject(signal?.reason)
    }
    const waiter: Waiter = {
      take: (taken) => {
        signal?.removeEventListener('abort', abandon)
        resolve(taken)
      },
      refuse: (reason) => {
        signal?.removeEventListener('abort', abandon)
        reject(reason)
      },
    }
    signal?.addEventListener('abort', abandon, { once: true })
    waiters.push(waiter)
    return promise
  }

  return {
    withSlot: async (use, signal) => {
      const place = await takePlace(signal)
      try {
        return await use({ child: () => childOf(place) })
      } finally {
        release(place)
      }
    },
    warm: async () => {
      await Promise.all(places.map(childOf))
    },
    stats: () => {
      const started = places.filter((place) => place.hasStarted).length
      const standing = places.filter((place) => place.child?.isAlive())
      const busy = standing.filter((place) => place.isBusy).length
      return {
        wanted: started + (options.hasSpare && started > 0 ? 1 : 0),
        busy,
        idle: standing.length - busy,
        spare: standingBy?.isAlive() ? 1 : 0,
        pids: [...all].map((child) => child.pid),
        restarts,
      }
    },
    close: async () => {
      isClosed = true
      for (const waiter of waiters.splice(0)) waiter.refuse(new Error('the sandbox is closed'))
      await Promise.allSettled([...places.flatMap((place) => place.starting ?? []), spare])
      const last = [...all]
      for (const child of last) child.kill('the sandbox is closed')
      await Promise.all(last.map((child) => child.exited))
    },
  }
}
