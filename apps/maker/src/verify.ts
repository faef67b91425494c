import {
  type CalledTool,
  checkArguments,
  executionOf,
  extractCalls,
  normalAnswer,
  type Payer,
  readExtracted,
  readSolved,
  verbatimParameters,
  writeArguments,
  type WrittenArguments,
} from '@toolwright/answering'
import type { Example, KindId, Outcome } from '@toolwright/contracts'
import type { ExecutionEnd, JobContext } from '@toolwright/queues'
import type { MakePlan } from '@toolwright/registry'
import { mutantsOf } from './mutants.ts'
import type { Candidate } from './proposal.ts'

/** Of the mutants, at most this share may yield the arguments of their original: some words carry no meaning. */
const MAX_SURVIVING_SHARE = 0.15
/** Light-model calls that verify the `called` tier. */
const MAX_CALLED = 3
const MAX_USAGE = 3

export interface Verdict {
  /** Which tiers may serve. */
  extracted: boolean
  called: boolean
  /** What to tell the tool maker, most telling first; empty when everything is right. */
  problems: string[]
  /** A held-back example that `problems` shows, so that it no longer counts as held back. */
  revealed: string | null
  usage: { text: string; arguments: string }[]
  verbatim: string[]
  counts: {
    heldBack: number
    extractedRight: number
    calledRight: number
    foreignTexts: number
    foreignAccepted: number
    mutants: number
    mutantsSurvived: number
  }
  /** Texts that `extract` understood and the tool answered right. */
  extractedTexts: string[]
}

export interface VerifyOptions {
  payer: Payer
  payment: { run: string; kind: KindId; make: { kind: KindId; generation: number } }
  plan: MakePlan
  /** Held-back examples that an earlier repair has shown: they are checked, but prove nothing. */
  revealed: ReadonlySet<string>
  /** Unique among the make's verifications. */
  step: string
  context: JobContext
}

/** Verifies a candidate by running it, through the code that serves: each tier alone, twice in differing surroundings, in an interpreter that is new for every call. */
export async function verify(candidate: Candidate, options: VerifyOptions): Promise<Verdict> {
  const { plan, step, context } = options
  const examples = [...plan.shown, ...plan.heldBack]
  const texts = examples.map((example) => example.text)
  const mutants = mutantsOf(texts)
  const run = (calls: Parameters<typeof executionOf>[1], surroundings: 'first' | 'second') =>
    executionOf(candidate.source, calls, { surroundings, resetEachCall: true })
  const refusals = [
    ...plan.foreign.map((foreign) => ({ text: foreign.text, solve: true })),
    ...mutants.map(({ text }) => ({ text, solve: false })),
  ]
  const ends = await context.execute({
    [`${step}-first`]: run(extractCalls(texts), 'first'),
    [`${step}-second`]: run(extractCalls(texts), 'second'),
    ...(refusals.length > 0 && { [`${step}-refusals`]: run(refusals, 'first') }),
  })
  const first = outcomesOf(ends[`${step}-first`]!, texts.length)
  const second = outcomesOf(ends[`${step}-second`]!, texts.length)
  const refused = refusals.length > 0 ? outcomesOf(ends[`${step}-refusals`]!, refusals.length) : []

  const broken = first.find((outcome) => outcome.status === 'bad-source')
  if (broken?.status === 'bad-source') return rejected(plan, [`The module cannot be used: ${broken.message}`])

  const own = judgeOwn(candidate, examples, first, second)
  const foreign = judgeForeign(candidate, plan, refused.slice(0, plan.foreign.length))
  const surviving = judgeMutants(candidate, examples, own, mutants, refused.slice(plan.foreign.length))

  const heldBack = new Set(plan.heldBack.map((example) => example.text))
  const mutantsPass = surviving.length <= mutants.length * MAX_SURVIVING_SHARE
  const extracted = extractsWell(examples, own, heldBack, options.revealed) && foreign.length === 0 && mutantsPass

  const tool = calledToolOf(candidate, examples, own, heldBack)
  const called = await verifyCalled(candidate, tool, options)
  const failures = describeOwn(examples, own, heldBack, options.revealed)
  return {
    extracted,
    called: called.isPassed,
    problems: [...failures.problems, ...foreign, ...describeSurvivors(surviving, mutantsPass), ...called.problems],
    revealed: failures.revealed,
    usage: tool.usage,
    verbatim: called.verbatim,
    counts: {
      heldBack: plan.heldBack.length,
      extractedRight: examples.filter((example, at) => heldBack.has(example.text) && own[at]!.status === 'right').length,
      calledRight: called.right,
      foreignTexts: plan.foreign.length,
      foreignAccepted: foreign.length,
      mutants: mutants.length,
      mutantsSurvived: surviving.length,
    },
    extractedTexts: examples.filter((_, at) => own[at]!.status === 'right').map((example) => example.text),
  }
}

