import { describe, expect, test } from 'vitest'
import { bytesOf, inBatches } from './batches.ts'
import { type Line, MAX_BATCH_BYTES, MAX_BATCH_LINES } from './line.ts'

function lineOf(seq: number, text = 't'): Line {
  return { seq, customId: `line-${seq}`, text, frame: '', hop: 0 }
}

function lines(count: number, text?: string): Line[] {
  return Array.from({ length: count }, (_, seq) => lineOf(seq, text))
}

describe('batches', () => {
  test.each([
    [0, []],
    [1, [1]],
    [MAX_BATCH_LINES, [MAX_BATCH_LINES]],
    [MAX_BATCH_LINES + 1, [MAX_BATCH_LINES, 1]],
    [600, [256, 256, 88]],
  ])('%i lines travel as %j', (count, sizes) => {
    const batches = inBatches(lines(count))
    expect(batches.map((batch) => batch.length)).toEqual(sizes)
    expect(batches.flat().map(({ seq }) => seq)).toEqual(lines(count).map(({ seq }) => seq))
  })

  test('hold fewer lines where that is asked for', () => {
    expect(inBatches(lines(20), 8).map((batch) => batch.length)).toEqual([8, 8, 4])
  })

  test('hold no more bytes than a job may carry', () => {
    const batches = inBatches(lines(30, 'x'.repeat(50_000)))
    for (const batch of batches) {
      expect(batch.reduce((sum, one) => sum + bytesOf(one), 0)).toBeLessThanOrEqual(MAX_BATCH_BYTES)
      expect(batch).toHaveLength(5)
    }
    expect(batches).toHaveLength(6)
  })

  test('a line larger than that travels alone, in its place', () => {
    const batches = inBatches([lineOf(0), lineOf(1, 'x'.repeat(MAX_BATCH_BYTES * 2)), lineOf(2), lineOf(3)])
    expect(batches.map((batch) => batch.map(({ seq }) => seq))).toEqual([[0], [1], [2, 3]])
  })

  test('bytes are those of UTF-8, of the text and of a body', () => {
    expect(bytesOf(lineOf(0, 'é')) - bytesOf(lineOf(0, 'e'))).toBe(1)
    const body = { messages: [{ role: 'user', content: 'ß' }] }
    expect(bytesOf({ ...lineOf(0), body }) - bytesOf(lineOf(0))).toBe(Buffer.byteLength(JSON.stringify(body)))
  })
})
