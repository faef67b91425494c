import { addSpent, type Answered, executionOf, readSolved, writeArguments, type WrittenArguments } from '@toolwright/answering'
import type { Line, Tool, UserJob } from '@toolwright/contracts'
import { addCall, addDirect, type JobContext, oneHopOn } from '@toolwright/queues'
import { keepRefused } from './keep-refused.ts'
import type { Services } from './services.ts'
import { laterOf, settleAll } from './settle-all.ts'

type CallJob = UserJob & { stage: 'call' }

interface Called {
  line: Line
  written: WrittenArguments
  /** The answer, or what went wrong, once the arguments were run. */
  answer: string | null
  problem: string | null
}

/**
 * Answers lines through the tool user: the light model writes the arguments, the tool works out the answer. One repair turn with the error, then the strong model.
 */
export async function callLines(services: Services, job: CallJob, context: JobContext): Promise<null> {
  const { registry, queues, finisher } = services
  const { run, kind, version } = job
  const tool = await registry.tools.get(kind, version)

  const first = await settleAll(job.lines, job.lines.length, (line) => write(services, job, tool, line, context))
  const later = laterOf(job.lines, first)
  const called = first.flatMap((end) => (end.status === 'done' ? [end.value] : []))
  await solve(tool, called, 'solve', context)

  const again = called.filter((one) => one.answer === null && one.written.status !== 'not-applicable' && replyOf(one.written) !== null)
  const second = await settleAll(again, again.length || 1, async (one) =>
    write(services, job, tool, one.line, context, { reply: replyOf(one.written)!, problem: one.problem ?? 'they could not be used' }),
  )
  const laterAgain = laterOf(again, second)
  const mended = second.flatMap((end) => (end.status === 'done' ? [end.value] : []))
  await solve(tool, mended, 'solve-again', context)

  const waits = new Set(laterAgain.lines.map((one) => one.line.seq))
  const ends = called.filter((one) => !waits.has(one.line.seq)).map((one) => mended.find((other) => other.line.seq === one.line.seq) ?? one)

  for (const one of ends) {
    if (one.written.status === 'not-applicable') continue
    const { demoted } = await registry.kinds.noteCall(kind, version, one.answer === null)
    if (demoted) context.log.warn({ kind, version }, 'the tool failed too often and serves no more')
  }
  const withSpent = await Promise.all(
    ends.map(async (one) => ({ ...one, line: addSpent(one.line, await registry.money.spent(run, fieldsOf(one.line, version))) })),
  )
  const results: Answered[] = []
  const unanswered: Line[] = []
  for (const { line, answer, written } of withSpent) {
    if (answer === null || written.status !== 'written') unanswered.push(line)
    else
      results.push({
        status: 'answered',
        line,
        tier: 'called',
        kind,
        version,
        model: written.model,
        answer,
        completion: null,
        fields: fieldsOf(line, version),
      })
  }
  if (job.refused) await keepRefused(services, job, results, context)
  await finisher.finish(run, results)
  await addDirect(queues, { run, kind, gather: false }, unanswered.map(oneHopOn))
  const waiting = [...later.lines, ...laterAgain.lines.map((one) => one.line)]
  await addCall(queues, { run, kind, version }, job.refused, waiting.map(oneHopOn), Math.max(later.delayMs, laterAgain.delayMs))
  return null
}

async function write(
  services: Services,
  job: CallJob,
  tool: Tool,
  line: Line,
  context: JobContext,
  earlier?: { reply: string; problem: string },
): Promise<Called> {
  const payment = { run: job.run, kind: job.kind, purpose: 'call' as const, field: `${line.seq}:call:${job.version}` }
  const written = await writeArguments(services.payer, payment, tool, line.text, context.signal, earlier)
  return { line, written, answer: null, problem: written.status === 'failed' ? written.problem : null }
}

/** Runs the tool on what was written, and notes the answers. */
async function solve(tool: Tool, called: Called[], step: string, context: JobContext): Promise<void> {
  const ready = called.filter((one) => one.written.status === 'written')
  if (ready.length === 0) return
  const calls = ready.map((one) => ({ arguments: one.written.status === 'written' ? one.written.arguments : '{}' }))
  const ends = await context.execute({ [step]: executionOf(tool.source, calls, { surroundings: 'first', resetEachCall: false }) })
  const end = ends[step]!
  for (const [at, one] of ready.entries()) {
    const outcome = end.status === 'done' ? end.result.outcomes[at] : undefined
    if (outcome === undefined) one.problem = 'the program could not be run'
    else {
      const solved = readSolved(outcome)
      if (solved.status === 'answered') one.answer = solved.answer
      else one.problem = `the program ended with an error: ${solved.why}`
    }
  }
}

function replyOf(written: WrittenArguments): string | null {
  return written.status === 'not-applicable' ? null : written.reply
}

/** The kept replies of a line's turns with this version. */
function fieldsOf(line: Line, version: number): string[] {
  return [1, 2].map((turn) => `${line.seq}:call:${version}:${turn}`)
}