/**
 * Whether `extract` and `solve` may serve without a model: no answer wrong, unsteady or broken anywhere, and of the shown examples as of the held-back ones that the
 * tool maker has never seen at least two, and at least half, right. A request that is refused is no mistake: it costs a call, and refused lines start a new make once
 * there are enough of them.
 */
function extractsWell(examples: Example[], own: Own[], heldBack: ReadonlySet<string>, revealed: ReadonlySet<string>): boolean {
  if (own.some((one) => one.status !== 'right' && one.status !== 'refused')) return false
  const isMostlyRight = (which: (example: Example) => boolean) => {
    const ends = own.filter((_, at) => which(examples[at]!))
    const right = ends.filter((one) => one.status === 'right').length
    return right >= 2 && right * 2 >= ends.length
  }
  return (
    isMostlyRight((example) => !heldBack.has(example.text)) &&
    isMostlyRight((example) => heldBack.has(example.text) && !revealed.has(example.text))
  )
}

type Own =
  | { status: 'right'; arguments: string }
  | { status: 'wrong'; answer: string; arguments: string }
  | { status: 'unsteady'; answers: [string, string] }
  | { status: 'refused'; why: string }
  | { status: 'failed'; why: string }

/** Every example, in both surroundings: the answer must be the trusted one, and the same. */
function judgeOwn(candidate: Candidate, examples: Example[], first: Outcome[], second: Outcome[]): Own[] {
  return examples.map((example, at) => {
    const one = readExtracted(candidate, first[at]!)
    const other = readExtracted(candidate, second[at]!)
    if (one.status !== 'answered') return one
    if (other.status !== 'answered') return other
    if (one.answer !== other.answer) return { status: 'unsteady', answers: [one.answer, other.answer] }
    if (one.answer !== normalAnswer(example.answer)) return { status: 'wrong', answer: one.answer, arguments: one.arguments }
    return { status: 'right', arguments: one.arguments }
  })
}

/** Texts of other kinds must be refused; one that gets its own trusted answer is no mistake. */
function judgeForeign(candidate: Candidate, plan: MakePlan, outcomes: Outcome[]): string[] {
  return plan.foreign.flatMap((foreign, at) => {
    const outcome = outcomes[at]!
    if (!isAccepted(candidate, outcome)) return []
    if (foreign.answer !== null && outcome.status === 'ok' && outcome.result === normalAnswer(foreign.answer)) return []
    return [`extract accepted a request of another kind, and must return None for it:\n<request>\n${foreign.text}\n</request>`]
  })
}

function isAccepted(candidate: Candidate, outcome: Outcome): boolean {
  if (outcome.status === 'ok') return outcome.arguments !== null && checkArguments(candidate.schema, outcome.arguments).ok
  return (
    outcome.status === 'raised' &&
    outcome.in === 'solve' &&
    outcome.arguments !== null &&
    checkArguments(candidate.schema, outcome.arguments).ok
  )
}

function judgeMutants(candidate: Candidate, examples: Example[], own: Own[], mutants: ReturnType<typeof mutantsOf>, outcomes: Outcome[]) {
  return mutants.filter((mutant, at) => {
    const outcome = outcomes[at]!
    if (!isAccepted(candidate, outcome) || !('arguments' in outcome)) return false
    const original = own[examples.findIndex((example) => example.text === mutant.original)]
    return original !== undefined && 'arguments' in original && outcome.arguments === original.arguments
  })
}

function describeSurvivors(surviving: ReturnType<typeof mutantsOf>, isPassed: boolean): string[] {
  if (isPassed) return []
  return surviving
    .slice(0, 4)
    .map(
      (mutant) =>
        `extract understood an altered request (${mutant.change}) as if nothing were changed, and must return None for it:\n<request>\n${mutant.text}\n</request>`,
    )
}

/** Failures among the shown examples in full; of the held-back ones at most one is shown in the whole make, the others only counted. */
function describeOwn(
  examples: Example[],
  own: Own[],
  heldBack: Set<string>,
  revealed: ReadonlySet<string>,
): { problems: string[]; revealed: string | null } {
  const failed = examples.map((example, at) => ({ example, own: own[at]! })).filter((one) => one.own.status !== 'right')
  const open = failed.filter(({ example }) => !heldBack.has(example.text) || revealed.has(example.text))
  const hidden = failed.filter((one) => !open.includes(one))
  const problems = open.slice(0, 3).map(({ example, own: one }) => describeCase(example, one))
  const show = open.length === 0 && revealed.size === 0 ? hidden[0] : undefined
  if (show !== undefined) problems.push(describeCase(show.example, show.own))
  const untold = hidden.length - (show === undefined ? 0 : 1)
  if (untold > 0) {
    const ways = [...new Set(hidden.filter((one) => one !== show).map(({ own: one }) => shortly(one)))].join('; ')
    problems.push(`${untold} of ${heldBack.size} further requests that are not shown here went wrong: ${ways}.`)
  }
  return { problems, revealed: show?.example.text ?? null }
}

