import { shownShare } from '@toolwright/contracts'
import { exactInterval, lowerTail } from '../binomial.ts'
import { isRight, type Result, type Sample } from './samples.ts'

/** How often the simulated models are set to be wrong, as shares. */
export interface Wrongness {
  /** The strong model's answers to a family. */
  answer: (family: string) => number
  /** The light model's arguments for a family's tool. */
  call: (family: string) => number
  /** The light model's choice of a kind. */
  judge: (family: string) => number
}

export interface Check {
  isMet: boolean
  /** What is checked, and how it stands. */
  says: string
  /** What a failure means, a line for each. */
  problems: string[]
}

/** Of all families of a tier together: each has its share of the chance that they be told off wrongly (Bonferroni). */
const LEVEL = 0.999

/** What must hold of the demo: it fails otherwise. */
export function verdictOf(samples: readonly Sample[], results: readonly Result[], wrongness: Wrongness): Check[] {
  return [
    checkOneResultEach(samples, results),
    checkAnswered(results),
    checkExtracted(samples, results),
    checkTier(samples, results, { tier: 'called', claim: 'at least as often right', sides: 'one-sided' }, (family, right, all, level) => {
      // A judge's slip may bring a line to a tool that is not for it. Fewer slips than set are fine: what is checked before an answer catches some.
      const share = (1 - wrongness.call(family)) * (1 - wrongness.judge(family))
      return lowerTail(right, all, share) > 1 - level ? null : `at least ${shownShare(share, 1)} was to be expected`
    }),
    checkTier(samples, results, { tier: 'direct', claim: 'as often right', sides: 'two-sided' }, (family, right, all, level) => {
      const share = 1 - wrongness.answer(family)
      const { low, high } = exactInterval(right, all, level)
      return share >= low && share <= high
        ? null
        : `${shownShare(share, 1)} was to be expected, and the interval is ${shownShare(low, 1)} to ${shownShare(high, 1)}`
    }),
  ]
}

function checkOneResultEach(samples: readonly Sample[], results: readonly Result[]): Check {
  const counts = new Map<string, number>()
  for (const { id } of results) counts.set(id, (counts.get(id) ?? 0) + 1)
  const missing = samples.filter(({ id }) => !counts.has(id)).map(({ id }) => id)
  const repeated = [...counts].filter(([, count]) => count > 1).map(([id]) => id)
  const known = new Set(samples.map(({ id }) => id))
  const foreign = [...counts.keys()].filter((id) => !known.has(id))
  return {
    isMet: missing.length + repeated.length + foreign.length === 0,
    says: `every request has exactly one result (${results.length} results for ${samples.length} requests)`,
    problems: [
      ...(missing.length > 0 ? [`${missing.length} requests have none: ${some(missing)}`] : []),
      ...(repeated.length > 0 ? [`${repeated.length} requests have more than one: ${some(repeated)}`] : []),
      ...(foreign.length > 0 ? [`${foreign.length} results belong to no request: ${some(foreign)}`] : []),
    ],
  }
}

function checkAnswered(results: readonly Result[]): Check {
  const failed = results.filter(({ answer }) => answer === null)
  return {
    isMet: failed.length === 0,
    says: `no request failed (the simulator's faults are off)`,
    problems: failed.length === 0 ? [] : [`${failed.length} failed: ${some(failed.map(({ id }) => id))}`],
  }
}

function checkExtracted(samples: readonly Sample[], results: readonly Result[]): Check {
  const wrong: string[] = []
  let all = 0
  for (const { sample, result } of keyed(samples, results, 'extracted')) {
    all++
    if (!isRight(result.answer, sample.target)) wrong.push(`${sample.id} (${sample.family}, by ${result.kind}@${result.version})`)
  }
  return {
    isMet: wrong.length === 0,
    says: `extracted answers are all right (${all - wrong.length} of ${all})`,
    problems:
      wrong.length === 0 ? [] : [`wrong: ${some(wrong)}. A tool that answers what it does not understand should not have been published`],
  }
}

/** `judge` says what is wrong with so many right answers of one family, or null; `level` is that of its interval. */
function checkTier(
  samples: readonly Sample[],
  results: readonly Result[],
  { tier, claim, sides }: { tier: 'called' | 'direct'; claim: string; sides: string },
  judge: (family: string, right: number, all: number, level: number) => string | null,
): Check {
  const families = new Map<string, Map<string, boolean>>()
  for (const { sample, result } of keyed(samples, results, tier)) {
    const texts = families.get(sample.family) ?? new Map<string, boolean>()
    families.set(sample.family, texts)
    // A simulated model says the same to the same text: a text that comes again is no further draw.
    texts.set(`${sample.text}\u0000${result.answer}`, isRight(result.answer, sample.target))
  }
  const problems: string[] = []
  let rightOfAll = 0
  let all = 0
  for (const [family, texts] of families) {
    const right = [...texts.values()].filter(Boolean).length
    const problem = judge(family, right, texts.size, 1 - (1 - LEVEL) / families.size)
    if (problem !== null) problems.push(`${family}: ${right} of ${texts.size} are right, where ${problem}`)
    rightOfAll += right
    all += texts.size
  }
  return {
    isMet: problems.length === 0,
    says: `${tier} answers are in every family ${claim} as the simulator is set to be (${rightOfAll} of ${all}; exact ${sides} intervals, ${LEVEL * 100} % for all families together)`,
    problems,
  }
}

function* keyed(
  samples: readonly Sample[],
  results: readonly Result[],
  tier: Result['tier'],
): Generator<{ sample: Sample & { target: string }; result: Result }> {
  const byId = new Map(samples.map((sample) => [sample.id, sample]))
  for (const result of results) {
    const sample = byId.get(result.id)
    if (result.tier !== tier || sample === undefined || sample.target === null) continue
    yield { sample: { ...sample, target: sample.target }, result }
  }
}

function some(names: readonly string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`
}
