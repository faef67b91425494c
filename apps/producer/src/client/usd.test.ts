import { expect, test } from 'vitest'
import { exactUsd, nanoOfUsd, shownMoney, shownUsd } from './usd.ts'

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
  expect(['', '1e3', '.5', '0.0000000001', 'NaN', '9999999.999999999'].map(nanoOfUsd)).toEqual([null, null, null, null, null, null])
})

test('shows dollars to people, and nothing known as nothing', () => {
  expect([12_345_678, 0, 40_000, -40_000, 1_234_567_890_000, 999_960_000].map(shownUsd)).toEqual([
    '$0.0123',
    '$0.0000',
    '<$0.0001',
    '-<$0.0001',
    '$1,234.57',
    '$1.0000',
  ])
  expect(shownMoney({ nano: 0, unknown: 3 })).toBe('unknown')
  expect(shownMoney({ nano: 12_345_678, unknown: 3 })).toBe('at least $0.0123')
  expect(shownMoney({ nano: 0, unknown: 0 })).toBe('$0.0000')
})
