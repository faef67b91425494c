import type { Intent, KeptReply } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { estimateRun } from './run-estimates.ts'
import { createTally } from './tally.ts'

const RUN = 'r-aaaaaaaaaa'

let data: TestRegistry
beforeEach(() => {
  data = openTestRegistry()
})
afterEach(() => data.close())

let calls = 0
async function pay(kind: string | null, costNano: number | null, atLightNano: number | null, price = 'list 1: big'): Promise<void> {
  const intent: Intent = {
    run: RUN,
    field: `${calls++}:answer`,
    kind,
    role: 'strong',
    purpose: 'answer',
    model: 'big',
    boundNano: null,
    timeoutMs: 1_000,
    textBytes: 9,
  }
  const tokens = { uncachedInput: 7, cacheRead: 0, cacheWrite: 0, output: 1 }
  const reply: KeptReply = { v: 1, text: '', finish: 'stop', model: 'big', tokens, costNano, price, completion: null }
  await data.registry.money.settle(intent, 1, reply, atLightNano)
}

test('holds a run against both baselines: its own kinds first, then all', async () => {
  const { kinds, money } = data.registry
  const [sort, add] = [await kinds.named('sort', '', 'Sort b a'), await kinds.named('add', '', 'Add 1 2')]
  await pay(sort, 90, 9)
  await pay(sort, 110, 11)
  await pay(null, 400, 40)
  const tally = createTally()
  tally.kinds = { [sort]: [5, 3, 0], [add]: [2, 0, 2], 'k-gone-1a2b3c': [1, 1, 0], '': [1, 0, 1] }
  const { spread, atLightNano } = await estimateRun(money, RUN, tally)
  expect(spread).toMatchObject({ observations: 2, covered: 3, uncovered: 4, plusMinusNano: Math.round(12.706 * Math.sqrt(1_500)) })
  // Five at the mean of their kind, four at the mean of all (20).
  expect(atLightNano).toBe(5 * 10 + 4 * 20)
})

test('what the light model would cost is unknown where its price is', async () => {
  await pay(null, 400, null)
  const tally = createTally()
  tally.kinds = { '': [1, 0, 0] }
  expect(await estimateRun(data.registry.money, RUN, tally)).toMatchObject({ atLightNano: null, spread: { plusMinusNano: null } })
})

test('names each price once, and tells one that is zero from one that is not known', async () => {
  await pay(null, 0, null, 'price file 1: own')
  await pay(null, 0, null, 'price file 1: own')
  const estimates = await estimateRun(data.registry.money, RUN, createTally())
  expect(estimates.prices).toEqual([{ role: 'strong', price: 'price file 1: own', models: ['big'], isZero: true }])
  await pay(null, null, null, 'unknown')
  const more = await estimateRun(data.registry.money, RUN, createTally())
  expect(more.prices.map(({ price, isZero }) => [price, isZero])).toEqual([
    ['price file 1: own', true],
    ['unknown', false],
  ])
})
