import { answerDirectly, answerField, type Answered, type Failed, labelField, sampleAnswer } from '@toolwright/answering'
import { type DirectJob, type Example, type Frame, type Line, normalAnswer } from '@toolwright/contracts'
import { ModelError } from '@toolwright/llm'
import { addDirect, type JobContext, oneHopOn } from '@toolwright/queues'
import type { KeptReply } from '@toolwright/registry'
import { addDirectAlone } from './alone.ts'
import { answeredDirectly } from './answered-directly.ts'
import { keepRefused } from './keep-refused.ts'
import type { Services } from './services.ts'
import { settleAll } from './settle-all.ts'

type Asked = { line: Line; status: 'answered'; reply: KeptReply; votes: number } | { line: Line; status: 'refused'; error: ModelError }

/**
 * Answers lines with the strong model. Where the kind gathers examples, each line without a target is asked more than once: answers that agree make an example.
 */
export async function directLines(services: Services, job: DirectJob, context: JobContext): Promise<null> {
  const { registry, queues, finisher } = services
  const { run, kind, lines, gather, refusedBy } = job
  const votes = gather ? await votesOf(services, run) : 1
  const { done, later, delayMs, leaving } = await settleAll(lines, lines.length === 1, context, (line) =>
    ask(services, job, line, votes, context),
  )

  if (gather && kind !== null) {
    const found = done.flatMap((one) =>
      one.status === 'answered' && one.line.target === undefined
        ? [{ text: one.line.text, answer: normalAnswer(one.reply.text), votes: one.votes }]
        : [],
    )
    const agreed = found
      .filter((one) => one.votes >= votes)
      .map((one): Example => ({ v: 1, ...one, source: 'agreed', run, at: Date.now() }))
    if (agreed.length > 0) await registry.tools.addExamples(kind, agreed)
    for (const { text, answer } of found) await registry.tools.addGatheredText(kind, { text, answer, run })
    for (const { line } of done) await registry.kinds.gathered(kind, run, line.seq)
  }
  if (refusedBy !== undefined && kind !== null) {
    const whole = done.flatMap((one) =>
      one.status === 'answered' && one.reply.finish === 'stop' ? [{ line: one.line, answer: normalAnswer(one.reply.text) }] : [],
    )
    await keepRefused(services, { run, kind, version: refusedBy }, whole, context)
  }
  const samples = refusedBy === undefined ? votes - 1 : 1
  await finisher.finish(
    run,
    done.map((one) => endOf(one, job, samples)),
  )
  await addDirect(queues, { run, kind, gather, refusedBy }, later.map(oneHopOn), delayMs)
  await addDirectAlone(queues, job, leaving)
  return null
}

async function ask(services: Services, job: DirectJob, line: Line, votes: number, context: JobContext): Promise<Asked> {
  const frame = await frameOf(services, job.run, line)
  let reply: KeptReply
  try {
    reply = await answerDirectly(services.payer, { run: job.run, kind: job.kind }, line, frame, context.signal)
  } catch (error) {
    if (error instanceof ModelError && error.kind === 'rejected') return { line, status: 'refused', error }
    throw error
  }
  return { line, status: 'answered', reply, votes: await votesFor(services, job, line, frame, reply, votes, context) }
}

/** How many answers agree with this one, itself included. A sample that the model will not give is a vote less, and no more: the answer is there. */
async function votesFor(
  { payer }: Services,
  { run, kind }: DirectJob,
  line: Line,
  frame: Frame | null,
  reply: KeptReply,
  votes: number,
  context: JobContext,
): Promise<number> {
  if (reply.finish !== 'stop') return 0
  if (line.target !== undefined) return 1
  for (let sample = 1; sample < votes; sample++) {
    try {
      const other = await sampleAnswer(payer, { run, kind }, line, frame, sample, context.signal)
      if (other.finish !== 'stop' || normalAnswer(other.text) !== normalAnswer(reply.text)) return sample
    } catch (error) {
      if (error instanceof ModelError) return sample
      throw error
    }
  }
  return votes
}

function endOf(one: Asked, { kind }: DirectJob, samples: number): Answered | Failed {
  const { line } = one
  const fields = [answerField(line.seq), ...Array.from({ length: samples }, (_, at) => labelField(line.seq, at + 1))]
  if (one.status === 'answered') return answeredDirectly(line, kind, one.reply, fields)
  return {
    status: 'failed',
    line,
    kind,
    statusCode: one.error.statusCode ?? 400,
    code: one.error.code ?? 'request_rejected',
    message: one.error.message,
    fields,
  }
}

async function votesOf({ registry }: Services, run: string): Promise<number> {
  return (await registry.runs.get(run))?.settings.votes ?? 2
}

async function frameOf({ registry }: Services, run: string, line: Line): Promise<Frame | null> {
  return line.frame === '' ? null : await registry.runs.frame(run, line.frame)
}
