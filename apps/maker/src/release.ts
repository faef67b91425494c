import type { KindId, Line } from '@toolwright/contracts'
import { addDirect, addRequests, addToTool, oneHopOn, type Queues, sendTogether } from '@toolwright/queues'
import type { Kind, PeekedLine, Registry, WaitingLine } from '@toolwright/registry'

const LINES_AT_ONCE = 512

/**
 * Sends all lines that wait for a kind on, to the tool if one serves now, else to the strong model; those of a kind that was merged into another back to the
 * dispatcher. Peeks, adds jobs with derived ids, then trims: a crash in between adds the same jobs again.
 */
export async function releaseWaiting({ registry, queues }: { registry: Registry; queues: Queues }, kind: Kind): Promise<number> {
  const tiers = kind.version > 0 ? (await registry.tools.get(kind.id, kind.version)).tiers : null
  let released = 0
  for (;;) {
    const waiting = await registry.kinds.peekWaiting(kind.id, LINES_AT_ONCE)
    if (waiting.length === 0) return released
    for (const { run, lines: all, traces } of byRun(waiting)) {
      // One that was let through to gather may have its result by now, if whoever did that died before it was taken from here.
      const lines = await registry.runs.unanswered(run, all)
      const send = async () => {
        if (kind.alias !== '') await dispatchAgain({ registry, queues }, run, lines)
        else if (tiers === null) await addDirect(queues, { run, kind: kind.id, gather: false }, lines)
        else await addToTool(queues, { run, kind: kind.id, version: kind.version }, tiers, lines)
      }
      await sendTogether(queues.traces, kind.alias !== '' ? 'requests' : tiers === null ? 'direct' : 'user', traces, send)
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
  for (const { run, lines: ofRun, traces } of byRun(lines))
    await sendTogether(queues.traces, 'direct', traces, () => addDirect(queues, { run, kind, gather: true }, ofRun))
  await registry.kinds.takeWaiting(kind, lines, true)
}

async function dispatchAgain({ registry, queues }: { registry: Registry; queues: Queues }, run: string, lines: Line[]): Promise<void> {
  await registry.runs.noteDispatched(run, lines, false)
  await addRequests(queues, run, lines)
}

/** Lines that leave the waiting list have been handed on once more. One that waits twice, since its dispatcher died over it, goes once. */
function byRun(waiting: WaitingLine[]): { run: string; lines: Line[]; traces: (string | undefined)[] }[] {
  const runs = new Map<string, Map<number, Line>>()
  for (const { run, line } of waiting) {
    const lines = runs.get(run) ?? new Map<number, Line>()
    runs.set(run, lines.set(line.seq, oneHopOn(line)))
  }
  return [...runs].map(([run, bySeq]) => ({
    run,
    lines: [...bySeq.values()].map(({ trace: _trace, ...line }) => line),
    traces: [...bySeq.values()].map(({ trace }) => trace),
  }))
}
