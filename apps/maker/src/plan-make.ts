import { type Example, hashOf } from '@toolwright/contracts'
import { type Kind, type MakePlan, originOf } from '@toolwright/registry'
import type { Services } from './services.ts'
import { groupByWording } from './wordings.ts'

/** The paper's split: three examples to propose from, the others held back (LATM, arXiv 2305.17126, section 3.1). */
const SHOWN = 3
const REFUSED_SHOWN = 3
const MAX_HELD_BACK = 7
/** Other kinds whose examples `extract` must refuse, the nearest, and how many of each. */
const FOREIGN_KINDS = 20
const FOREIGN_EACH = 3

/** Which examples are shown and which held back, and what other kinds' texts must be refused; drawn once, by hash, so that no order of arrival decides. */
export async function planMake(services: Services, kind: Kind, examples: Example[]): Promise<MakePlan> {
  const order = (example: Example) => hashOf(kind.id, kind.generation, example.text)
  const drawn = examples.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
  // What the serving version refused is why a tool is made again.
  const isRefused = (example: Example) => kind.version > 0 && example.refusedBy === kind.version
  const refused = inTurn(drawn.filter(isRefused))
  const others = inTurn(drawn.filter((example) => !isRefused(example)))
  const refusedShown = Math.min(REFUSED_SHOWN, Math.floor(refused.length / 2))
  const shown = [...refused.slice(0, refusedShown), ...others.slice(0, SHOWN)]
  const heldBack = [...refused.slice(refusedShown).slice(0, REFUSED_SHOWN), ...others.slice(SHOWN)].slice(0, MAX_HELD_BACK)
  return { v: 1, shown, heldBack, foreign: await foreignTexts(services, kind, shown) }
}

/** Examples of each wording in turn, and last those that read like no other: whoever writes `extract` should see every wording, and no slip. */
function inTurn(examples: Example[]): Example[] {
  const { groups, odd } = groupByWording(examples)
  const varied = groups.map(unlikeAnswersFirst)
  const taken: Example[] = []
  for (let round = 0; taken.length + odd.length < examples.length; round++)
    taken.push(...varied.flatMap((group) => group.slice(round, round + 1)))
  return [...taken, ...odd]
}

/** Answers that are not there yet come first: three times the same answer shows little of the procedure. */
function unlikeAnswersFirst(examples: Example[]): Example[] {
  const seen = new Set<string>()
  const isNew = examples.map(({ answer }) => !seen.has(answer) && seen.add(answer) !== undefined)
  return [...examples.filter((_, at) => isNew[at]), ...examples.filter((_, at) => !isNew[at])]
}

/** Examples of the other kinds that are nearest to any of the examples, the nearest kinds first; of a kind that has none, texts. What is in the nursery may be of this kind. */
async function foreignTexts(services: Services, kind: Kind, examples: Example[]): Promise<MakePlan['foreign']> {
  const { registry, index } = services
  await index.refresh()
  const near = examples
    .flatMap(({ text }) => index.nearest(kind.frame, text, Number.POSITIVE_INFINITY))
    .filter((one) => one.kind.id !== kind.id && one.kind.state !== 'nursery')
    .toSorted((a, b) => b.likeness - a.likeness)
  const others = [...new Set(near.map((one) => one.kind))].slice(0, FOREIGN_KINDS)
  const texts = await Promise.all(
    others.map(async ({ id, reading }) => {
      const trusted = inTurn(await registry.tools.examples(id))
      if (trusted.length > 0) return trusted.slice(0, FOREIGN_EACH).map(({ text, answer, run }) => ({ text, answer, run }))
      return reading.samples.slice(0, FOREIGN_EACH).map((text) => ({ text, answer: null, run: originOf(reading, text) }))
    }),
  )
  return texts.flat()
}
