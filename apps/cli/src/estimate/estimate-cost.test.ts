import { RunSettings, type Tokens } from '@toolwright/contracts'
import type { Intent, KeptReply } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { estimateCost, type TokenCost } from './estimate-cost.ts'
import type { SampleGroup } from './input-sample.ts'

const RUN = 'r-aaaaaaaaaa'
const strong: TokenCost = ({ uncachedInput, output }: Tokens) => uncachedInput * 1_000 + output * 10_000
const light: TokenCost = (tokens) => Math.round(strong(tokens)! / 10)

let data: TestRegistry
beforeEach(async () => {
  data = openTestRegistry()
  await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
})
afterEach(() => data.close())

function group(about: SampleGroup['about'], requests: number, kind: string | null = null): SampleGroup {
  return { about, kind, label: 'Sort', requests, textBytes: requests * 200 }
}

function estimate(groups: SampleGroup[], requests: number, models = { strong, light }) {
  const sampled = groups.reduce((sum, one) => sum + one.requests, 0)
  return estimateCost(data.registry, models, { requests, sampled, unusable: 0, groups })
}

let calls = 0
async function pay(kind: string | null, costNano: number): Promise<void> {
  const intent: Intent = {
    run: RUN,
    field: `${calls++}:answer`,
    kind,
    role: 'strong',
    purpose: 'answer',
    model: 'big',
    boundNano: 1,
    timeoutMs: 1_000,
    textBytes: 200,
  }
  const reply: KeptReply = {
    v: 1,
    text: 'a',
    finish: 'stop',
    model: 'big',
    tokens: { uncachedInput: 70, cacheRead: 0, cacheWrite: 0, output: 5 },
    costNano,
    price: 'test',
    completion: null,
  }
  await data.registry.money.settle(intent, 1, reply)
}

test('models of one’s own at the price zero are expected to cost nothing, which is not unknown', async () => {
  const free = { strong: () => 0, light: () => 0 }
  const nothing = { low: 0, expected: 0, high: 0 }
  expect(await estimate([group('alike', 100), group('alike', 2)], 102, free)).toMatchObject({ cost: nothing, baseline: 0 })
  await pay(null, 0)
  expect(await estimate([group('alike', 100)], 100, free)).toMatchObject({ cost: nothing, baseline: 0, observations: 1 })
})

test('before anything was paid for, the range is wide, and a tool is made where there are many requests', async () => {
  const found = await estimate([group('alike', 100), group('alike', 2), group('whole', 10)], 1_120)
  expect(found.observations).toBe(0)
  expect(found.groups.map(({ how, requests }) => ({ how, requests }))).toEqual([
    { how: 'tool to be made', requests: 1_000 },
    { how: 'strong model', requests: 20 },
    { how: 'strong model', requests: 100 },
  ])
  const { low, expected, high } = found.cost
  expect(low!).toBeLessThan(expected!)
  expect(expected!).toBeLessThan(found.baseline! / 2)
  expect(high!).toBeGreaterThan(found.baseline!)
})

test('what was paid for says what a request costs, and a tool that serves costs nothing where it reads every request', async () => {
  const kind = await data.registry.kinds.named('sort', '', 'Sort b a')
  for (let n = 0; n < 4; n++) await pay(kind, 1_000_000)
  const direct = await estimate([group('kind', 5, kind)], 5)
  expect(direct.observations).toBe(4)
  expect(direct.baseline).toBe(5_000_000)
  expect(direct.groups[0]).toMatchObject({ how: 'strong model', cost: { low: 5_000_000 } })
})

test('a price that is unknown makes the sum unknown, never zero', async () => {
  const found = await estimate([group('alike', 100), group('whole', 3)], 103, { strong: () => null, light: () => null })
  expect(found.cost).toEqual({ low: null, expected: null, high: null })
  expect(found.baseline).toBeNull()
})
