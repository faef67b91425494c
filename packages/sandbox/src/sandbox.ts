import { openChildPool, type Slot } from './child-pool.ts'
import { startChild } from './child-process.ts'
import type { Batch, Outcome, Surroundings } from './outcome.ts'

export interface SandboxOptions {
  /** How many interpreters of each surroundings at most. `first` ones are started at once; `second` ones with the first batch that asks for them, and kept. Default 1 and 1. */
  children?: { first: number; second: number }
  log: (event: object, message: string) => void
  /** Whole wasm memory of a child, the interpreter's own 25 MiB included. Default 128 MiB. */
  heapBytes?: number
  /** Default 60,000: a start takes 2 to 4 s, more on a busy machine. */
  startTimeoutMs?: number
}

export interface SandboxStats {
  /** Children that were asked for so far, whether they stand or are being replaced. */
  children: number
  alive: number
  pids: number[]
  restarts: number
  /** Why children were ended by this side: `overran`, `recycled`, `cancelled`. `died` counts those that ended by themselves or from outside. */
  kills: Record<string, number>
}

export interface Sandbox {
  /**
   * Runs the calls and resolves to one outcome for each, in order, whatever the tool does.
   * Waits when all children are busy. A call whose child dies is tried once more, then it is `crashed`; the others of its batch are not touched.
   * Rejects only when a child cannot be started, when the sandbox is closed, or with the signal's reason.
   */
  run(batch: Batch, signal?: AbortSignal): Promise<Outcome[]>
  stats(): SandboxStats
  close(): Promise<void>
}

/** `second` lives in another year, at another time of day, and orders its sets otherwise. */
const DAY_MS = 86_400_000
const SURROUNDINGS: Record<Surroundings, { hashSeed: number; clockOffsetMs: number }> = {
  first: { hashSeed: 1, clockOffsetMs: 0 },
  second: { hashSeed: 271_828, clockOffsetMs: 400 * DAY_MS + 7 * 3_600_000 + 1_234_567 },
}

/** Starts the `first` children and resolves when they stand; throws an Error that says why when they do not. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { children = { first: 1, second: 1 }, log, heapBytes = 128 * 1024 * 1024, startTimeoutMs = 60_000 } = options
  const kills: Record<string, number> = {}
  const count = (reason: string) => {
    kills[reason] = (kills[reason] ?? 0) + 1
  }
  const poolOf = (surroundings: Surroundings) =>
    openChildPool({
      count: children[surroundings],
      start: () => startChild({ ...SURROUNDINGS[surroundings], heapBytes, startTimeoutMs }),
      log: (event, message) => log({ ...event, surroundings }, message),
    })
  const pools = { first: poolOf('first'), second: poolOf('second') }
  const close = async () => {
    await Promise.all([pools.first.close(), pools.second.close()])
  }
  let isClosed = false

  try {
    await pools.first.warm()
  } catch (error) {
    await close()
    throw error
  }

  return {
    run: (batch, signal) => pools[batch.surroundings].withSlot((slot) => runOnSlot(slot, batch, signal), signal),
    stats: () => {
      const both = [pools.first.stats(), pools.second.stats()]
      const pids = both.flatMap((pool) => pool.pids)
      return {
        children: both.reduce((sum, pool) => sum + pool.started, 0),
        alive: pids.length,
        pids,
        restarts: both.reduce((sum, pool) => sum + pool.restarts, 0),
        kills: { ...kills },
      }
    },
    close: async () => {
      isClosed = true
      await close()
    },
  }

  async function runOnSlot(slot: Slot, batch: Batch, signal?: AbortSignal): Promise<Outcome[]> {
    const { source, timeoutMs, resetEachCall } = batch
    const outcomes: Outcome[] = []
    let triedTwice = -1
    while (outcomes.length < batch.calls.length) {
      signal?.throwIfAborted()
      const child = await slot.child()
      const cancel = () => {
        count('cancelled')
        child.kill('its batch was cancelled')
      }
      signal?.addEventListener('abort', cancel, { once: true })
      const ending = await child.run({ source, timeoutMs, resetEachCall, calls: batch.calls.slice(outcomes.length) }, (outcome) =>
        outcomes.push(outcome),
      )
      signal?.removeEventListener('abort', cancel)
      signal?.throwIfAborted()
      if (ending.how === 'done') break
      // The next look for a child must not find this one.
      child.kill('it is replaced')
      await child.exited
      if (isClosed) throw new Error('the sandbox is closed')
      count(ending.how)
      if (ending.how === 'recycled') continue
      if (ending.how === 'overran') {
        const left = ending.isCompiling ? batch.calls.length - outcomes.length : 1
        const message = ending.isCompiling ? `it did not compile within ${timeoutMs} ms` : `it ran longer than ${timeoutMs} ms`
        outcomes.push(...Array.from({ length: left }, (): Outcome => ({ status: 'timed-out', message })))
      } else if (triedTwice === outcomes.length) {
        outcomes.push({ status: 'crashed', message: `its process died twice: ${ending.why}`.slice(0, 500) })
      } else {
        triedTwice = outcomes.length
      }
    }
    return outcomes
  }
}
