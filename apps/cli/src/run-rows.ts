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
  /** What it may cost in all, and has cost: exact dollars. Spent is null, which is unknown, where calls were made and the cost of none is known. */
  limit_usd: string | null
  spent_usd: string | null
  /** Calls whose cost is unknown; one that has a price, and did not say what it used, is in `spent_usd` at the most it may have cost. */
  unpriced_calls: number
}

export async function rowOf(space: Pick<Space, 'registry' | 'queues'>, record: RunRecord): Promise<RunRow> {
  const { money } = space.registry
  const [{ limitNano, spentNano }, sums] = await Promise.all([money.budget({ run: record.id }), money.sums(record.id)])
  const calls = sums.reduce((sum, row) => sum + row.calls, 0)
  const unpriced = sums.reduce((sum, row) => sum + row.unpriced, 0)
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
    spent_usd: unpriced > 0 && unpriced === calls ? null : exactUsd(spentNano),
    unpriced_calls: unpriced,
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
export function rowLine(row: RunRow): string {
  const { run, state, read, written, waiting, halted_by } = row
  const tools = waiting > 0 ? `, ${waiting} wait for tools` : ''
  return `${run} ${state}: ${read} read, ${written} written${tools}${spentOfLimit(row)}${state === 'halted' ? `: ${halted_by}` : ''}`
}

function spentOfLimit({ limit_usd, spent_usd, unpriced_calls }: RunRow): string {
  if (limit_usd === null) return ''
  if (spent_usd === null) return `, an unknown part of $${limit_usd} spent`
  return `, $${spent_usd} of $${limit_usd} spent${unpriced_calls > 0 ? ` (calls of unknown cost: ${unpriced_calls})` : ''}`
}
