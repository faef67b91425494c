import type { ExecutionJob, Outcome } from '@toolwright/contracts'
import type { JobContext } from '@toolwright/queues'

/** Thrown where the executor could not run a step of a make, though it was given time: that says nothing about the candidate. */
export class ExecutorFailedError extends Error {
  override readonly name = 'ExecutorFailedError'

  constructor(reason: string) {
    super(`the executor fails: ${reason}`)
  }
}

/** Runs code in the executor, as named steps of the make; each comes to one outcome for every call of it, in order. Throws ExecutorFailedError. */
export async function runSteps(context: JobContext, steps: Record<string, ExecutionJob>): Promise<Record<string, Outcome[]>> {
  const ends = await context.execute(steps, { isPatient: true })
  const outcomes: Record<string, Outcome[]> = {}
  for (const [step, { calls }] of Object.entries(steps)) {
    const end = ends[step]!
    if (end.status === 'failed') throw new ExecutorFailedError(end.reason)
    const { length } = end.result.outcomes
    if (length !== calls.length) throw new ExecutorFailedError(`it gave ${length} outcomes for ${calls.length} calls`)
    outcomes[step] = end.result.outcomes
  }
  return outcomes
}
