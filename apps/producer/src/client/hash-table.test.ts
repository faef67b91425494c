import { expect, test } from 'vitest'
import { createHashTable } from './hash-table.ts'

const hash = (part: number, high: number, low: number) => new Uint32Array([part, high, low])

test('keeps a number for each hash, and changes it where asked', () => {
  const table = createHashTable()
  expect(table.get(hash(1, 2, 3))).toBe(0)
  expect(table.getOrSet(hash(1, 2, 3), 7)).toBe(0)
  expect(table.getOrSet(hash(1, 2, 3), 8)).toBe(7)
  table.set(hash(1, 2, 3), 9)
  table.set(hash(2, 2, 3), 10)
  expect([hash(1, 2, 3), hash(2, 2, 3), hash(1, 3, 3), hash(1, 2, 4)].map((one) => table.get(one))).toEqual([9, 10, 0, 0])
  expect(table.size).toBe(2)
})

test('tells hashes apart that fall into one place, however much it grows', () => {
  const table = createHashTable()
  const hashes = Array.from({ length: 2_000 }, (_, at) => hash(5, at, 0xffff_ffff))
  for (const [at, one] of hashes.entries()) table.set(one, at + 1)
  expect(hashes.map((one) => table.get(one))).toEqual(hashes.map((_, at) => at + 1))
  expect(table.byteLength / hashes.length).toBeLessThan(16)
})
