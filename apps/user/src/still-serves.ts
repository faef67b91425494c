import type { Line, UserJob } from '@toolwright/contracts'
import { addRequests, oneHopOn } from '@toolwright/queues'
import type { Services } from './services.ts'

type ToolJob = UserJob & { stage: 'extract' | 'call' }

/** Whether the version that a job's lines were sent to still answers for its kind. A demotion, a disable or a newer version reaches lines that were queued before it, too. */
export async function stillServes({ registry }: Services, { kind, version }: ToolJob): Promise<boolean> {
  const [state] = await registry.kinds.peek([kind])
  return state !== undefined && state.version === version && state.alias === ''
}

/** Lines of a version that serves no more, back to the dispatcher: where they go is to be decided once more. */
export async function sendBack({ registry, queues }: Services, { run }: ToolJob, lines: Line[]): Promise<void> {
  await registry.runs.noteDispatched(run, lines, false)
  await addRequests(queues, run, lines.map(oneHopOn))
}
