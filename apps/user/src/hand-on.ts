import { inBatches, type KindId, type Line, MAX_DIRECT_LINES } from '@toolwright/contracts'
import type { Queues } from '@toolwright/queues'

/** Calls of a model take seconds each: small batches keep a line from waiting for many slower ones. */
const MAX_CALL_LINES = 8

/** Lines go on as jobs of another stage; each time a line is handed on its hop grows, so that every job's id is its own. */
export async function handToCall(
  queues: Queues,
  run: string,
  kind: KindId,
  version: number,
  refused: boolean,
  lines: Line[],
  delayMs?: number,
): Promise<void> {
  await queues.add(
    'user',
    inBatches(lines.map(oneHopOn), MAX_CALL_LINES).map((batch) => ({
      id: queues.idFor('call', run, kind, version, ...seqsOf(batch)),
      data: { v: 1 as const, stage: 'call' as const, run, kind, version, refused, lines: batch },
      ...(delayMs !== undefined && { delayMs }),
    })),
  )
}

export async function handToDirect(
  queues: Queues,
  run: string,
  kind: KindId | null,
  gather: boolean,
  lines: Line[],
  delayMs?: number,
): Promise<void> {
  await queues.add(
    'direct',
    inBatches(lines.map(oneHopOn), MAX_DIRECT_LINES).map((batch) => ({
      id: queues.idFor('direct', run, kind ?? '', ...seqsOf(batch)),
      data: { v: 1 as const, run, kind, gather, lines: batch },
      ...(delayMs !== undefined && { delayMs }),
    })),
  )
}

/** Lines whose kind is decided now go back to the dispatcher. */
export async function handToDispatch(queues: Queues, run: string, lines: Line[]): Promise<void> {
  await queues.add(
    'requests',
    inBatches(lines.map(oneHopOn)).map((batch) => ({
      id: queues.idFor('requests', run, ...seqsOf(batch)),
      data: { v: 1 as const, run, lines: batch },
    })),
  )
}

export async function handToJudge(queues: Queues, run: string, lines: Line[], delayMs?: number): Promise<void> {
  await queues.add(
    'user',
    inBatches(lines.map(oneHopOn)).map((batch) => ({
      id: queues.idFor('judge', run, ...seqsOf(batch)),
      data: { v: 1 as const, stage: 'judge' as const, run, lines: batch },
      ...(delayMs !== undefined && { delayMs }),
    })),
  )
}

function oneHopOn(line: Line): Line {
  return { ...line, hop: line.hop + 1 }
}

function seqsOf(lines: Line[]): number[] {
  return lines.flatMap((line) => [line.seq, line.hop])
}
