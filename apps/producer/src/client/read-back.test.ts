import { expect, test } from 'vitest'
import { lineAt, placeOf, type ReadBack } from './read-back.ts'

function sourceOf(text: string): ReadBack {
  const bytes = Buffer.from(text)
  // Never more than 1,000 bytes at a time, as a file system may.
  return { length: () => bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + Math.min(length, 1_000)) }
}

test('finds each line by its shortened offset, whatever their lengths', async () => {
  const lines = Array.from({ length: 300 }, (_, at) => `${at}:${'ü'.repeat(33 + ((at * 7) % 90))}${at === 150 ? 'x'.repeat(40_000) : ''}`)
  const source = sourceOf(lines.map((line) => `${line}\n`).join(''))
  let offset = 0
  for (const line of lines) {
    expect(await lineAt(source, placeOf(offset))).toBe(line)
    offset += Buffer.byteLength(line) + 1
  }
})

test('says so where the results have been changed', async () => {
  await expect(lineAt(sourceOf('short\n'), 2)).rejects.toThrow('no line begins at byte 128')
  await expect(lineAt(sourceOf('x'.repeat(500)), 2)).rejects.toThrow('no line begins at byte 128')
})
