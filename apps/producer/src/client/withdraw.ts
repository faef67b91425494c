import type { Queues } from '@toolwright/queues'
import type { Registry } from '@toolwright/registry'
import { setTimeout as delay } from 'node:timers/promises'

const LOOK_MS = 100

/** Takes all that is unanswered of a cancelled run out of queues and waiting lists. Calls under way may end: their answers are paid for. Returns whether all is out; not if `signal` comes before. */
export async function withdraw(
  { registry, queues, run }: { registry: Registry; queues: Queues; run: string },
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    const { dropped, held } = await queues.dropJobs(run)
    const waiting = await registry.kinds.withdraw(run)
    // Lines that waited may have become jobs meanwhile.
    if (dropped + held + waiting === 0) return true
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
  return false
}

/** Resolves when the run's collector has taken over every result that is there, or `signal` is aborted. */
export async function resultsTaken({ queues, run }: { queues: Queues; run: string }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { waiting, active, delayed } = await queues.depth('results', run)
    if (waiting + active + delayed === 0) return
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}
