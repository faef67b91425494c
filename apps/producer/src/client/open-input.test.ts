import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
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
