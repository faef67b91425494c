import { answerPrompt } from '@toolwright/answering'
import { type Example, hashOf, normalAnswer } from '@toolwright/contracts'
import type { MakePlan } from '@toolwright/registry'
import type { Make } from './make.ts'
import type { Verdict } from './verify.ts'

/** Further answers that settle a label which a candidate contradicts. */
const VOTES = 3
const MAX_CONTESTED = 3
const TEMPERATURE = 0.7

/** Answers that candidates of earlier attempts gave against a label: text → answer. */
export type Contradictions = Map<string, string>

export interface Settled {
  plan: MakePlan
  /** Labels that stand against this candidate, for a candidate written apart to confirm or not. */
  standing: { text: string; answer: string }[]
}

/**
 * A label that was agreed on, not given, and that an otherwise passing candidate contradicts, is asked for again: strong models err alike now and then, and one wrong
 * label would make every right tool fail. It is replaced when the new answers are the tool's, and taken out when they are neither's, or when a candidate written apart
 * (another attempt) contradicts it with the same answer.
 */
export async function settleLabels(make: Make, plan: MakePlan, verdict: Verdict, earlier: Contradictions): Promise<Settled> {
  const settled = await Promise.all(
    contestedOf(plan, verdict).map(async ({ example, toolAnswer }) => {
      const answer = await settle(make, example, toolAnswer)
      const isContradictedApart = answer === example.answer && earlier.get(example.text) === toolAnswer
      return { example, toolAnswer, answer: isContradictedApart ? null : answer }
    }),
  )
  const changed = settled.filter((one) => one.answer !== one.example.answer)
  const { tools } = make.services.registry
  const dropped = changed.filter(({ answer }) => answer === null).map(({ example }) => example.text)
  const replaced = changed.flatMap(({ example, answer }) => (answer === null ? [] : [{ ...example, answer, votes: VOTES - 1 }]))
  if (dropped.length > 0) await tools.dropExamples(make.kind.id, dropped)
  if (replaced.length > 0) await tools.replaceExamples(make.kind.id, replaced)
  const relabel = (examples: Example[]) =>
    examples.flatMap((example) => {
      const change = changed.find((one) => one.example.text === example.text)
      if (change === undefined) return [example]
      return change.answer === null ? [] : [{ ...example, answer: change.answer }]
    })
  const standing = settled.filter((one) => one.answer === one.example.answer)
  return {
    plan: changed.length === 0 ? plan : { ...plan, shown: relabel(plan.shown), heldBack: relabel(plan.heldBack) },
    standing: standing.map(({ example, toolAnswer }) => ({ text: example.text, answer: toolAnswer })),
  }
}

/** Labels worth asking about: few, agreed on rather than given, and contradicted by a tool that is right about most others. */
function contestedOf(plan: MakePlan, verdict: Verdict): { example: Example; toolAnswer: string }[] {
  const { wrong, extractedTexts } = verdict
  if (wrong.length === 0 || wrong.length > MAX_CONTESTED || extractedTexts.length < wrong.length * 2) return []
  return [...plan.shown, ...plan.heldBack].flatMap((example) => {
    const one = wrong.find(({ text }) => text === example.text)
    return one === undefined || example.source !== 'agreed' ? [] : [{ example, toolAnswer: one.answer }]
  })
}

/** The answer that most of the new samples give, if it is the label's or the tool's; null where they give neither. */
async function settle(make: Make, example: Example, toolAnswer: string): Promise<string | null> {
  const { kind, services } = make
  const frame = kind.frame === '' ? null : await services.registry.runs.frame(example.run, kind.frame)
  const prompt = answerPrompt({ text: example.text }, frame)
  const key = hashOf(example.text).slice(0, 16)
  const replies = await Promise.all(
    Array.from({ length: VOTES }, (_, at) => {
      const how = { temperature: TEMPERATURE, seed: 100 + at }
      const call = prompt.body === undefined ? { ...prompt, ...how } : { ...prompt, body: { ...prompt.body, ...how } }
      return make.ask('label', `relabel:${key}:${at}`, call)
    }),
  )
  const votes = (answer: string) => replies.filter((reply) => reply !== null && normalAnswer(reply.text) === normalAnswer(answer)).length
  if (votes(toolAnswer) * 2 > VOTES) return toolAnswer
  return votes(example.answer) * 2 > VOTES ? example.answer : null
}
