import { openChildPool, type Slot } from './child-pool.ts'
import { startChild } from './child-process.ts'
import { ALL_LAYERS, findIsolation, type Isolation, type Layers, missingLayers } from './layers.ts'
import { type Image, openImage } from './open-image.ts'
import type { Batch, Outcome, Surroundings } from './outcome.ts'

export interface SandboxOptions {
  /** Where the frozen interpreters are kept, about 35 MB each: built with the first start, which then takes seconds. Made if it is not there. */
  imageFolder: string
  /** How many interpreters of each surroundings at most. `first` ones are started at once, with a spare one beside them; `second` ones with the first batch that asks for them, and kept. Default 1 and 1. */
  children?: { first: number; second: number }
  limits?: Partial<Limits>
  /** Default: all of them, as far as the platform has them. */
  layers?: Partial<Layers>
  /** Wheels (zip files of pure Python) for tools to import, and what of them to import beforehand. Default none. */
  wheels?: { path: string; imports: string[] }[]
  /** Hash the whole memory after every reset and replace a child whose memory is not as at first: about 20 ms a reset. Default false. */
  checkResets?: boolean
  log: (event: object, message: string) => void
  /** Told of each batch that has its outcomes. */
  observe?: (event: BatchEvent) => void
  /** Default 60,000: a start takes a fraction of a second, far more on a busy machine. */
  startTimeoutMs?: number
}

/** How long a batch waited for a child, and then ran, replacements of its child included. */
export interface BatchEvent {
  surroundings: Surroundings
  waitMs: number
  runMs: number
}

/** Beside the time of each call, which comes with its batch. */
export interface Limits {
  /** Whole wasm memory of a child, the interpreter's own 28 MiB included. Default 128 MiB. */
  heapBytes: number
  /** What a call may print, standard output and error together. Default 64 KiB. */
  outputBytes: number
  /** What a call may write to files. Default 8 MiB. */
  fileBytes: number
  /** What a batch may take in all; calls that are left then are `timed-out`. Default 300,000: more than 256 calls that each take a second. */
  batchTimeoutMs: number
}

const DEFAULT_LIMITS: Limits = { heapBytes: 128 * 1024 * 1024, outputBytes: 64 * 1024, fileBytes: 8 * 1024 * 1024, batchTimeoutMs: 300_000 }

export interface SandboxStats {
  /** Children that were asked for so far, the spare one included, whether they stand or are being replaced. */
  children: number
  alive: number
  /** Of those that stand: how many have a batch, wait for one, or stand by for the next that ends. One that only just started is none of these. */
  busy: number
  idle: number
  spare: number
  pids: number[]
  restarts: number
  /** Why children were ended by this side: `overran`, `recycled`, `cancelled`. `died` counts those that ended by themselves or from outside, idle ones too. */
  kills: Record<string, number>
}

export interface Sandbox {
  /**
   * Runs the calls and resolves to one outcome for each, in order, whatever the tool does.
   * Waits when all children are busy. A call whose child dies is tried again, then it is `crashed`; the others of its batch are not touched,
   * but may run again too.
   * Rejects only when a child cannot be started, when the sandbox was opened without one of these surroundings or is closed, or with the signal's reason.
   */
  run(batch: Batch, signal?: AbortSignal): Promise<Outcome[]>
  stats(): SandboxStats
  /** What the operating system adds to the other layers here, and a sentence for each part that is missing. */
  isolation: Isolation
  missing: string[]
  close(): Promise<void>
}

/** `second` lives in another year, at another time of day, and orders its sets otherwise. */
const DAY_MS = 86_400_000
const SURROUNDINGS: Record<Surroundings, { hashSeed: number; clockOffsetMs: number }> = {
  first: { hashSeed: 1, clockOffsetMs: 0 },
  second: { hashSeed: 271_828, clockOffsetMs: 400 * DAY_MS + 7 * 3_600_000 + 1_234_567 },
}

/**
 * Builds the images that `openSandbox` would build with its first start without wheels, for those who want them beforehand: it then opens them from a folder that it need not be able to
 * write. Throws an Error that says what failed.
 */
export async function buildImages(imageFolder: string): Promise<void> {
  const images = (['first', 'second'] as const).map((surroundings) => openImage(imageFolder, bootOptions(surroundings, ALL_LAYERS, [])))
  for (const image of await Promise.all(images)) image.close()
}

function bootOptions(
  surroundings: Surroundings,
  layers: Layers,
  wheels: NonNullable<SandboxOptions['wheels']>,
): Parameters<typeof openImage>[1] {
  return { hashSeed: SURROUNDINGS[surroundings].hashSeed, hideModules: layers.modules, wheels }
}

