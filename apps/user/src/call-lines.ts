import { type Answered, executionOf, labelField, readSolved, writeArguments, type WrittenArguments } from '@toolwright/answering'
import { hashOf, type Line, type Outcome, type Tool, type UserJob } from '@toolwright/contracts'
import { addCall, addDirect, type JobContext, oneHopOn } from '@toolwright/queues'
import { addUserAlone } from './alone.ts'
import { callField, callFields, withCallsSpent } from './call-replies.ts'
import { keepRefused } from './keep-refused.ts'
import type { Services } from './services.ts'
import { settleAll, type Settled } from './settle-all.ts'
import { sendBack, stillServes } from './still-serves.ts'

type CallJob = UserJob & { stage: 'call' }

/** How a line stands after a turn of the tool user's. */
type Turn =
  | { status: 'answered'; answer: string; model: string }
  /** The arguments, or the program with them: the tool user is told once, then it counts against the tool. */
  | { status: 'wrong'; reply: string; problem: string }
  /** The tool user says that the tool is not for this request. */
  | { status: 'not-applicable' }
  /** The model or the executor could not be had, which says nothing of the tool. */
  | { status: 'not-tried' }

interface Called {
  line: Line
  turn: Turn
}

/**
 * Answers lines through the tool user: the light model writes the arguments, the tool works out the answer. One repair turn with the error, then the strong model.
 */
export async function callLines(services: Services, job: CallJob, context: JobContext): Promise<null> {
  const { registry, queues, finisher } = services
  const { run, kind, version } = job
  const refusedBy = job.refused ? version : undefined
  if (!(await stillServes(services, job))) {
    await sendBack(services, job, await withSpent(services, job, job.lines))
    // Else they would count again, should the lines come back to this version.
    await registry.money.dropReplies(
      run,
      job.lines.flatMap((line) => callFields(line, version)),
    )
    return null
  }
  const tool = await registry.tools.get(kind, version)
  if (!tool.tiers.called) {
    // Its usage examples were forgotten while the lines were on their way.
    await addDirect(queues, { run, kind, gather: false, refusedBy }, (await withSpent(services, job, job.lines)).map(oneHopOn))
    return null
  }

  const first = await takeTurn(services, job, tool, job.lines, context)
  const wrong = new Map(first.done.flatMap(({ line, turn }) => (turn.status === 'wrong' ? [[line.seq, turn]] : [])))
  const again = job.lines.filter(({ seq }) => wrong.has(seq))
  const second = await takeTurn(services, job, tool, again, context, (line) => wrong.get(line.seq))
  const ends = [...first.done.filter(({ line }) => !wrong.has(line.seq)), ...second.done]

  for (const { line, turn } of ends) {
    if (turn.status !== 'answered' && turn.status !== 'wrong') continue
    const { demoted } = await registry.kinds.noteCall(kind, version, { run, seq: line.seq }, turn.status === 'wrong')
    if (demoted) context.log.warn({ kind, version }, 'the tool failed too often and serves no more')
  }
  const results: Answered[] = []
  const foreign: Line[] = []
  const unanswered: Line[] = []
  for (const { line: before, turn } of ends) {
    const line = await withCallsSpent(registry, run, before, version)
    if (turn.status === 'not-applicable') foreign.push(line)
    else if (turn.status !== 'answered') unanswered.push(line)
    else {
      const { answer, model } = turn
      const fields = [...callFields(line, version), ...(job.refused ? [labelField(line.seq, 1)] : [])]
      results.push({ status: 'answered', line, tier: 'called', kind, version, model, answer, completion: null, fields })
    }
  }
  if (job.refused) await keepRefused(services, job, results, context)
  await finisher.finish(run, results)
  await addDirect(queues, { run, kind, gather: false, refusedBy }, unanswered.map(oneHopOn))
  await addDirect(queues, { run, kind, gather: false }, foreign.map(oneHopOn))
  await addCall(
    queues,
    { run, kind, version },
    job.refused,
    [...first.later, ...second.later].map(oneHopOn),
    Math.max(first.delayMs, second.delayMs),
  )
  await addUserAlone(queues, job, [...first.leaving, ...second.leaving])
  return null
}

/** Has the arguments written for these lines, and runs the tool on them. `earlier`: for the repair turn, the first reply and what was wrong with it. */
async function takeTurn(
  services: Services,
  job: CallJob,
  tool: Tool,
  lines: Line[],
  context: JobContext,
  earlier?: (line: Line) => { reply: string; problem: string } | undefined,
): Promise<Settled<Called>> {
  const { run, kind, version } = job
  const settled = await settleAll(lines, job.lines.length === 1, context, async (line) => {
    const payment = { run, kind, purpose: 'call' as const, field: callField(line.seq, version) }
    return { line, written: await writeArguments(services.payer, payment, tool, line.text, context.signal, earlier?.(line)) }
  })
  const outcomes = await solve(tool, settled.done, context)
  return { ...settled, done: settled.done.map(({ line, written }) => ({ line, turn: turnOf(written, outcomes.get(line.seq)) })) }
}

/** Runs the tool on what was written. Returns the outcomes by seq, of which none is there when the executor failed. */
async function solve(tool: Tool, all: { line: Line; written: WrittenArguments }[], context: JobContext): Promise<Map<number, Outcome>> {
  const ready = all.flatMap(({ line, written }) => (written.status === 'written' ? [{ seq: line.seq, arguments: written.arguments }] : []))
  if (ready.length === 0) return new Map()
  // When the job is resumed, a line whose endpoint was held may have its arguments too: outcomes are for just these calls, so their step is named after them.
  const step = `solve-${hashOf(...ready.flatMap((one) => [one.seq, one.arguments])).slice(0, 16)}`
  const calls = ready.map((one) => ({ arguments: one.arguments }))
  const ends = await context.execute({ [step]: executionOf(tool.source, calls, { surroundings: 'first', resetEachCall: false }) })
  const end = ends[step]!
  if (end.status === 'failed') {
    context.log.warn({ kind: tool.kind, version: tool.version, reason: end.reason }, 'the executor could not run the tool')
    return new Map()
  }
  return new Map(end.result.outcomes.map((outcome, at) => [ready[at]!.seq, outcome]))
}

function turnOf(written: WrittenArguments, outcome: Outcome | undefined): Turn {
  switch (written.status) {
    case 'not-applicable':
      return { status: 'not-applicable' }
    case 'failed':
      return written.reply === null ? { status: 'not-tried' } : { status: 'wrong', reply: written.reply, problem: written.problem }
    case 'written': {
      if (outcome === undefined) return { status: 'not-tried' }
      const solved = readSolved(outcome)
      return solved.status === 'answered'
        ? { status: 'answered', answer: solved.answer, model: written.model }
        : { status: 'wrong', reply: written.reply, problem: `the program ended with an error: ${solved.why}` }
    }
  }
}

async function withSpent({ registry }: Services, { run, version }: CallJob, lines: Line[]): Promise<Line[]> {
  return await Promise.all(lines.map((line) => withCallsSpent(registry, run, line, version)))
}
