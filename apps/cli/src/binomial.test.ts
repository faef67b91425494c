import { expect, test } from 'vitest'
import { exactInterval, lowerTail, upperTail } from './binomial.ts'

test('tails are the exact sums', () => {
  // Ten tosses of a coin: 11 of 1024 outcomes have nine heads or more.
  expect(upperTail(9, 10, 0.5)).toBeCloseTo(11 / 1024, 14)
  expect(lowerTail(1, 10, 0.5)).toBeCloseTo(11 / 1024, 14)
  expect(upperTail(4, 10, 0.3) + lowerTail(3, 10, 0.3)).toBeCloseTo(1, 12)
})

test('tails at the edges', () => {
  expect([upperTail(0, 10, 0.3), upperTail(11, 10, 0.3), lowerTail(10, 10, 0.3)]).toEqual([1, 0, 1])
  expect([upperTail(1, 10, 0), upperTail(10, 10, 1), lowerTail(9, 10, 1), lowerTail(0, 10, 0)]).toEqual([0, 1, 0, 1])
})

// Worked out apart from this, in exact fractions.
test.each([
  [0, 10, 0.95, 0, 0.3084971],
  [5, 10, 0.95, 0.187086, 0.812914],
  [10, 10, 0.95, 0.6915029, 1],
  [1, 20, 0.99, 0.000250598, 0.3171417],
])('the interval of %i of %i at %f', (successes, trials, level, low, high) => {
  const interval = exactInterval(successes, trials, level)
  expect(interval.low).toBeCloseTo(low, 5)
  expect(interval.high).toBeCloseTo(high, 5)
})

test('a share is in the interval exactly when neither tail is too rare', () => {
  const alpha = 0.0005
  for (const share of [0.5, 0.86, 0.9, 0.95, 0.99]) {
    const { low, high } = exactInterval(110, 120, 0.999)
    const isLikely = upperTail(110, 120, share) > alpha && lowerTail(110, 120, share) > alpha
    expect(share >= low && share <= high).toBe(isLikely)
  }
})

test('stays exact over many trials', () => {
  const { low, high } = exactInterval(2_700, 3_000, 0.999)
  expect(low).toBeGreaterThan(0.88)
  expect(high).toBeLessThan(0.918)
  expect(upperTail(2_700, 3_000, low)).toBeCloseTo(0.0005, 6)
})
