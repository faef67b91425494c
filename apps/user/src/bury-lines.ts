import { answerField, type Failed } from '@toolwright/answering'
import type { DirectJob, Line, UserJob } from '@toolwright/contracts'
import { ModelError } from '@toolwright/llm'
import { addDirect, HopelessError, type JobContext, oneHopOn } from '@toolwright/queues'
import { answeredDirectly } from './answered-directly.ts'
import { withCallsSpent } from './call-replies.ts'
import type { Services } from './services.ts'

/** What no tool and no judge can settle, the strong model still can. */
export async function buryUser({ registry, queues }: Services, job: UserJob, error: Error, context: JobContext): Promise<void> {
  context.log.warn({ error, lines: job.lines.length }, 'lines go on to the strong model')
  const spent = async (line: Line): Promise<Line> =>
    job.stage === 'call' ? await withCallsSpent(registry, job.run, line, job.version) : line
  const lines = await Promise.all(job.lines.map(spent))
  await addDirect(queues, { run: job.run, kind: job.stage === 'judge' ? null : job.kind, gather: false }, lines.map(oneHopOn))
}

/** Ends lines that the strong model cannot settle either: with the answer where one was paid for and kept, else with an error, a dead letter. */
export async function buryDirect({ registry, finisher }: Services, job: DirectJob, error: Error): Promise<void> {
  const { run, kind, gather, lines } = job
  const code =
    error instanceof HopelessError ? error.code : error instanceof ModelError ? error.kind.replaceAll('-', '_') : 'internal_error'
  const ends = await Promise.all(
    lines.map(async (line) => {
      const field = answerField(line.seq)
      const reply = await registry.money.kept({ run, field })
      if (reply !== null) return answeredDirectly(line, kind, reply, [field])
      return { status: 'failed', line, kind, statusCode: 0, code, message: error.message, fields: [] } satisfies Failed
    }),
  )
  // A make that gathers must not wait for them.
  if (gather && kind !== null) for (const { seq } of lines) await registry.kinds.gathered(kind, run, seq)
  await finisher.finish(run, ends)
}
