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

async function textFrom(path: string, stdin = Readable.from([])): Promise<string> {
  const input = await openInput(path, stdin)
  const text = Buffer.concat(await Array.fromAsync(input.chunks)).toString()
  await input.close()
  return text
}

test('reads a file or a pipe', async () => {
  const path = join(folder, 'in.jsonl')
  await writeFile(path, '0123456789')
  expect(await textFrom(path)).toBe('0123456789')
  expect(await textFrom('-', Readable.from([Buffer.from('012'), Buffer.from('345'), Buffer.from('678')]))).toBe('012345678')
})

test('leaves nothing open when it is not read to its end', async () => {
  const path = join(folder, 'in.jsonl')
  await writeFile(path, 'x'.repeat(1_000_000))
  const input = await openInput(path, Readable.from([]))
  for await (const chunk of input.chunks) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  await expect(input.close()).resolves.toBeUndefined()
})

test('says what is wrong with a path', async () => {
  await expect(openInput(join(folder, 'none'), Readable.from([]))).rejects.toThrow(/there is no such file/)
  await expect(openInput(folder, Readable.from([]))).rejects.toThrow(/it is a folder/)
  await expect(openInput(folder, Readable.from([]))).rejects.toThrow(UsageError)
})

const LINES = Array.from({ length: 40_000 }, (_, n) => `{"input":"line ${n}"}\n`).join('')

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])('reads what is compressed with %s, from files and pipes, whatever their names', async (_, compress) => {
  const bytes = compress(LINES)
  const path = join(folder, 'in.jsonl')
  await writeFile(path, bytes)
  expect(await textFrom(path)).toBe(LINES)
  // A pipe may give a byte at a time.
  const trickle = Readable.from([...bytes.subarray(0, 5)].map((byte) => Buffer.from([byte])).concat(bytes.subarray(5)))
  expect(await textFrom('-', trickle)).toBe(LINES)
})

test('several gzip files put together are one stream', async () => {
  const path = join(folder, 'in.jsonl.gz')
  await writeFile(path, Buffer.concat([gzipSync('{"input":"a"}\n'), gzipSync('{"input":"b"}\n')]))
  expect(await textFrom(path)).toBe('{"input":"a"}\n{"input":"b"}\n')
})

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])('gives what it can of damaged %s data, then says so', async (name, compress) => {
  const path = join(folder, 'in.jsonl')
  const bytes = compress(LINES)
  await writeFile(path, bytes.subarray(0, bytes.length - 1_000))
  const input = await openInput(path, Readable.from([]))
  let length = 0
  const reading = async () => {
    for await (const chunk of input.chunks) length += chunk.length
  }
  await expect(reading()).rejects.toThrow(new RegExp(`cannot read all of .*in.jsonl: its ${name} data is damaged or ends too early`))
  expect(length).toBeGreaterThan(LINES.length / 2)
  await input.close()
})
