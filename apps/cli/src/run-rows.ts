import type { RunRecord } from '@toolwright/registry'
import { exactUsd } from '@toolwright/contracts'
import { isFollowed } from './given-run.ts'
import type { Space } from './open-space.ts'
import type { Column } from './table.ts'

/** A run as `status` shows it. */
export interface RunRow {
  run: string
  state: 'running' | 'paused' | 'halted' | 'interrupted' | 'cancelling' | 'cancelled' | 'done'
  read: number
  written: number
  waiting: number
  started: string
  input: string
  halted_by: string | null
  /** What it may cost in all, and has cost: exact dollars. */
  limit_usd: string | null
  spent_usd: string
}

export async function rowOf(space: Space, record: RunRecord): Promise<RunRow> {
  const { limitNano, spentNano } = await space.registry.money.budget({ run: record.id })
  const { id, ingest, written, waiting, createdAt, source, haltedBy } = record
  return {
    run: id,
    state: stateOf(record, await isFollowed(space, id)),
    read: ingest.seq,
    written,
    waiting,
    started: new Date(createdAt).toISOString(),
    // A hash of the path stands behind it.
    input: source.replace(/ [0-9a-f]{8}$/, ''),
    halted_by: haltedBy,
    limit_usd: limitNano === null ? null : exactUsd(limitNano),
    spent_usd: exactUsd(spentNano),
  }
}

function stateOf({ state, haltedBy, isPaused, isCancelled }: RunRecord, hasClient: boolean): RunRow['state'] {
  if (isCancelled) return state === 'done' ? 'cancelled' : 'cancelling'
  if (state === 'done') return 'done'
  if (haltedBy !== null) return 'halted'
  if (!hasClient) return 'interrupted'
  return isPaused ? 'paused' : 'running'
}

export const RUN_COLUMNS: Column<RunRow>[] = [
  { title: 'run', align: 'left', cell: ({ run }) => run },
  { title: 'state', align: 'left', cell: ({ state }) => state },
  { title: 'read', align: 'right', cell: ({ read }) => String(read) },
  { title: 'written', align: 'right', cell: ({ written }) => String(written) },
  { title: 'started', align: 'left', cell: ({ started }) => started.slice(0, 16).replace('T', ' ') },
  { title: 'input', align: 'left', cell: ({ input }) => input },
]

/** A run in one line. */
export function rowLine({ run, state, read, written, waiting, halted_by, limit_usd, spent_usd }: RunRow): string {
  const tools = waiting > 0 ? `, ${waiting} wait for tools` : ''
  const limit = limit_usd === null ? '' : `, $${spent_usd} of $${limit_usd} spent`
  return `${run} ${state}: ${read} read, ${written} written${tools}${limit}${state === 'halted' ? `: ${halted_by}` : ''}`
}
