import { expect, test } from 'vitest'
import { createWrittenSet } from './written-set.ts'

test('holds what was added, over page borders and far apart', () => {
  const set = createWrittenSet()
  const seqs = [0, 7, 8, 65_535, 65_536, 1_000_000, 2 ** 40]
  for (const seq of seqs) set.add(seq)
  set.add(7)
  expect(seqs.every((seq) => set.has(seq))).toBe(true)
  expect([1, 6, 9, 65_534, 65_537, 2 ** 40 + 1].some((seq) => set.has(seq))).toBe(false)
  expect(set.size).toBe(seqs.length)
})
