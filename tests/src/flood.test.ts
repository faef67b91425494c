import { familyNamed, generateStream, type StreamLine } from '@toolwright/families'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerOf, openPipeline, type Pipeline, type RunEnd, seqsOf } from './pipeline.ts'
import { served, type Served } from './served.ts'

/** Lines of a kind that may be answered directly to gather examples: the counter's 10, raised one for one up to 20 (DESIGN.md, section 3). */
const MAX_GATHERING = 20
/** Texts that gather before they are a kind. */
const MAX_NURSERY = 3
/** Answers that must agree to make an example. */
const VOTES = 2
/** Refused lines that are asked for once more, for a new version. */
const MAX_REFUSED_ASKED = 20

/** With a drift half-way: hundreds of lines in a wording that the tool's `extract` refuses come at once too. */
const family = familyNamed('unit-conversion')!
const flood: StreamLine[] = [...generateStream({ families: [family], count: 2_000, seed: 41, mix: true, typoShare: 0 })]
const warm: StreamLine[] = [...generateStream({ families: [family], count: 500, seed: 42, mix: true, typoShare: 0 })]

let pipeline: Pipeline
let cold: { end: RunEnd; served: Served }

beforeAll(async () => {
  // A tool user that makes no slips: then no line goes from `called` to the strong model, and every strong answer was let through by a counter.
  const light = { call: { otherwise: 0 }, 'call-again': { otherwise: 0 } }
  // And a strong model that is right, or a label that two wrong answers agreed on could keep `extract` from serving.
  const strong = { answer: { families: { [family.name]: 0 } } }
  pipeline = await openPipeline({ stages: { user: 2 }, settings: { wrongness: { light, strong } } })
  const end = await pipeline.run(flood.map((line) => ({ input: line.text })))
  cold = { end, served: await served(pipeline) }
}, 180_000)
afterAll(() => pipeline.close(), 60_000)

test('a flood of one cold kind is answered, each line once, and rightly where no model was asked', () => {
  const { end } = cold
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(end.results)).toEqual(flood.map((_, at) => at))
  const extracted = end.results.filter((result) => result.toolwright.tier === 'extracted')
  expect(extracted.filter((result) => answerOf(result) !== flood[result.toolwright.seq]!.target)).toEqual([])
  // How many come before the tool is made that reads the later wording hangs on time; that one tool or another answers nearly all does not.
  expect(extracted.length, end.talk).toBeGreaterThan(flood.length * 0.5)
  const direct = end.results.filter((result) => result.toolwright.tier === 'direct')
  expect(direct.length, end.talk).toBeLessThan(flood.length * 0.05)
})

test('it spends no more strong answers than the counters let through, whatever comes at once', async () => {
  const direct = cold.end.results.filter((result) => result.toolwright.tier === 'direct').length
  const kinds = new Set(cold.end.results.map((result) => result.toolwright.kind)).size
  expect(kinds, 'kinds that one family was taken for').toBeLessThanOrEqual(2)
  expect(direct).toBeLessThanOrEqual(kinds * (MAX_GATHERING + MAX_NURSERY))
  const versions = [...(await pipeline.publishedVersions()).values()].reduce((sum, count) => sum + count, 0)
  expect(cold.served.replies('strong', 'answer')).toBeLessThanOrEqual(
    kinds * (MAX_GATHERING + MAX_NURSERY) * VOTES + versions * MAX_REFUSED_ASKED,
  )
})

test('each make publishes one version, and there are few', async () => {
  const published = [...(await pipeline.publishedVersions()).keys()]
  expect(published.length).toBeGreaterThan(0)
  for (const kind of published) {
    const generations = (await pipeline.registry.tools.versions(kind)).map((tool) => tool.generation)
    expect(new Set(generations).size).toBe(generations.length)
    // What a version is made from may show but one wording.
    expect(generations.length, cold.end.talk).toBeLessThanOrEqual(family.wordings)
  }
})

test(
  'once warm, under 2 % of the requests cost a model call to find their kind, and none a direct answer',
  { timeout: 60_000 },
  async () => {
    const end = await pipeline.run(warm.map((line) => ({ input: line.text })))
    expect(end.code, end.talk).toBe(0)
    expect(seqsOf(end.results)).toEqual(warm.map((_, at) => at))
    const now = await served(pipeline)
    expect(now.replies('light', 'judge') - cold.served.replies('light', 'judge')).toBeLessThan(warm.length * 0.02)
    expect(end.results.filter((result) => result.toolwright.tier === 'direct')).toEqual([])
  },
)
