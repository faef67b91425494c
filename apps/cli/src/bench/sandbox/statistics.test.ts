import { expect, test } from 'vitest'
import { median, medianInterval } from './statistics.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)

test('the interval of a median is that of its ranks', () => {
  // As tables of the sign test have them (n = 10: ranks 2 and 9; n = 21: 6 and 16; n = 50: 18 and 33).
  expect([10, 21, 50].map((count) => medianInterval(upTo(count).toReversed()))).toEqual([
    { low: 2, high: 9 },
    { low: 6, high: 16 },
    { low: 18, high: 33 },
  ])
  expect(medianInterval([3, 1, 2])).toEqual({ low: 1, high: 3 })
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(() => medianInterval([])).toThrow(RangeError)
})
