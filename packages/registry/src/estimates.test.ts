import { expect, test } from 'vitest'
import { baselineSpread, directMean, lightAnswerNano } from './estimates.ts'
import { kindMoney, type KindMoney } from './kind-money.ts'
import { studentT95 } from './student-t.ts'

function paid(...costs: number[]): KindMoney {
  const sum = (of: (cost: number) => number) => String(costs.reduce((total, cost) => total + of(cost), 0))
  return kindMoney({
    calls: String(costs.length),
    cost: sum((cost) => cost),
    squaredCalls: String(costs.length),
    costSquares: sum((cost) => cost ** 2),
  })
}

/** Uniform in [0, 1), the same at every run. */
function generator(): () => number {
  let state = 987_654
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

test("Student's quantile is the table's", () => {
  const table = [
    [1, 12.706],
    [2, 4.303],
    [10, 2.228],
    [11, 2.201],
    [15, 2.131],
    [30, 2.042],
    [120, 1.98],
    [Infinity, 1.96],
  ] as const
  for (const [degrees, quantile] of table) expect(studentT95(degrees)).toBeCloseTo(quantile, 2)
  // Rather too wide than too narrow.
  expect(studentT95(2.9)).toBe(studentT95(2))
})

test('one kind: the error of its mean, and of each request', () => {
  // s² = 200 of two calls; 3 requests: 200 · (9/2 + 3) = 1,500, one degree of freedom.
  expect(baselineSpread([{ measured: 3, assumed: 0, money: paid(90, 110) }])).toEqual({
    plusMinusNano: Math.round(12.706 * Math.sqrt(1_500)),
    observations: 2,
    covered: 3,
    uncovered: 0,
  })
})

test('costs that never differ leave no doubt that could be told', () => {
  expect(baselineSpread([{ measured: 1_000, assumed: 0, money: paid(70, 70, 70) }]).plusMinusNano).toBe(0)
})

test('nothing is said of kinds with fewer than two observations, of assumed baselines, and of calls whose squares nobody kept', () => {
  const old = { ...paid(80, 90), squares: { calls: 1, sum: 8_100 } }
  const none = { plusMinusNano: null, observations: 0, covered: 0 }
  expect(baselineSpread([])).toEqual({ ...none, uncovered: 0 })
  expect(
    baselineSpread([
      { measured: 5, assumed: 2, money: paid(80) },
      { measured: 7, assumed: 0, money: null },
      { measured: 1, assumed: 0, money: old },
    ]),
  ).toEqual({ ...none, uncovered: 15 })
})

test('holds what really would have been paid in about 95 of 100 cases', () => {
  const next = generator()
  const cost = (mean: number) => Math.round(mean * (0.5 + next()))
  let within = 0
  const rounds = 600
  for (let round = 0; round < rounds; round++) {
    const kinds = [5_000, 20_000, 100_000].map((mean) => ({ mean, calls: 3 + Math.floor(next() * 8), measured: Math.floor(next() * 200) }))
    const seen = kinds.map(({ mean, calls, measured }) => ({ measured, costs: Array.from({ length: calls }, () => cost(mean)) }))
    const estimate = seen.reduce((sum, { measured, costs }) => sum + (measured * costs.reduce((a, b) => a + b, 0)) / costs.length, 0)
    let truth = 0
    for (const { mean, measured } of kinds) for (let at = 0; at < measured; at++) truth += cost(mean)
    const { plusMinusNano } = baselineSpread(seen.map(({ measured, costs }) => ({ measured, assumed: 0, money: paid(...costs) })))
    if (Math.abs(estimate - truth) <= (plusMinusNano ?? 0)) within++
  }
  expect(within / rounds).toBeGreaterThan(0.92)
  expect(within / rounds).toBeLessThan(0.99)
})

test('the mean of direct calls has an interval from two on', () => {
  expect(directMean(paid())).toBe(null)
  expect(directMean(paid(80))).toEqual({ nano: 80, observations: 1, plusMinusNano: null })
  expect(directMean(paid(90, 110))).toEqual({ nano: 100, observations: 2, plusMinusNano: expect.closeTo(12.706 * 10) })
})

test("the light model's answer is its price on the kind's own tokens, or else on all kinds'", () => {
  const all = kindMoney({ lightCalls: '4', lightCost: '1000' })
  expect(lightAnswerNano(kindMoney({ lightCalls: '2', lightCost: '75' }), all)).toBe(37.5)
  expect(lightAnswerNano(paid(80), all)).toBe(250)
  expect(lightAnswerNano(null, kindMoney({}))).toBe(null)
  // A model of one's own at the price zero.
  expect(lightAnswerNano(kindMoney({ lightCalls: '2' }), all)).toBe(0)
})
