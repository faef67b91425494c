import type { KindMoney } from '@toolwright/registry'
import { expect, test } from 'vitest'
import { type AnswerCost, answerCost } from './answer-cost.ts'
import { baselineRange } from './baseline-range.ts'
import { countInterval } from './sample-error.ts'

const strong = () => 500

function paid(...costs: number[]): KindMoney {
  const sum = (of: (cost: number) => number) => costs.reduce((total, cost) => total + of(cost), 0)
  return {
    direct: { calls: costs.length, costNano: sum((cost) => cost), unpriced: 0, promptTokens: 10, outputTokens: 10, textBytes: 100 },
    squares: { calls: costs.length, sum: sum((cost) => cost ** 2) },
    atLight: { calls: 0, costNano: 0 },
    makes: { calls: 0, costNano: 0, unpriced: 0 },
    uses: { count: 0, priced: 0, costNano: 0, savedNano: 0 },
  }
}

function answersOf(...costs: number[]): AnswerCost {
  return answerCost(paid(...costs), paid(...costs), 100, strong)
}

/** Uniform in [0, 1), the same at every run. */
function generator(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

test("a kind's paid answers give Student's interval, one alone half to twice, and equal ones no less than one of them may be off", () => {
  // s² = 200 of two answers, for 3 requests: 12.706 · √(200 · (9/2 + 3)).
  expect(answersOf(1_000_090, 1_000_110).of(3)).toEqual({
    low: 3_000_300 - 1_500_150 / 2,
    expected: 3_000_300,
    high: 3_000_300 + 1_500_150,
  })
  expect(answersOf(900, 1_100, 1_000).of(1)).toEqual({ low: 503, expected: 1_000, high: 1_497 })
  expect(answersOf(1_000).of(3)).toEqual({ low: 1_500, expected: 3_000, high: 6_000 })
  expect(answersOf(1_000, 1_000, 1_000, 1_000).of(3)).toEqual({ low: 2_625, expected: 3_000, high: 3_750 })
  // Of other kinds, and of none.
  expect(answerCost(null, paid(1_000), 100, strong).of(2)).toEqual({ low: 500, expected: 1_000, high: 2_000 })
  expect(answerCost(null, paid(), 100, strong).of(2)).toEqual({ low: 100, expected: 1_000, high: 6_000 })
})

test('of a sample, the whole may hold what its share says with 95 % confidence; of all of the input there is no doubt', () => {
  expect(countInterval(30, { requests: 300, sampled: 300 })).toEqual({ low: 30, high: 30 })
  expect(countInterval(299, { requests: 300, sampled: 299 })).toEqual({ low: 299, high: 300 })
  expect(countInterval(0, { requests: 10_000, sampled: 100 }).low).toBe(0)
  const random = generator(11)
  let held = 0
  for (let round = 0; round < 1_000; round++) {
    // 60 requests of 400 are of the kind, and half of all are drawn.
    let found = 0
    for (let drawn = 0; drawn < 200; drawn++) if (random() < (60 - found) / (400 - drawn)) found++
    const { low, high } = countInterval(found, { requests: 400, sampled: 200 })
    if (low <= 60 && 60 <= high) held++
  }
  expect(held).toBeGreaterThan(930)
})

test('the interval of a baseline holds what the requests would have cost 95 times of 100, from a sample and few paid answers', () => {
  const random = generator(5)
  // Sums of four are about normal.
  const cost = (mean: number) => Math.round(mean * (0.6 + (random() + random() + random() + random()) / 5))
  const means = [100_000, 400_000, 2_500_000]
  let held = 0
  let widths = 0
  const ROUNDS = 200
  for (let round = 0; round < ROUNDS; round++) {
    const kinds = Array.from({ length: 1_000 }, () => Math.floor(random() ** 2 * 3))
    const truth = kinds.reduce((sum, kind) => sum + cost(means[kind]!), 0)
    const found = [0, 0, 0]
    for (let drawn = 0; drawn < 250; drawn++) found[kinds.splice(Math.floor(random() * kinds.length), 1)[0]!]!++
    const groups = means.map((mean, kind) => ({
      found: found[kind]!,
      requests: found[kind]! * 4,
      answer: answersOf(...Array.from({ length: 6 }, () => cost(mean))),
    }))
    const range = baselineRange(groups, { requests: 1_000, sampled: 250 })
    expect(range).toMatchObject({ observations: 18, measured: 1_000, once: 0, assumed: 0 })
    if (range.low! <= truth && truth <= range.high!) held++
    widths += (range.high! - range.low!) / truth
  }
  expect(held / ROUNDS).toBeGreaterThan(0.9)
  // An interval that held everything would say nothing.
  expect(widths / ROUNDS).toBeLessThan(0.6)
})

test('requests of kinds that nobody paid for have their own doubt in the baseline, and are counted', () => {
  const own = { found: 10, requests: 10, answer: answersOf(1_000) }
  const other = { found: 4, requests: 4, answer: answerCost(null, paid(1_000), 100, strong) }
  expect(baselineRange([own, other], { requests: 14, sampled: 14 })).toEqual({
    low: 5_000 + 1_000,
    expected: 10_000 + 2_000,
    high: 20_000 + 4_000,
    observations: 1,
    measured: 0,
    once: 10,
    assumed: 4,
  })
  const unknown = { ...other, answer: answerCost(null, paid(1_000), 100, () => null) }
  expect(baselineRange([own, unknown], { requests: 14, sampled: 14 })).toMatchObject({ low: null, expected: null, high: null, once: 10 })
})
