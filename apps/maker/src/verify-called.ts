import {
  type CalledTool,
  checkArguments,
  executionOf,
  readSolved,
  verbatimParameters,
  writeArguments,
  type WrittenArguments,
} from '@toolwright/answering'
import { type Example, normalAnswer, type Tool } from '@toolwright/contracts'
import type { JobContext } from '@toolwright/queues'
import { clip } from './describe-failures.ts'
import type { Candidate } from './proposal.ts'
import { runSteps } from './run-steps.ts'
import type { VerifyOptions } from './verify-options.ts'

/** Light-model calls that verify the `called` tier, and as many at most that find usage examples for it. */
const MAX_CALLED = 3

interface CalledVerdict {
  isPassed: boolean
  right: number
  usage: Tool['usage']
  verbatim: string[]
  problems: string[]
}

/**
 * The `called` tier: the light model writes arguments for held-back requests, and the tool must give the trusted answers from them, twice. `read`: calls on shown requests
 * that `extract` read and the tool answered right, `unread`: shown requests that it refused. Where it refused all, this tier still stands alone: the light model writes
 * their arguments by the schema, and those that come out right are shown as usage.
 */
export async function verifyCalled(
  candidate: Candidate,
  read: Tool['usage'],
  unread: Example[],
  options: VerifyOptions,
): Promise<CalledVerdict> {
  const { payer, payment, plan, step, context } = options
  const usage = read.length > 0 ? read : await firstCalls(candidate, unread.slice(0, MAX_CALLED), options)
  // Without one verified call to show there is nothing that a light model could go by.
  if (usage.length === 0) return { isPassed: false, right: 0, usage, verbatim: [], problems: [] }
  const tool: CalledTool = { schema: candidate.schema, usage, verbatim: [] }
  const cases = plan.heldBack.slice(0, MAX_CALLED)
  const ask = async (example: Example, at: number, earlier?: { reply: string; problem: string }): Promise<WrittenArguments> =>
    await writeArguments(payer, { ...payment, purpose: 'verify', field: `${step}:call:${at}` }, tool, example.text, context.signal, earlier)
  const written = await Promise.all(cases.map((example, at) => ask(example, at)))
  const answers = await solveTwice(candidate, written, `${step}-called`, context)
  const problems = answers.map((answer, at) => calledProblem(cases[at]!, written[at]!, answer))

  // A slip of the light model in the arguments is told to it once before it counts against the tool.
  const again = await Promise.all(
    cases.map(async (example, at) => {
      const one = written[at]!
      const problem = problems[at]
      if (problem === null || problem === undefined || one.status === 'not-applicable' || one.reply === null) return one
      return await ask(example, at, { reply: one.reply, problem })
    }),
  )
  const isChanged = again.some((one, at) => one !== written[at])
  const last = isChanged ? await solveTwice(candidate, again, `${step}-called-again`, context) : answers
  const right = cases.filter((example, at) => calledProblem(example, again[at]!, last[at]!) === null).length
  if (right < cases.length) {
    const stuckAnswer = last.find((answer, at) => answer.status === 'failed' && again[at]!.status === 'written')
    const told =
      stuckAnswer?.status === 'failed' ? [`With arguments written by hand from a request, solve failed: ${clip(stuckAnswer.why)}`] : []
    return { isPassed: false, right, usage, verbatim: [], problems: told }
  }
  const standing = [
    ...usage.map((one) => ({ text: one.text, arguments: one.arguments })),
    ...again.flatMap((one, at) => (one.status === 'written' ? [{ text: cases[at]!.text, arguments: one.arguments }] : [])),
  ].map((one) => {
    const checked = checkArguments(candidate.schema, one.arguments)
    return checked.ok ? verbatimParameters(checked.values, one.text) : []
  })
  return {
    isPassed: true,
    right,
    usage,
    verbatim: candidate.parameters.filter((name) => standing.every((names) => names.includes(name))),
    problems: [],
  }
}

async function firstCalls(candidate: Candidate, examples: Example[], options: VerifyOptions): Promise<Tool['usage']> {
  const { payer, payment, step, context } = options
  const tool: CalledTool = { schema: candidate.schema, usage: [], verbatim: [] }
  const written = await Promise.all(
    examples.map((example, at) =>
      writeArguments(payer, { ...payment, purpose: 'verify', field: `${step}:first:${at}` }, tool, example.text, context.signal),
    ),
  )
  const answers = await solveTwice(candidate, written, `${step}-first-calls`, context)
  return examples.flatMap((example, at) => {
    const one = written[at]!
    return one.status === 'written' && calledProblem(example, one, answers[at]!) === null
      ? [{ text: example.text, arguments: one.arguments, run: example.run }]
      : []
  })
}

type Twice = { status: 'answered'; answer: string } | { status: 'failed'; why: string } | { status: 'unasked' }

async function solveTwice(candidate: Candidate, written: WrittenArguments[], step: string, context: JobContext): Promise<Twice[]> {
  const ready = written.flatMap((one, at) => (one.status === 'written' ? [{ at, arguments: one.arguments }] : []))
  const twice: Twice[] = written.map(() => ({ status: 'unasked' }))
  if (ready.length === 0) return twice
  const calls = ready.map((one) => ({ arguments: one.arguments }))
  const outcomes = await runSteps(context, {
    [`${step}-first`]: executionOf(candidate.source, calls, { surroundings: 'first', resetEachCall: true }),
    [`${step}-second`]: executionOf(candidate.source, calls, { surroundings: 'second', resetEachCall: true }),
  })
  const first = outcomes[`${step}-first`]!
  const second = outcomes[`${step}-second`]!
  for (const [index, { at }] of ready.entries()) {
    const one = readSolved(first[index]!)
    const other = readSolved(second[index]!)
    if (one.status === 'failed') twice[at] = one
    else if (other.status === 'failed') twice[at] = other
    else twice[at] = one.answer === other.answer ? one : { status: 'failed', why: 'the answer differed from one run to the next' }
  }
  return twice
}

/** What to tell the light model about its arguments; null when the answer is right. */
function calledProblem(example: Example, written: WrittenArguments, answer: Twice): string | null {
  if (written.status === 'failed') return written.problem
  if (written.status === 'not-applicable') return 'the program does answer this request'
  if (answer.status === 'failed') return `the program ended with an error: ${answer.why}`
  if (answer.status === 'answered' && answer.answer === normalAnswer(example.answer)) return null
  return 'with these arguments the program gives a wrong answer: check that every value is copied exactly, and that none is missing'
}
