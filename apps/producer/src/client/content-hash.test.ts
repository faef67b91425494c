import { expect, test } from 'vitest'
import { createContentHash } from './content-hash.ts'
import { readLines } from './read-lines.ts'

async function digestOf(text: string | Uint8Array, maxLineBytes = 100): Promise<string> {
  const content = createContentHash()
  async function* chunks() {
    yield typeof text === 'string' ? Buffer.from(text) : text
  }
  for await (const line of readLines(chunks(), undefined, maxLineBytes)) content.add(line)
  return content.digest()
}

test('what is read of lines, and where they stand, is in the digest', async () => {
  const digest = await digestOf('{"a":1}\n{"b":2}\n')
  expect(digest).toMatch(/^[0-9a-f]{64}$/)
  // A last newline, and how lines end, change nothing about any request.
  for (const same of ['{"a":1}\n{"b":2}', '{"a":1}\r\n{"b":2}\n\n']) expect(await digestOf(same)).toBe(digest)
  const others = [
    '{"a":1}\n{"b":3}\n',
    '{"a":1}{"b":2}\n',
    '\n{"a":1}\n{"b":2}\n',
    '{"a":1}\n\n{"b":2}\n',
    '{"a":1}\n',
    '{"b":2}\n{"a":1}\n',
  ]
  for (const other of others) expect(await digestOf(other)).not.toBe(digest)
})

test('lines that cannot be read are in it too', async () => {
  const digests = [broken(0xff), broken(0xfe, 4), broken(0x20, 200), broken(0x20, 201), broken(0x21, 200)].map((bytes) => digestOf(bytes))
  expect(new Set(await Promise.all(digests)).size).toBe(5)
})

test('goes on after it was asked', async () => {
  const content = createContentHash()
  const line = { status: 'text', text: 'x', offset: 0, seq: 0, lineNumber: 1, endOffset: 2, isTerminated: true } as const
  content.add(line)
  const first = content.digest()
  expect(content.digest()).toBe(first)
  content.add({ ...line, lineNumber: 2 })
  expect(content.digest()).not.toBe(first)
})

function broken(byte: number, length = 3): Buffer {
  return Buffer.concat([Buffer.from('{"a"'), Buffer.alloc(length, byte), Buffer.from('\n')])
}
