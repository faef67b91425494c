import { RunSettings, type Tokens } from '@toolwright/contracts'
import { familyNamed, generateStream } from '@toolwright/families'
import type { Intent, KeptReply } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TokenCost } from './answer-cost.ts'
import { estimateCost } from './estimate-cost.ts'
import type { SampleGroup } from './input-sample.ts'
import type { Range } from './range.ts'

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
  expect(await estimate([group('alike', 100), group('alike', 2)], 102, free)).toMatchObject({ cost: nothing, baseline: nothing })
  await pay(null, 0)
  expect(await estimate([group('alike', 100)], 100, free)).toMatchObject({ cost: nothing, baseline: nothing, observations: 1 })
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
  expect(expected!).toBeLessThan(found.baseline.expected! / 2)
  expect(high!).toBeGreaterThan(found.baseline.expected!)
  expect(found.baseline).toMatchObject({ observations: 0, measured: 0, once: 0, assumed: 1_120 })
  expect(found.baseline.low!).toBeLessThan(found.baseline.expected! / 5)
  expect(found.baseline.high!).toBeGreaterThan(found.baseline.expected! * 5)
})

test('what was paid for says what a request costs, and a tool that serves costs nothing where it reads every request', async () => {
  const kind = await data.registry.kinds.named('sort', '', 'Sort b a')
  for (let n = 0; n < 4; n++) await pay(kind, 1_000_000)
  const direct = await estimate([group('kind', 5, kind)], 5)
  expect(direct.observations).toBe(4)
  // Four answers that cost the same: one of them may still be off as a single one may be, by half or by all of it.
  expect(direct.baseline).toMatchObject({ low: 4_375_000, expected: 5_000_000, high: 6_250_000, observations: 4, measured: 5 })
  expect(direct.groups[0]).toMatchObject({ how: 'strong model', cost: { low: 4_375_000 } })
})

const width = ({ low, high }: Range, factor: number) => (high! - low!) / factor

test('a kind that no tool can serve costs what the strong model does, within what its paid answers and the sample say', async () => {
  const { kinds } = data.registry
  const texts = [...generateStream({ families: [familyNamed('irony')!], count: 50, seed: 1, mix: false })].map(({ text }) => text)
  const irony = await kinds.named('irony', '', texts[0]!)
  const sort = await kinds.named('sort', '', 'Sort b a')
  await kinds.settle(irony, (await kinds.get(irony))!.generation, { end: 'declined', reason: 'no program tells', cooldownMs: 60_000 })
  const ironical = { ...group('kind', texts.length, irony), textBytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) }

  await pay(irony, 900_000)
  const once = await estimate([ironical], 50)
  expect(once.groups[0]!.how).toBe('strong model')
  expect(once.cost).toEqual({ low: 22_500_000, expected: 45_000_000, high: 90_000_000 })
  expect(once.baseline).toMatchObject({ ...once.cost, observations: 1, measured: 0, once: 50, assumed: 0 })

  for (const cost of [1_100_000, 950_000, 1_050_000]) await pay(irony, cost)
  // s² = 1/120 · 10¹², three degrees of freedom: 3.182 · √(s² · (50²/4 + 50)).
  const off = 3.182 * Math.sqrt((5e10 / 6) * (50 ** 2 / 4 + 50))
  const all = await estimate([ironical], 50)
  expect(all.cost.expected).toBe(50_000_000)
  expect(all.cost.low! / (50_000_000 - off)).toBeCloseTo(1, 3)
  expect(all.cost.high! / Math.max(50_000_000 + off, 62_500_000)).toBeCloseTo(1, 3)
  expect(all.baseline).toMatchObject({ ...all.cost, observations: 4, measured: 50 })

  // The same share of a sample says less.
  await pay(sort, 100_000)
  await pay(sort, 110_000)
  const two = (factor: number) => estimate([ironical, group('kind', 50, sort)], 100 * factor)
  const [whole, sampled] = [await two(1), await two(20)]
  expect(whole.groups[0]).toMatchObject({ requests: 50, atLeast: 50, atMost: 50 })
  const first = sampled.groups[0]!
  expect(first).toMatchObject({ how: 'strong model', requests: 1_000, atLeast: expect.any(Number) })
  expect([first.atLeast, first.atMost].map((count) => Math.round(count / 20))).toEqual([41, 59])
  expect(width(sampled.baseline, 20)).toBeGreaterThan(width(whole.baseline, 1))
  expect(width(sampled.cost, 20)).toBeGreaterThan(width(whole.cost, 1))
})

test('no range is without width while its price is known and not zero', async () => {
  const { kinds } = data.registry
  const known = await kinds.named('sort', '', 'Sort b a')
  const groups = [group('kind', 40, known), group('alike', 300), group('single', 5), group('whole', 5)]
  const check = async () => {
    const { groups: found, cost, baseline } = await estimate(groups, 350)
    for (const { low, expected, high } of [...found.map((one) => one.cost), cost, baseline]) {
      expect(low!).toBeLessThan(expected!)
      expect(expected!).toBeLessThan(high!)
    }
  }
  for (const payments of [0, 1, 1, 5]) {
    for (let n = 0; n < payments; n++) await pay(known, 1_000_000)
    await check()
  }
})

test('a price that is unknown makes the sum unknown, never zero', async () => {
  const found = await estimate([group('alike', 100), group('whole', 3)], 103, { strong: () => null, light: () => null })
  expect(found.cost).toEqual({ low: null, expected: null, high: null })
  expect(found.baseline).toMatchObject({ low: null, expected: null, high: null, assumed: 103 })
})
