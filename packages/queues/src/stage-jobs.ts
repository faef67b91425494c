import { inBatches, type KindId, type Line, MAX_DIRECT_LINES, MAX_JUDGE_LINES } from '@toolwright/contracts'
import type { Queues } from './queues.ts'

/** Calls of a model take seconds each: small batches keep a line from waiting for many slower ones. */
const MAX_CALL_LINES = MAX_DIRECT_LINES

/** How every stage hands lines to the next: in batches, with ids made from what they hold, so that handing on twice is harmless. */

/** Lines whose kind is to be decided, or has just been, for the dispatcher. */
export async function addRequests(queues: Queues, run: string, lines: Line[]): Promise<void> {
  await queues.add(
    'requests',
    inBatches(lines, queues.batchLines).map((batch) => ({
      id: queues.idFor('requests', run, ...identity(batch)),
      data: { v: 1 as const, run, lines: batch },
    })),
  )
}

/** Lines that nothing could place, for the judge. */
export async function addJudge(queues: Queues, run: string, lines: Line[], delayMs?: number): Promise<void> {
  await queues.add(
    'user',
    inBatches(lines, Math.min(queues.batchLines, MAX_JUDGE_LINES)).map((batch) => ({
      id: queues.idFor('judge', run, ...identity(batch)),
      data: { v: 1 as const, stage: 'judge' as const, run, lines: batch },
      ...(delayMs !== undefined && { delayMs }),
    })),
  )
}

/** Lines for a tool that reads them itself. */
export async function addExtract(queues: Queues, tool: ToolOfRun, lines: Line[]): Promise<void> {
  await queues.add(
    'user',
    inBatches(lines, queues.batchLines).map((batch) => ({
      id: queues.idFor('extract', tool.run, tool.kind, tool.version, ...identity(batch)),
      data: { v: 1 as const, stage: 'extract' as const, ...tool, lines: batch },
    })),
  )
}

/** Lines for the tool user. `refused`: the tool's own reading refused them, so they may become reasons for a new make. */
export async function addCall(queues: Queues, tool: ToolOfRun, refused: boolean, lines: Line[], delayMs?: number): Promise<void> {
  await queues.add(
    'user',
    inBatches(lines, Math.min(queues.batchLines, MAX_CALL_LINES)).map((batch) => ({
      id: queues.idFor('call', tool.run, tool.kind, tool.version, ...identity(batch)),
      data: { v: 1 as const, stage: 'call' as const, ...tool, refused, lines: batch },
      ...(delayMs !== undefined && { delayMs }),
    })),
  )
}

/** Lines for a tool, at the first of its tiers that is on. */
export async function addToTool(queues: Queues, tool: ToolOfRun, tiers: { extracted: boolean }, lines: Line[]): Promise<void> {
  if (tiers.extracted) await addExtract(queues, tool, lines)
  else await addCall(queues, tool, false, lines)
}

/** Lines for the strong model. `gather`: their answers become examples of the kind. `refusedBy`: so may these, for a new make: this version's own reading refused them. */
export async function addDirect(
  queues: Queues,
  from: { run: string; kind: KindId | null; gather: boolean; refusedBy?: number | undefined },
  lines: Line[],
  delayMs?: number,
): Promise<void> {
  const { run, kind, gather, refusedBy } = from
  await queues.add(
    'direct',
    inBatches(lines, Math.min(queues.batchLines, MAX_DIRECT_LINES)).map((batch) => ({
      id: queues.idFor('direct', run, kind ?? '', ...identity(batch)),
      data: { v: 1 as const, run, kind, gather, ...(refusedBy !== undefined && { refusedBy }), lines: batch },
      ...(delayMs !== undefined && { delayMs }),
    })),
  )
}

/** The one make of a kind's generation: whoever needs it adds it, and it is there once. */
export async function addMake(queues: Queues, run: string, kind: KindId, generation: number): Promise<void> {
  await queues.add('maker', [{ id: queues.idFor('make', kind, generation), data: { v: 1, run, kind, generation } }])
}

/** A line that is handed on once more: its hop makes the next job's id its own. */
export function oneHopOn(line: Line): Line {
  return { ...line, hop: line.hop + 1 }
}

export interface ToolOfRun {
  run: string
  kind: KindId
  version: number
}

function identity(lines: Line[]): number[] {
  return lines.flatMap((line) => [line.seq, line.hop])
}
