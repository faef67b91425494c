import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeLease } from './file-lease.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lease-'))
  path = join(folder, 'out.jsonl')
})
afterEach(() => rm(folder, { recursive: true }))

const holder = { pid: process.pid, started: null, host: hostname(), run: 'r-abcdefghij', token: 'x' }

test('is given up for the next one', async () => {
  for (let i = 0; i < 3; i++) await (await takeLease(path, 'r-abcdefghij')).release()
  expect(await readdir(folder)).toEqual([])
})

test('is refused while its process lives', async () => {
  await writeFile(`${path}.lock`, JSON.stringify(holder))
  await expect(takeLease(path, 'r-abcdefghij')).rejects.toThrow(`is being written by process ${process.pid}`)
})

test.each([
  ['its number has passed to another process', { ...holder, started: 'another time' }],
  // Linux gives numbers up to 2^22.
  ['its process is gone', { ...holder, pid: 2 ** 22 + 1 }],
])('is taken over when %s', async (_, dead) => {
  await writeFile(`${path}.lock`, JSON.stringify(dead))
  const lease = await takeLease(path, 'r-bcdefghijk')
  expect(JSON.parse(await readFile(`${path}.lock`, 'utf8'))).toMatchObject({ pid: process.pid, run: 'r-bcdefghijk' })
  await lease.release()
})

test('is taken over when its writer died while writing it', async () => {
  await writeFile(`${path}.lock`, '')
  await (await takeLease(path, 'r-abcdefghij')).release()
  expect(await readdir(folder)).toEqual([])
})

test('is refused for a process of another machine, saying what to delete', async () => {
  await writeFile(`${path}.lock`, JSON.stringify({ ...holder, host: 'elsewhere' }))
  await expect(takeLease(path, 'r-abcdefghij')).rejects.toThrow(/on elsewhere .* delete .*out\.jsonl\.lock/)
})

test('goes to one of many who find it dead', async () => {
  for (let round = 0; round < 20; round++) {
    await writeFile(`${path}.lock`, JSON.stringify({ ...holder, pid: 2 ** 22 + 1 }))
    const takers = await Promise.allSettled(Array.from({ length: 3 }, () => takeLease(path, 'r-abcdefghij')))
    const won = takers.filter((taker) => taker.status === 'fulfilled')
    expect(won).toHaveLength(1)
    await won[0]!.value.release()
  }
  expect(await readdir(folder)).toEqual([])
})

test("does not remove a lock that has become another's", async () => {
  const lease = await takeLease(path, 'r-abcdefghij')
  await writeFile(`${path}.lock`, JSON.stringify(holder))
  await lease.release()
  expect(JSON.parse(await readFile(`${path}.lock`, 'utf8'))).toEqual(holder)
})