/** Starts the `first` children and resolves when they stand; throws an Error that says why when they do not. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { children = { first: 1, second: 1 }, log, startTimeoutMs = 60_000, wheels = [], checkResets = false } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const layers = { ...ALL_LAYERS, ...options.layers }
  const { isolation, prefix } = await findIsolation()
  const missing = missingLayers(layers, isolation)
  log({ layers, isolation, missing }, 'sandbox layers')
  const images = new Map<Surroundings, Promise<Image>>()
  const closing = new AbortController()
  const kills: Record<string, number> = {}
  const count = (reason: string) => {
    kills[reason] = (kills[reason] ?? 0) + 1
  }

  const bootOf = (surroundings: Surroundings) => bootOptions(surroundings, layers, wheels)
  const imageOf = (surroundings: Surroundings): Promise<Image> => {
    const known = images.get(surroundings)
    if (known !== undefined) return known
    const opening = openImage(options.imageFolder, bootOf(surroundings), closing.signal)
    images.set(surroundings, opening)
    opening.then(
      ({ builtMs }) => builtMs !== null && log({ surroundings, builtMs }, 'built the image of the interpreter'),
      // The next child tries again.
      () => images.delete(surroundings),
    )
    return opening
  }
  const start = async (surroundings: Surroundings) => {
    const { clockOffsetMs } = SURROUNDINGS[surroundings]
    const boot = bootOf(surroundings)
    const image = layers.gate ? await imageOf(surroundings) : null
    const { heapBytes, outputBytes, fileBytes } = limits
    const endsWithParent = layers.isolation && isolation.endsWithParent
    const settings = { heapBytes, outputBytes, fileBytes, clockOffsetMs, checkResets, endsWithParent }
    return await startChild({ layers, prefix, image, boot, settings }, startTimeoutMs)
  }
  const poolOf = (surroundings: Surroundings) =>
    openChildPool({
      count: children[surroundings],
      hasSpare: surroundings === 'first',
      start: () => start(surroundings),
      onIdleDeath: () => count('died'),
      log: (event, message) => log({ ...event, surroundings }, message),
    })
  const pools = { first: poolOf('first'), second: poolOf('second') }
  const close = async () => {
    closing.abort()
    await Promise.all([pools.first.close(), pools.second.close()])
    for (const opened of await Promise.allSettled(images.values())) if (opened.status === 'fulfilled') opened.value.close()
  }

  try {
    await pools.first.warm()
  } catch (error) {
    await close()
    throw error
  }
  if (layers.gate && children.second > 0) {
    // The first verification asks for it, and a build takes seconds. One that fails is tried again then, and told.
    void imageOf('second').catch(() => undefined)
  }

  return {
    run: (batch, signal) => {
      const askedAt = performance.now()
      const { promise, resolve, reject } = Promise.withResolvers<Outcome[]>()
      const work = async (slot: Slot) => {
        const startedAt = performance.now()
        // The caller has its outcomes while the interpreter is put back; the next batch waits for that.
        await runOnSlot(slot, batch, signal, (outcomes) => {
          options.observe?.({ surroundings: batch.surroundings, waitMs: startedAt - askedAt, runMs: performance.now() - startedAt })
          resolve(outcomes)
        })
      }
      pools[batch.surroundings].withSlot(work, signal).catch(reject)
      return promise
    },
    stats: () => {
      const both = [pools.first.stats(), pools.second.stats()]
      const pids = both.flatMap((pool) => pool.pids)
      return {
        children: both.reduce((sum, pool) => sum + pool.wanted, 0),
        alive: pids.length,
        busy: both.reduce((sum, pool) => sum + pool.busy, 0),
        idle: both.reduce((sum, pool) => sum + pool.idle, 0),
        spare: both.reduce((sum, pool) => sum + pool.spare, 0),
        pids,
        restarts: both.reduce((sum, pool) => sum + pool.restarts, 0),
        kills: { ...kills },
      }
    },
    isolation,
    missing,
    close,
  }

  /** `onOutcomes`: called once, with one outcome for each call. */
  async function runOnSlot(
    slot: Slot,
    batch: Batch,
    signal: AbortSignal | undefined,
    onOutcomes: (outcomes: Outcome[]) => void,
  ): Promise<void> {
    const { source, timeoutMs, resetEachCall } = batch
    const outcomes: Outcome[] = []
    const isComplete = () => outcomes.length === batch.calls.length
    const add = (...more: Outcome[]) => {
      outcomes.push(...more)
      if (isComplete()) onOutcomes(outcomes)
    }
    const startedAt = performance.now()
    const deadline = startedAt + limits.batchTimeoutMs
    let triedTwice = -1
    let reportsEachCall = resetEachCall
    if (isComplete()) onOutcomes(outcomes)
    while (!isComplete()) {
      signal?.throwIfAborted()
      const child = await slot.child()
      const cancel = () => {
        count('cancelled')
        child.kill('its batch was cancelled')
      }
      signal?.addEventListener('abort', cancel, { once: true })
      const calls = batch.calls.slice(outcomes.length)
      if (calls.length === 1) reportsEachCall = true
      const ending = await child.run({ source, timeoutMs, resetEachCall, reportsEachCall, calls }, deadline, add)
      signal?.removeEventListener('abort', cancel)
      signal?.throwIfAborted()
      if (ending.how === 'done') break
      // The next look for a child must not find this one.
      child.kill('it is replaced')
      await child.exited
      if (closing.signal.aborted) throw new Error('the sandbox is closed')
      count(ending.how)
      if (ending.how === 'recycled' || isComplete()) continue
      if (ending.how === 'overran' && performance.now() >= deadline) {
        const message = `its batch had run for ${limits.batchTimeoutMs} ms`
        add(...batch.calls.slice(outcomes.length).map((): Outcome => ({ status: 'timed-out', message })))
      } else if (ending.how === 'overran' && reportsEachCall) {
        const left = ending.isCompiling ? batch.calls.length - outcomes.length : 1
        const message = ending.isCompiling ? `it did not compile within ${timeoutMs} ms` : `it ran longer than ${timeoutMs} ms`
        add(...Array.from({ length: left }, (): Outcome => ({ status: 'timed-out', message })))
      } else if (ending.how === 'died' && triedTwice === outcomes.length) {
        add({ status: 'crashed', message: `its process died twice: ${ending.why}`.slice(0, 500) })
      } else {
        // Which call it was is not known for certain, and some before it may have lost their outcomes.
        reportsEachCall = true
        if (ending.how === 'died') triedTwice = outcomes.length
      }
    }
  }
}
