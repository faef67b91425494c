import { expect, test } from 'vitest'
import { exactUsd, nanoOfUsd, shownCost, shownShare, shownUsd } from './usd.ts'

test.each([
  [0, '0'],
  [1, '0.000000001'],
  [12_345, '0.000012345'],
  [1_500_000_000, '1.5'],
  [123_000_000_000, '123'],
  [9_007_199_254_740_991, '9007199.254740991'],
  [-250_000_000, '-0.25'],
])('%d nano-dollars are exactly %s dollars', (nano, usd) => {
  expect(exactUsd(nano)).toBe(usd)
  expect(nanoOfUsd(usd)).toBe(nano)
})

test('refuses what is not exact', () => {
  expect(() => exactUsd(0.5)).toThrow(RangeError)
  expect(() => exactUsd(2 ** 60)).toThrow(RangeError)
  expect(['', '1e3', '.5', '$1', '0.0000000001', 'NaN', '9999999.999999999'].map(nanoOfUsd)).toEqual(Array(7).fill(null))
})

test.each([
  [0, '$0.0000'],
  [1, '<$0.0001'],
  [40_000, '<$0.0001'],
  [-1, '-<$0.0001'],
  [1_234_567, '$0.0012'],
  [-250_000_000, '-$0.2500'],
  [999_960_000, '$1.0000'],
  [12_345_678_900, '$12.35'],
  [1_234_567_890_000, '$1,234.57'],
])('%i nano-dollars are shown as %s', (nano, shown) => expect(shownUsd(nano)).toBe(shown))

test('an unknown cost is never shown as nothing', () => expect([shownCost(null), shownCost(0)]).toEqual(['unknown', '$0.0000']))

test('a share is all or nothing only where it is exactly that', () => {
  expect([
    shownShare(0, 10),
    shownShare(10, 10),
    shownShare(1, 3),
    shownShare(1, 100_000),
    shownShare(99_999, 100_000),
    shownShare(0, 0),
  ]).toEqual(['0 %', '100 %', '33.3 %', '<0.1 %', '>99.9 %', '–'])
})
