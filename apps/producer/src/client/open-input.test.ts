import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openInput } from './open-input.ts'
import { UsageError } from './usage-error.ts'

const never = new AbortController().signal
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'input-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function textFrom(path: string, stdin = Readable.from([])): Promise<string> {
  const input = await openInput(path, stdin, never)
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
  const input = await openInput(path, Readable.from([]), never)
  for await (const chunk of input.chunks) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  await expect(input.close()).resolves.toBeUndefined()
})

test('says what is wrong with a path', async () => {
  await expect(openInput(join(folder, 'none'), Readable.from([]), never)).rejects.toThrow(/there is no such file/)
  await expect(openInput(folder, Readable.from([]), never)).rejects.toThrow(/it is a folder/)
  await expect(openInput(folder, Readable.from([]), never)).rejects.toThrow(UsageError)
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
  const input = await openInput(path, Readable.from([]), never)
  let length = 0
  const reading = async () => {
    for await (const chunk of input.chunks) length += chunk.length
  }
  await expect(reading()).rejects.toThrow(new RegExp(`cannot read all of .*in.jsonl: its ${name} data is damaged or ends too early`))
  expect(length).toBeGreaterThan(LINES.length / 2)
  await input.close()
})

test('reads a named pipe whose writer comes later and pauses', async () => {
  const path = join(folder, 'pipe')
  makeFifo(path)
  const reading = textFrom(path)
  const writer = spawn('sh', ['-c', `{ printf abc; sleep 0.1; head -c 300000 /dev/zero | tr '\\0' x; } > '${path}'`])
  expect(await reading).toBe(`abc${'x'.repeat(300_000)}`)
  expect((await once(writer, 'exit'))[0]).toBe(0)
})

test('is done with a named pipe at once, whether it has a writer or not', async () => {
  const path = join(folder, 'pipe')
  makeFifo(path)
  const stop = new AbortController()
  const opening = openInput(path, Readable.from([]), stop.signal)
  stop.abort()
  const none = await opening
  expect(await Array.fromAsync(none.chunks)).toEqual([])
  await none.close()
  const writer = spawn('sh', ['-c', `exec sleep 30 > '${path}'`])
  const input = await openInput(path, Readable.from([]), never)
  const reading = Array.fromAsync(input.chunks)
  await input.close()
  await expect(reading).rejects.toThrow('Premature close')
  writer.kill()
})

function makeFifo(path: string): void {
  expect(spawnSync('sh', ['-c', 'mkfifo "$0"', path]).status).toBe(0)
}
