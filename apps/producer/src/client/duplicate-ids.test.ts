import { expect, test } from 'vitest'
import { createCustomIds } from './duplicate-ids.ts'

test('names the line that had an id first', () => {
  const ids = createCustomIds()
  expect(ids.firstLineOf('a', 1)).toBeNull()
  expect(ids.firstLineOf('b', 2)).toBeNull()
  expect(ids.firstLineOf('a', 3)).toBe(1)
  expect(ids.firstLineOf('a', 4)).toBe(1)
  expect(ids.firstLineOf('', 5)).toBeNull()
  expect(ids.size).toBe(3)
})

test('finds every repetition and no other among 300,000 ids that look alike, in at most 16 bytes each', () => {
  const ids = createCustomIds()
  const count = 300_000
  let taken = 0
  let mostBytes = 0
  for (let i = 0; i < count; i++) {
    if (ids.firstLineOf(`request-${i}`, i + 1) !== null) taken++
    if (i > 50_000 && i % 1000 === 0) mostBytes = Math.max(mostBytes, ids.byteLength / (i + 1))
  }
  expect(taken).toBe(0)
  expect(ids.size).toBe(count)
  const found = Array.from({ length: 1000 }, (_, i) => ids.firstLineOf(`request-${i * 300}`, 0))
  expect(found).toEqual(Array.from({ length: 1000 }, (_, i) => i * 300 + 1))
  expect(mostBytes).toBeLessThan(16)
})
