import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openInput } from './open-input.ts'
import { UsageError } from './usage-error.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'input-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function textFrom(path: string, offset: number, stdin = Readable.from([])): Promise<string> {
  const input = await openInput(path, offset, stdin)
  const text = Buffer.concat(await Array.fromAsync(input.chunks)).toString()
  await input.close()
  return text
}

test('reads a file from an offset', async () => {
  const path = join(folder, 'in.jsonl')
  await writeFile(path, '0123456789')
  expect(await textFrom(path, 0)).toBe('0123456789')
  expect(await textFrom(path, 7)).toBe('789')
  expect(await textFrom(path, 10)).toBe('')
})

test('leaves nothing open when it is not read to its end', async () => {
  const path = join(folder, 'in.jsonl')
  await writeFile(path, 'x'.repeat(1_000_000))
  const input = await openInput(path, 0, Readable.from([]))
  for await (const chunk of input.chunks) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  await expect(input.close()).resolves.toBeUndefined()
})

function pipe() {
  return Readable.from([Buffer.from('012'), Buffer.from('345'), Buffer.from('678')])
}

test('throws the bytes of a pipe away that were read before', async () => {
  expect(await textFrom('-', 0, pipe())).toBe('012345678')
  expect(await textFrom('-', 4, pipe())).toBe('45678')
  expect(await textFrom('-', 6, pipe())).toBe('678')
})

test('says what is wrong with a path', async () => {
  const path = join(folder, 'in.jsonl')
  await writeFile(path, '0123')
  await expect(openInput(join(folder, 'none'), 0, Readable.from([]))).rejects.toThrow(/there is no such file/)
  await expect(openInput(folder, 0, Readable.from([]))).rejects.toThrow(/it is a folder/)
  await expect(openInput(path, 5, Readable.from([]))).rejects.toThrow(/the file has changed/)
  await expect(openInput(path, 5, Readable.from([]))).rejects.toThrow(UsageError)
})

const LINES = Array.from({ length: 40_000 }, (_, n) => `{"input":"line ${n}"}\n`).join('')

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])('reads what is compressed with %s, from files and pipes, whatever their names, and goes on within it', async (_, compress) => {
  const bytes = compress(LINES)
  const path = join(folder, 'in.jsonl')
  await writeFile(path, bytes)
  expect(await textFrom(path, 0)).toBe(LINES)
  expect(await textFrom(path, 500_001)).toBe(LINES.slice(500_001))
  // A pipe may give a byte at a time.
  const trickle = Readable.from([...bytes.subarray(0, 5)].map((byte) => Buffer.from([byte])).concat(bytes.subarray(5)))
  expect(await textFrom('-', 3, trickle)).toBe(LINES.slice(3))
})

test('several gzip files put together are one stream', async () => {
  const path = join(folder, 'in.jsonl.gz')
  await writeFile(path, Buffer.concat([gzipSync('{"input":"a"}\n'), gzipSync('{"input":"b"}\n')]))
  expect(await textFrom(path, 0)).toBe('{"input":"a"}\n{"input":"b"}\n')
})

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])('gives what it can of damaged %s data, then says so', async (name, compress) => {
  const path = join(folder, 'in.jsonl')
  const bytes = compress(LINES)
  await writeFile(path, bytes.subarray(0, bytes.length - 1_000))
  const input = await openInput(path, 0, Readable.from([]))
  let length = 0
  const reading = async () => {
    for await (const chunk of input.chunks) length += chunk.length
  }
  await expect(reading()).rejects.toThrow(new RegExp(`cannot read all of .*in.jsonl: its ${name} data is damaged or ends too early`))
  expect(length).toBeGreaterThan(LINES.length / 2)
  await input.close()
})