function describeCase(example: Example, own: Own): string {
  return `Request:\n<request>\n${example.text}\n</request>\nRight answer:\n<answer>\n${example.answer}\n</answer>\nYour tool: ${atLength(own)}`
}

function atLength(own: Own): string {
  switch (own.status) {
    case 'right':
      return 'right.'
    case 'wrong':
      return `extract returned ${clip(own.arguments)}, and solve answered ${JSON.stringify(clip(own.answer))}.`
    case 'unsteady':
      return `it gave different answers at different times: ${own.answers.map((answer) => JSON.stringify(clip(answer))).join(' and ')}.`
    case 'refused':
    case 'failed':
      return `${own.status}: ${clip(own.why)}`
  }
}

function shortly(own: Own): string {
  switch (own.status) {
    case 'right':
      return 'right'
    case 'wrong':
      return 'solve gave a wrong answer'
    case 'unsteady':
      return 'the answer differed from one run to the next'
    case 'refused':
      return 'extract refused the request'
    case 'failed':
      return own.why.split('\n').at(-1)!.slice(0, 200)
  }
}

function clip(text: string): string {
  return text.length > 600 ? `${text.slice(0, 600)}…` : text
}

/** The tool as the tool user will see it: usage examples are rendered from calls that were verified, shown examples first. */
function calledToolOf(candidate: Candidate, examples: Example[], own: Own[], heldBack: Set<string>): CalledTool {
  const usage = examples.flatMap((example, at) => {
    const one = own[at]!
    return one.status === 'right' && !heldBack.has(example.text) ? [{ text: example.text, arguments: one.arguments }] : []
  })
  return { schema: candidate.schema, usage: usage.slice(0, MAX_USAGE), verbatim: [] }
}

/** The `called` tier: the light model writes arguments for held-back requests, and the tool must give the trusted answers from them, twice. */
async function verifyCalled(
  candidate: Candidate,
  tool: CalledTool,
  options: VerifyOptions,
): Promise<{ isPassed: boolean; right: number; verbatim: string[]; problems: string[] }> {
  const { payer, payment, plan, step, context } = options
  // Without one verified call to show there is nothing that a light model could go by.
  if (tool.usage.length === 0) return { isPassed: false, right: 0, verbatim: [], problems: [] }
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
    return { isPassed: false, right, verbatim: [], problems: told }
  }
  const standing = [
    ...tool.usage.map((one) => ({ text: one.text, arguments: one.arguments })),
    ...again.flatMap((one, at) => (one.status === 'written' ? [{ text: cases[at]!.text, arguments: one.arguments }] : [])),
  ].map((one) => {
    const checked = checkArguments(candidate.schema, one.arguments)
    return checked.ok ? verbatimParameters(checked.values, one.text) : []
  })
  return {
    isPassed: true,
    right,
    verbatim: candidate.parameters.filter((name) => standing.every((names) => names.includes(name))),
    problems: [],
  }
}

type Twice = { status: 'answered'; answer: string } | { status: 'failed'; why: string } | { status: 'unasked' }

async function solveTwice(candidate: Candidate, written: WrittenArguments[], step: string, context: JobContext): Promise<Twice[]> {
  const ready = written.flatMap((one, at) => (one.status === 'written' ? [{ at, arguments: one.arguments }] : []))
  const twice: Twice[] = written.map(() => ({ status: 'unasked' }))
  if (ready.length === 0) return twice
  const calls = ready.map((one) => ({ arguments: one.arguments }))
  const ends = await context.execute({
    [`${step}-first`]: executionOf(candidate.source, calls, { surroundings: 'first', resetEachCall: true }),
    [`${step}-second`]: executionOf(candidate.source, calls, { surroundings: 'second', resetEachCall: true }),
  })
  const first = outcomesOf(ends[`${step}-first`]!, calls.length)
  const second = outcomesOf(ends[`${step}-second`]!, calls.length)
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

function outcomesOf(end: ExecutionEnd, count: number): Outcome[] {
  if (end.status === 'done' && end.result.outcomes.length === count) return end.result.outcomes
  const message = end.status === 'failed' ? end.reason : 'the executor gave too few outcomes'
  return Array.from({ length: count }, () => ({ status: 'crashed', message }))
}

function rejected(plan: MakePlan, problems: string[]): Verdict {
  return {
    extracted: false,
    called: false,
    problems,
    revealed: null,
    usage: [],
    verbatim: [],
    counts: {
      heldBack: plan.heldBack.length,
      extractedRight: 0,
      calledRight: 0,
      foreignTexts: plan.foreign.length,
      foreignAccepted: 0,
      mutants: 0,
      mutantsSurvived: 0,
    },
    extractedTexts: [],
  }
}
