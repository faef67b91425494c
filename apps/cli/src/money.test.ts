import { expect, test } from 'vitest'
import { nanoOfUsd, shownCost, shownShare, shownUsd } from './money.ts'

test.each([
  [0, '$0.0000'],
  [1, '<$0.0001'],
  [-1, '-<$0.0001'],
  [1_234_567, '$0.0012'],
  [-250_000_000, '-$0.2500'],
  [12_345_678_900, '$12.35'],
])('%i nano-dollars are shown as %s', (nano, shown) => expect(shownUsd(nano)).toBe(shown))

test('an unknown cost is never shown as nothing', () => expect([shownCost(null), shownCost(0)]).toEqual(['unknown', '$0.0000']))

test('reads exact dollars back', () => {
  expect(['0', '0.000000001', '1.5', '-0.25', '12'].map(nanoOfUsd)).toEqual([0, 1, 1_500_000_000, -250_000_000, 12_000_000_000])
  for (const wrong of ['', 'a', '1e3', '0.0000000001', '$1']) expect(() => nanoOfUsd(wrong)).toThrow(RangeError)
})

test('a share is all or nothing only where it is exactly that', () => {
  expect([shownShare(0, 10), shownShare(10, 10), shownShare(1, 3), shownShare(1, 100_000), shownShare(99_999, 100_000)]).toEqual([
    '0 %',
    '100 %',
    '33.3 %',
    '<0.1 %',
    '>99.9 %',
  ])
})
