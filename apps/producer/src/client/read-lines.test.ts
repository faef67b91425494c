import { expect, test } from 'vitest'
import { INPUT_START, readLines, type InputPosition, type InputText } from './read-lines.ts'

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

async function read(bytes: string | Uint8Array, options: { size?: number; from?: InputPosition; max?: number } = {}): Promise<InputText[]> {
  const { size = 7, from = INPUT_START, max = 1000 } = options
  return await Array.fromAsync(readLines(inChunks(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, size), from, max))
}

const texts = (lines: InputText[]) => lines.map((line) => (line.status === 'text' ? line.text : line.status))

test('takes CRLF, byte order marks and a missing last newline as they come', async () => {
  expect(texts(await read('\uFEFF{"a":1}\r\n{"b":2}\n\uFEFF{"c":3}'))).toEqual(['{"a":1}', '{"b":2}', '{"c":3}'])
})

test('counts blank lines as lines and not as requests', async () => {
  const lines = await read('\none\n \t\r\n\ntwo')
  expect(lines.map(({ lineNumber, seq }) => [lineNumber, seq])).toEqual([
    [2, 0],
    [5, 1],
  ])
})

test('gives the same lines whatever the chunks, cut within characters too', async () => {
  const bytes = Buffer.from('größe\r\n\n日本語 🙂\nlast')
  const whole = await read(bytes, { size: 1000 })
  expect(texts(whole)).toEqual(['größe', '日本語 🙂', 'last'])
  for (const size of [1, 2, 3, 5, 8]) expect(await read(bytes, { size })).toEqual(whole)
})

test('goes on from any line as if it had read from the start', async () => {
  const bytes = Buffer.from('\uFEFFone\r\n\nzwölf\n\n\nthree\nfour')
  const whole = await read(bytes)
  for (const line of whole) {
    const from = { offset: line.endOffset, seq: line.seq + 1, lineNumber: line.lineNumber + 1 }
    expect(await read(bytes.subarray(from.offset), { from })).toEqual(whole.filter(({ seq }) => seq >= from.seq))
  }
  expect(whole.at(-1)).toMatchObject({ endOffset: bytes.length, isTerminated: false, lineNumber: 7 })
})

test('passes over a line that is too long and reads the next', async () => {
  const lines = await read(`${'x'.repeat(1001)}\n${'y'.repeat(1000)}\r\n${'z'.repeat(5000)}`)
  expect(lines).toMatchObject([
    { status: 'too-long', byteLength: 1001, head: 'x'.repeat(200), seq: 0 },
    { status: 'text', text: 'y'.repeat(1000), seq: 1 },
    { status: 'too-long', byteLength: 5000, head: 'z'.repeat(200), seq: 2, lineNumber: 3 },
  ])
})

test('does not hold a line that is too long', async () => {
  const megabyte = Buffer.alloc(1_000_000, 'x')
  async function* endless() {
    for (let i = 0; i < 400; i++) yield megabyte
    yield Buffer.from('\nnext\n')
  }
  const before = process.memoryUsage.rss()
  const lines = await Array.fromAsync(readLines(endless()))
  expect(lines).toMatchObject([{ status: 'too-long', byteLength: 400_000_000 }, { text: 'next' }])
  expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000)
})

test('reports bytes that are not UTF-8 and goes on', async () => {
  const bytes = Buffer.concat([Buffer.from('one\n'), Buffer.from([0xff, 0x00, 0xc3, 0x0a]), Buffer.from('a\0b\n')])
  expect(await read(bytes)).toMatchObject([
    { text: 'one' },
    { status: 'not-utf8', byteLength: 3, head: '\uFFFD\0\uFFFD', offset: 4 },
    { status: 'text', text: 'a\0b', offset: 8 },
  ])
})

test('yields nothing for an empty stream, or one of blank lines', async () => {
  expect(await read('')).toEqual([])
  expect(await read('\n\r\n  \n\uFEFF')).toEqual([])
})
