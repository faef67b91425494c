import { type Extracted, executionOf, extractCalls, readExtracted } from '@toolwright/answering'
import type { Example } from '@toolwright/contracts'
import type { GatheredText } from '@toolwright/registry'
import type { Make } from './make.ts'
import { proposeUnansweredPrompt } from './prompts.ts'
import { readProposal } from './proposal.ts'
import { runSteps } from './run-steps.ts'

/** Texts on which two tools must give the same string before either is believed. */
const MIN_AGREEING = 10
const SHOWN_EACH = 3
const MAX_CANDIDATES = 3

/**
 * Labels for a kind whose direct answers do not agree: candidates are written apart, from different requests; where two of them, run, give the same string, that is
 * the answer. What a model cannot work out in its head its program may. Empty where no two agree on enough texts, or where they contradict each other at all often.
 */
export async function labelByTools(make: Make, texts: GatheredText[]): Promise<Example[]> {
  const { context, kind } = make
  if (texts.length < MIN_AGREEING) return []
  const earlier: Extracted[][] = []
  for (let at = 0; at < MAX_CANDIDATES; at++) {
    const answers = await answersOfCandidate(make, texts, at)
    if (answers === null) continue
    for (const others of earlier) {
      const { labels, contradictions } = compare(make, texts, answers, others)
      context.log.debug({ kind: kind.id, agreeing: labels.length, contradictions }, 'two tools written apart were held against each other')
      if (labels.length >= MIN_AGREEING && contradictions * 10 <= labels.length) return labels
    }
    earlier.push(answers)
  }
  return []
}

/** What one more candidate answers on all the texts; null where there is no candidate. */
async function answersOfCandidate(make: Make, texts: GatheredText[], at: number): Promise<Extracted[] | null> {
  const step = `label-tool-${at + 1}`
  const shown = texts.slice(at * SHOWN_EACH, (at + 1) * SHOWN_EACH)
  const reply = await make.ask('propose', step, proposeUnansweredPrompt(shown, at + 1))
  const proposal = reply === null ? null : readProposal(reply.text)
  if (!proposal?.ok) return null
  const { candidate } = proposal
  const calls = extractCalls(texts.map(({ text }) => text))
  // The candidates run in differing surroundings too: what they agree on hangs on neither clock nor hash seed.
  const surroundings = at % 2 === 0 ? 'first' : 'second'
  const outcomes = await runSteps(make.context, { [step]: executionOf(candidate.source, calls, { surroundings, resetEachCall: true }) })
  return outcomes[step]!.map((outcome) => readExtracted(candidate, outcome))
}

function compare(
  { job }: Make,
  texts: GatheredText[],
  one: Extracted[],
  other: Extracted[],
): { labels: Example[]; contradictions: number } {
  const labels: Example[] = []
  let contradictions = 0
  for (const [at, { text, run }] of texts.entries()) {
    const [first, second] = [one[at]!, other[at]!]
    if (first.status !== 'answered' || second.status !== 'answered') continue
    if (first.answer === second.answer)
      labels.push({ v: 1, text, answer: first.answer, source: 'tools', votes: 2, run: run || job.run, at: Date.now() })
    else contradictions++
  }
  return { labels, contradictions }
}
