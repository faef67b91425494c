import {
  addSpent,
  answerDirectly,
  answerField,
  type Answered,
  type Failed,
  labelField,
  normalAnswer,
  sampleAnswer,
} from '@toolwright/answering'
import type { DirectJob, Frame, Line } from '@toolwright/contracts'
import { ModelError } from '@toolwright/llm'
import { addDirect, type JobContext, oneHopOn } from '@toolwright/queues'
import type { KeptReply } from '@toolwright/registry'
import type { Services } from './services.ts'
import { laterOf, settleAll } from './settle-all.ts'

type Asked = { line: Line; status: 'answered'; reply: KeptReply; votes: number } | { line: Line; status: 'refused'; error: ModelError }

/**
 * Answers lines with the strong model. Where the kind gathers examples, each line without a target is asked more than once: answers that agree make an example.
 */
export async function directLines(services: Services, job: DirectJob, context: JobContext): Promise<null> {
  const { registry, queues, finisher } = services
  const { run, kind, lines } = job
  const votes = job.gather ? await votesOf(services, run) : 1
  const ends = await settleAll(lines, lines.length, (line) => ask(services, job, line, votes, context))
  const later = laterOf(lines, ends)
  const asked = ends.flatMap((end) => (end.status === 'done' ? [end.value] : []))

  if (job.gather && kind !== null) {
    for (const one of asked) {
      if (one.status === 'answered' && one.line.target === undefined && one.votes >= votes) {
        await registry.tools.addExample(kind, {
          v: 1,
          text: one.line.text,
          answer: normalAnswer(one.reply.text),
          source: 'agreed',
          votes: one.votes,
          run,
          at: Date.now(),
        })
      }
      if (one.status === 'answered' && one.line.target === undefined)
        await registry.tools.addGatheredText(kind, { text: one.line.text, answer: normalAnswer(one.reply.text) })
      await registry.kinds.gathered(kind, run, one.line.seq)
    }
  }
  await finisher.finish(
    run,
    asked.map((one) => endOf(one, job, votes)),
  )
  await addDirect(queues, { run, kind, gather: job.gather }, later.lines.map(oneHopOn), later.delayMs)
  return null
}

async function ask(services: Services, job: DirectJob, line: Line, votes: number, context: JobContext): Promise<Asked> {
  const { payer } = services
  const payment = { run: job.run, kind: job.kind }
  const frame = await frameOf(services, job.run, line)
  try {
    const reply = await answerDirectly(payer, payment, line, frame, context.signal)
    let agreeing = reply.finish === 'stop' ? 1 : 0
    if (line.target === undefined && agreeing === 1) {
      for (let sample = 1; sample < votes; sample++) {
        const other = await sampleAnswer(payer, payment, line, frame, sample, context.signal)
        if (other.finish !== 'stop' || normalAnswer(other.text) !== normalAnswer(reply.text)) break
        agreeing++
      }
    }
    return { line, status: 'answered', reply, votes: agreeing }
  } catch (error) {
    if (error instanceof ModelError && error.kind === 'rejected') return { line, status: 'refused', error }
    throw error
  }
}

function endOf(one: Asked, job: DirectJob, votes: number): Answered | Failed {
  const fields = [answerField(one.line.seq), ...Array.from({ length: votes - 1 }, (_, at) => labelField(one.line.seq, at + 1))]
  if (one.status === 'refused') {
    return {
      status: 'failed',
      line: one.line,
      kind: job.kind,
      statusCode: one.error.statusCode ?? 400,
      code: one.error.code ?? 'request_rejected',
      message: one.error.message,
      fields,
    }
  }
  const { tokens, costNano, model, text, completion } = one.reply
  const line = addSpent(one.line, {
    costNano,
    promptTokens: tokens.uncachedInput + tokens.cacheRead + tokens.cacheWrite,
    outputTokens: tokens.output,
  })
  return { status: 'answered', line, tier: 'direct', kind: job.kind, version: null, model, answer: text, completion, fields }
}

async function votesOf({ registry }: Services, run: string): Promise<number> {
  return (await registry.runs.get(run))?.settings.votes ?? 2
}

async function frameOf({ registry }: Services, run: string, line: Line): Promise<Frame | null> {
  return line.frame === '' ? null : await registry.runs.frame(run, line.frame)
}
