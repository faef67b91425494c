import { addMake, sendTogether } from '@toolwright/queues'
import type { Log } from '@toolwright/runtime'
import { releaseWaiting } from './release.ts'
import type { Services } from './services.ts'

const SWEEP_MS = 2_000

/**
 * Looks after lines that wait: every kind that has some must have a make. The one that parked them may have died before it added the make, and a make may have ended
 * between a line's parking and its adding. Where a make takes longer than its deadline, whatever it waits for, lines go on without its tool; it may still publish one for
 * those that come later. Returns what stops it.
 */
export function startSweeping({ registry, queues }: Services, log: Log): () => void {
  let isSweeping = false
  const sweep = async () => {
    for (const id of await registry.kinds.kindsWithWaiting()) {
      const kind = await registry.kinds.get(id)
      const [first] = await registry.kinds.peekWaiting(id, 1)
      if (kind === null || first === undefined) continue
      if (await registry.makes.isOverdue(id, kind.generation)) {
        await registry.makes.markOverdue(id, kind.generation)
        const lines = await releaseWaiting({ registry, queues }, kind)
        log.warn({ kind: id, lines }, 'a make takes longer than its deadline: lines that waited for it go on without')
      }
      await sendTogether(queues.traces, 'maker', [first.line.trace], () => addMake(queues, first.run, id, kind.generation))
    }
  }
  const timer = setInterval(() => {
    if (isSweeping) return
    isSweeping = true
    sweep()
      .catch((error: unknown) => log.warn({ error }, 'could not look after waiting lines'))
      .finally(() => {
        isSweeping = false
      })
  }, SWEEP_MS)
  return () => clearInterval(timer)
}
