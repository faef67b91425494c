import type { ExecutionJob, ExecutionResult } from '@toolwright/contracts'
import { executionEnd, executionSpan, executionTexts, type Traces } from '@toolwright/runtime'
import type { Sandbox } from '@toolwright/sandbox'

/**
 * Serves one `execution` job: its calls in the sandbox, one outcome for each, in order, whatever the tool does.
 * Throws only where trying again on another executor may help: no interpreter can be started, or the signal was aborted.
 */
export async function runExecution(
  job: ExecutionJob,
  parts: { sandbox: Sandbox; signal?: AbortSignal; traces?: Traces | undefined },
): Promise<ExecutionResult> {
  const { source, calls, timeoutMs, surroundings, resetEachCall } = job
  const { traces } = parts
  const span = traces?.begin(executionSpan({ run: job.run, tool: job.tool, calls: calls.length }))
  try {
    const outcomes = await parts.sandbox.run({ source, calls, timeoutMs, surroundings, resetEachCall }, parts.signal)
    span?.set(executionEnd(outcomes.map(({ status }) => status)))
    if (traces?.withTexts === true) span?.set(executionTexts(calls, outcomes))
    return { v: 1, outcomes }
  } catch (error) {
    span?.fail(error instanceof Error ? error.name : 'unknown')
    throw error
  } finally {
    span?.end()
  }
}
