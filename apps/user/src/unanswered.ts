import type { DirectJob, UserJob } from '@toolwright/contracts'
import type { Services } from './services.ts'

/**
 * The job with those of its lines that have no result on its way, null where none is left. Whoever hands lines on may die before it has noted that, and hand them on
 * once more when they have long been answered, and what was kept of them is gone: they must not be paid for again.
 */
export async function unanswered<J extends DirectJob | UserJob>({ registry }: Services, job: J): Promise<J | null> {
  const lines = await registry.runs.unanswered(job.run, job.lines)
  if (lines.length === job.lines.length) return job
  if ('gather' in job && job.gather && job.kind !== null) {
    // A make that gathers must not wait for them.
    for (const { seq } of job.lines) if (!lines.some((line) => line.seq === seq)) await registry.kinds.gathered(job.kind, job.run, seq)
  }
  return lines.length === 0 ? null : { ...job, lines }
}
