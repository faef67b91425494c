import type { QueueName } from '@toolwright/contracts'
import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Pipeline } from './pipeline.ts'

const TakenUp = z.object({ time: z.string(), queue: z.string(), message: z.literal('a job of a dead worker is taken up again') })

/**
 * kill -9 of a process at a moment when it holds a job of the queue: it is stopped first, so that nothing can end between looking and killing. `spare`, which serves
 * the queue too, must hold none: it is stopped until then. Returns when the process was killed, in milliseconds since the epoch.
 */
export async function killAtWork(
  pipeline: Pipeline,
  victim: ChildProcess,
  { queue, run, spare }: { queue: QueueName; run?: string; spare?: ChildProcess },
): Promise<number> {
  spare?.kill('SIGSTOP')
  try {
    for (const end = performance.now() + 30_000; performance.now() < end;) {
      victim.kill('SIGSTOP')
      // What it had sent before is carried out by the second look.
      await pipeline.queues.depth(queue, run)
      const { active } = await pipeline.queues.depth(queue, run)
      if (active > 0) {
        const at = Date.now()
        await pipeline.kill(victim)
        return at
      }
      victim.kill('SIGCONT')
      await delay(Math.random() * 5)
    }
  } finally {
    spare?.kill('SIGCONT')
  }
  throw new Error(`the process never held a job of ${queue}`)
}

/** Waits until a worker takes up a job whose worker died after `since`; returns how long that took, in milliseconds. */
export async function redeliveryMs(queue: QueueName, since: number, log: () => string): Promise<number> {
  for (const end = performance.now() + 30_000; performance.now() < end;) {
    for (const line of log().split('\n')) {
      const takenUp = TakenUp.safeParse(jsonIn(line)).data
      if (takenUp?.queue.startsWith(queue) === true && Date.parse(takenUp.time) > since) return Date.parse(takenUp.time) - since
    }
    await delay(25)
  }
  throw new Error(`no job of ${queue} was taken up again`)
}

/** A log line of a stage, which has the stage's name before it; null for anything else. */
function jsonIn(line: string): unknown {
  const start = line.indexOf('{')
  if (start < 0) return null
  try {
    return JSON.parse(line.slice(start))
  } catch {
    // The log's tail may begin in the middle of a line.
    return null
  }
}
