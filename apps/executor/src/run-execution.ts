import type { ExecutionJob, ExecutionResult } from '@toolwright/contracts'
import type { Sandbox } from '@toolwright/sandbox'

/**
 * Serves one `execution` job: its calls in the sandbox, one outcome for each, in order, whatever the tool does.
 * Throws only where trying again on another executor may help: no interpreter can be started, or the signal was aborted.
 */
export async function runExecution(job: ExecutionJob, parts: { sandbox: Sandbox; signal?: AbortSignal }): Promise<ExecutionResult> {
  const { source, calls, timeoutMs, surroundings, resetEachCall } = job
  return { v: 1, outcomes: await parts.sandbox.run({ source, calls, timeoutMs, surroundings, resetEachCall }, parts.signal) }
}
