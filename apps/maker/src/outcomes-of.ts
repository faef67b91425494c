import type { Outcome } from '@toolwright/contracts'
import type { ExecutionEnd } from '@toolwright/queues'

/** One outcome for each call, whatever became of the job that ran them. */
export function outcomesOf(end: ExecutionEnd, count: number): Outcome[] {
  if (end.status === 'done' && end.result.outcomes.length === count) return end.result.outcomes
  const message = end.status === 'failed' ? end.reason : 'the executor gave too few outcomes'
  return Array.from({ length: count }, () => ({ status: 'crashed', message }))
}
