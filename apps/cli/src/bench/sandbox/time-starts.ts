import { setTimeout as sleep } from 'node:timers/promises'
import { openSandbox, type Batch, type Sandbox, type SandboxStats, type Surroundings } from '@toolwright/sandbox'
import { resultOf } from './contestants.ts'
import { lastOf } from './process-figures.ts'

const SOURCE = 'def solve():\n    return "right"\n'
const POLL_MS = 2
const SETTLE_MS = 120_000

/** How long the first sandbox of a machine takes, its image included, and every other one until its child stands. */
export async function timeOpening(imageFolder: string): Promise<{ openMs: number; buildMs: number | null }> {
  let buildMs: number | null = null
  const log = (event: object) => {
    if ('builtMs' in event && typeof event.builtMs === 'number') buildMs = event.builtMs
  }
  const startedAt = performance.now()
  const sandbox = await openSandbox({ imageFolder, children: { first: 1, second: 0 }, log })
  const openMs = performance.now() - startedAt
  await sandbox.close()
  return { openMs, buildMs }
}

/**
 * From SIGKILL of the child that serves to the first right outcome. `first` has a spare child, `second` has none, so that one is started.
 * The sandbox has one child of these surroundings and no other busy.
 */
export async function timeReplacement(sandbox: Sandbox, surroundings: Surroundings): Promise<number> {
  await runOnce(sandbox, surroundings)
  const settled = await untilSettled(sandbox)
  // Oldest first, the spare one after it; those of `second` come last.
  const serving = surroundings === 'first' ? settled.pids[0] : settled.pids.at(-1)
  if (serving === undefined) throw new Error('there is no child to kill')
  const startedAt = performance.now()
  process.kill(lastOf(serving), 'SIGKILL')
  await runOnce(sandbox, surroundings)
  const ms = performance.now() - startedAt
  const { restarts, pids } = await untilSettled(sandbox)
  if (restarts !== settled.restarts + 1 || pids.includes(serving)) throw new Error('what was killed is not what served')
  return ms
}

async function runOnce(sandbox: Sandbox, surroundings: Surroundings): Promise<void> {
  const batch: Batch = { source: SOURCE, calls: [{ arguments: '{}' }], timeoutMs: 10_000, surroundings, resetEachCall: false }
  const [outcome] = await sandbox.run(batch)
  if (outcome === undefined || resultOf(outcome) !== 'right') throw new Error(`not the right outcome: ${JSON.stringify(outcome)}`)
}

/** Waits until every child stands, the spare one included. Throws where that does not come. */
export async function untilSettled(sandbox: Sandbox): Promise<SandboxStats> {
  const deadline = performance.now() + SETTLE_MS
  for (;;) {
    const stats = sandbox.stats()
    if (stats.alive === stats.children) return stats
    if (performance.now() > deadline) throw new Error(`of ${stats.children} children only ${stats.alive} stand`)
    await sleep(POLL_MS)
  }
}

/** What a reset takes: a batch that is reset before every call beside one that is not, for a tool that does nothing. */
export async function timeReset(sandbox: Sandbox, signal: AbortSignal): Promise<number> {
  const calls = Array.from({ length: 64 }, () => ({ arguments: '{}' }))
  const timed = async (resetEachCall: boolean) => {
    const startedAt = performance.now()
    const outcomes = await sandbox.run({ source: SOURCE, calls, timeoutMs: 10_000, surroundings: 'first', resetEachCall }, signal)
    const ms = performance.now() - startedAt
    for (const outcome of outcomes) resultOf(outcome)
    return ms
  }
  const without = await timed(false)
  // Both batches end with a reset.
  return ((await timed(true)) - without) / (calls.length - 1)
}
