import type { KindId, Line } from '@toolwright/contracts'
import { addDirect, addToTool, oneHopOn, type Queues } from '@toolwright/queues'
import type { Kind, PeekedLine, Registry, WaitingLine } from '@toolwright/registry'

const LINES_AT_ONCE = 512

/**
 * Sends all lines that wait for a kind on, to the tool if one serves now, else to the strong model. Peeks, adds jobs with derived ids, then trims: a crash in
 * between adds the same jobs again.
 */
export async function releaseWaiting({ registry, queues }: { registry: Registry; queues: Queues }, kind: Kind): Promise<number> {
  const tiers = kind.version > 0 ? (await registry.tools.get(kind.id, kind.version)).tiers : null
  let released = 0
  for (;;) {
    const waiting = await registry.kinds.peekWaiting(kind.id, LINES_AT_ONCE)
    if (waiting.length === 0) return released
    for (const [run, lines] of byRun(waiting)) {
      if (tiers === null) await addDirect(queues, { run, kind: kind.id, gather: false }, lines)
      else await addToTool(queues, { run, kind: kind.id, version: kind.version }, tiers, lines)
    }
    await registry.kinds.takeWaiting(kind.id, waiting, false)
    released += waiting.length
  }
}

/** Lets waiting lines through to gather, beyond the counter where answers of earlier ones did not become examples. */
export async function letThrough(
  { registry, queues }: { registry: Registry; queues: Queues },
  kind: KindId,
  lines: PeekedLine[],
): Promise<void> {
  for (const [run, ofRun] of byRun(lines)) await addDirect(queues, { run, kind, gather: true }, ofRun)
  await registry.kinds.takeWaiting(kind, lines, true)
}

/** Lines that leave the waiting list have been handed on once more. */
function byRun(waiting: WaitingLine[]): Map<string, Line[]> {
  const runs = new Map<string, Line[]>()
  for (const { run, line } of waiting) {
    const handed = oneHopOn(line)
    const lines = runs.get(run)
    if (lines === undefined) runs.set(run, [handed])
    else lines.push(handed)
  }
  return runs
}
