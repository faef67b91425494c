import { type LineResult, RunSettings } from '@toolwright/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requestsIn } from './latencies.ts'
import { openTestRegistry, type TestRegistry } from './testing.ts'

const RUN = 'r-aaaaaaaaaa'

let data: TestRegistry
let kind: string
beforeEach(async () => {
  data = openTestRegistry()
  await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
  kind = await data.registry.kinds.named('sort', '', 'Sort b a')
})
afterEach(() => data.close())

function result(more: Partial<LineResult & { status: 'answered' }> = {}): LineResult {
  return {
    status: 'answered',
    seq: 0,
    customId: 'x',
    kind,
    kindName: null,
    decidedBy: null,
    costNano: 0,
    baseline: { costNano: 700, basis: 'measured' },
    tier: 'extracted',
    tool: `${kind}@1`,
    version: 1,
    model: 'm',
    answer: 'a',
    completion: null,
    usage: null,
    correct: true,
    ...more,
  }
}

test("a kind's tools are credited with what each use saved, or lost; direct answers and copies are no uses", async () => {
  const { totals, money } = data.registry
  const unknown = { costNano: null, basis: 'unknown' as const }
  await totals.addResults(RUN, [
    result(),
    result({ seq: 1, tier: 'called', costNano: 900 }),
    result({ seq: 2, tier: 'called', costNano: 30, baseline: unknown }),
    result({ seq: 3, duplicateOf: 'x' }),
    result({ seq: 4, tier: 'direct', costNano: 700 }),
  ])
  await totals.addResults(RUN, [result({ seq: 5 }), result({ seq: 6, kind: null })])
  expect((await money.ofKind(kind)).uses).toEqual({ count: 4, priced: 3, costNano: 900, savedNano: 700 - 200 + 700 })
  expect(await totals.read()).toMatchObject({ 'answered:extracted': 4, 'answered:called': 2, 'answered:direct': 1, baselineNano: 4_200 })
})

test('latencies are counted by tier, where they are known', async () => {
  const { totals } = data.registry
  const took = new Map([
    [0, 0.4],
    [1, 1_150],
  ])
  await totals.addResults(RUN, [result(), result({ seq: 1, tier: 'direct' }), result({ seq: 2, tier: 'direct' })], took)
  const { extracted, called, direct } = await totals.latencies(RUN)
  expect([extracted, called, direct].map(requestsIn)).toEqual([1, 0, 1])
  expect(extracted[0]).toBe(1)
})

test('a run and a kind that are gone leave nothing in their names', async () => {
  await data.registry.runs.forget(RUN)
  await data.registry.totals.addResults(RUN, [result({ kind: 'k-gone-1a2b3c' })], new Map([[0, 1]]))
  const left = await data.redis.keys(`${data.keyPrefix}*`)
  expect(left.filter((key) => key.includes(RUN) || key.includes('k-gone'))).toEqual([])
})
