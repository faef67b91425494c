import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Layers, openSandbox, type Sandbox } from '../src/index.ts'
import type { Stand } from './stand.ts'

const POLL_MS = 2
/** Each takes two processes of some 250 MB. */
const MAX_LANES = 4
/** Pyodide's own boot takes a second or two, on both processors at once, on a machine that is busy. */
const START_TIMEOUT_MS = 120_000

interface Place {
  sandbox: Sandbox
  /** Whether its child has run anything that only a reset would undo. */
  isUsed: boolean
  isSpoiled: boolean
}

/**
 * The sandbox with these layers. With the gate all snippets meet one child, as the executor's do, and what each leaves behind is the reset's to undo.
 * Without it there is no reset, so that a child in which something was left behind is killed, and another takes its place.
 * Throws when a child cannot be started.
 */
export async function openChildStand(options: {
  name: string
  layers: Layers
  imageFolder: string
  signal?: AbortSignal | undefined
}): Promise<Stand> {
  const { name, layers, imageFolder, signal } = options
  const hasReset = layers.gate
  const lanes = hasReset ? 1 : Math.max(2, Math.min(availableParallelism(), MAX_LANES))
  const opening = await Promise.allSettled(
    Array.from({ length: lanes }, () =>
      openSandbox({
        imageFolder,
        layers,
        children: { first: 1, second: 0 },
        log: () => undefined,
        startTimeoutMs: START_TIMEOUT_MS,
      }),
    ),
  )
  const sandboxes = opening.flatMap((opened) => (opened.status === 'fulfilled' ? [opened.value] : []))
  const close = async () => {
    await Promise.all(sandboxes.map((sandbox) => sandbox.close()))
  }
  for (const opened of opening) {
    if (opened.status === 'fulfilled') continue
    await close()
    throw opened.reason
  }

  const free: Place[] = sandboxes.map((sandbox) => ({ sandbox, isUsed: false, isSpoiled: false }))
  return {
    name,
    lanes,
    attempts: 1,
    // What a killed child had begun does not show any more; where none is killed, the end of the suite shows it.
    patienceMs: hasReset ? 0 : 500,
    open: async (isFresh) => {
      const place = free.pop()
      if (!place) throw new Error(`more than ${lanes} at once in ${name}`)
      if (!hasReset && (place.isSpoiled || (isFresh && place.isUsed))) {
        await replaceChild(place.sandbox)
        place.isUsed = false
        place.isSpoiled = false
      }
      return {
        run: (batch) => {
          place.isUsed = true
          return place.sandbox.run(batch, signal)
        },
        close: async (isSound) => {
          place.isSpoiled = !isSound
          free.push(place)
        },
      }
    },
    close,
  }
}

/** Ends the child that serves, the older of the two: the other is the spare one. */
async function replaceChild(sandbox: Sandbox): Promise<void> {
  const [serving] = sandbox.stats().pids
  if (serving === undefined) return
  try {
    process.kill(serving, 'SIGKILL')
  } catch (error) {
    // It has ended by itself, and that is about to be noted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
  while (sandbox.stats().pids.includes(serving)) await sleep(POLL_MS)
}
