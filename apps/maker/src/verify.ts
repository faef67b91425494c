import { checkArguments, executionOf, extractCalls, readExtracted } from '@toolwright/answering'
import { type Example, normalAnswer, type Outcome, type Tool } from '@toolwright/contracts'
import type { MakePlan } from '@toolwright/registry'
import { describeFailures, type Own } from './describe-failures.ts'
import { mutantsOf } from './mutants.ts'
import type { Candidate } from './proposal.ts'
import { runSteps } from './run-steps.ts'
import { verifyCalled } from './verify-called.ts'
import type { VerifyOptions } from './verify-options.ts'

/** Of the mutants, at most this share may yield the arguments of their original: some words carry no meaning. */
const MAX_SURVIVING_SHARE = 0.15
const MAX_USAGE = 3
/** Requests of other kinds, and mutants, that the tool maker is told of. */
const MAX_TOLD = 4

export interface Verdict {
  /** Which tiers may serve. */
  extracted: boolean
  called: boolean
  /** What to tell the tool maker, most telling first; empty when everything is right. */
  problems: string[]
  /** A held-back example that `problems` shows, so that it no longer counts as held back. */
  revealed: string | null
  usage: Tool['usage']
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
  /** Texts that it understood and answered otherwise than the label says, with its answers. */
  wrong: { text: string; answer: string }[]
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
  const outcomes = await runSteps(context, {
    [`${step}-first`]: run(extractCalls(texts), 'first'),
    [`${step}-second`]: run(extractCalls(texts), 'second'),
    ...(refusals.length > 0 && { [`${step}-refusals`]: run(refusals, 'first') }),
  })
  const first = outcomes[`${step}-first`]!
  const second = outcomes[`${step}-second`]!
  const refused = outcomes[`${step}-refusals`] ?? []

  const broken = first.find((outcome) => outcome.status === 'bad-source')
  if (broken?.status === 'bad-source') return rejected(plan, [`The module cannot be used: ${broken.message}`])

  const own = judgeOwn(candidate, examples, first, second)
  const foreign = judgeForeign(candidate, plan, refused.slice(0, plan.foreign.length))
  const surviving = judgeMutants(candidate, examples, own, mutants, refused.slice(plan.foreign.length))

  const heldBack = new Set(plan.heldBack.map((example) => example.text))
  const mutantsPass = surviving.length <= mutants.length * MAX_SURVIVING_SHARE
  const extracted = extractsWell(examples, own, heldBack, options.revealed) && foreign.length === 0 && mutantsPass

  const unread = plan.shown.filter((_, at) => own[at]!.status === 'refused')
  const called = await verifyCalled(candidate, usageOf(plan.shown, own), unread, options)
  const failures = describeFailures(examples, own, heldBack, options.revealed)
  return {
    extracted,
    called: called.isPassed,
    problems: [...failures.problems, ...foreign.slice(0, MAX_TOLD), ...describeSurvivors(surviving, mutantsPass), ...called.problems],
    revealed: failures.revealed,
    usage: called.usage,
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
    wrong: examples.flatMap(({ text }, at) => {
      const one = own[at]!
      return one.status === 'wrong' ? [{ text, answer: one.answer }] : []
    }),
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
    .slice(0, MAX_TOLD)
    .map(
      (mutant) =>
        `extract understood an altered request (${mutant.change}) as if nothing were changed, and must return None for it:\n<request>\n${mutant.text}\n</request>`,
    )
}

/** Usage examples are rendered from calls on shown requests that were verified. */
function usageOf(shown: Example[], own: Own[]): Tool['usage'] {
  const usage = shown.flatMap((example, at) => {
    const one = own[at]!
    return one.status === 'right' ? [{ text: example.text, arguments: one.arguments, run: example.run }] : []
  })
  return usage.slice(0, MAX_USAGE)
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
    wrong: [],
  }
}
