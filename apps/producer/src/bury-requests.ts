import type { LineResult, RequestsJob } from '@toolwright/contracts'
import type { Queues } from '@toolwright/queues'
import type { Registry } from '@toolwright/registry'

/** Ends requests that cannot be dispatched, however often they are tried: they are kept, to be tried again, before their errors are told. */
export async function buryRequests(
  { registry, queues }: { registry: Registry; queues: Queues },
  { run, lines }: RequestsJob,
  error: Error,
): Promise<void> {
  await registry.failures.keep(run, lines)
  const results = lines.map((line): LineResult => ({
    status: 'failed',
    seq: line.seq,
    customId: line.customId,
    kind: null,
    kindName: line.kindName ?? null,
    decidedBy: null,
    costNano: line.spent === undefined ? 0 : line.spent.costNano,
    baseline: { costNano: null, basis: 'unknown' },
    statusCode: 0,
    error: { code: 'internal_error', message: `the request could not be dispatched: ${error.message}` },
  }))
  const id = queues.idFor('results', run, ...lines.map(({ seq }) => seq), 'undispatched')
  await queues.add('results', [{ id, data: { v: 1, run, results } }], run)
  // Nobody sends them again, and no kind waits for them.
  await registry.runs.noteDispatched(run, lines)
  await registry.runs.noteAnswered(run, lines)
}
