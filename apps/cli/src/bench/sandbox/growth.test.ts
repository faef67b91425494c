import { expect, test } from 'vitest'
import { growthOf, ratioOf, worstOf } from './growth.ts'

const series = (length: number, value: (at: number) => number) => Array.from({ length }, (_, at) => value(at))

test('a start-up and single peaks are no growth', () => {
  const values = series(100, (at) => (at < 15 ? at : at % 10 === 0 ? 90 : 20))
  expect(growthOf(values)).toEqual({ samples: 100, early: 20, late: 20 })
})

test('a slow leak is', () => {
  const growth = growthOf(series(100, (at) => 100 + at))
  expect(growth).toEqual({ samples: 100, early: 129.5, late: 189.5 })
  expect(growth && ratioOf(growth)).toBeCloseTo(1.46)
})

test('too few samples say nothing; the worst of several is the one that grew most', () => {
  expect(growthOf(series(24, () => 1))).toBeNull()
  const [flat, leaking] = [growthOf(series(50, () => 500)), growthOf(series(50, (at) => 1 + at))]
  expect(worstOf([flat, null, leaking])).toBe(leaking)
  expect(worstOf([null])).toBeNull()
})
