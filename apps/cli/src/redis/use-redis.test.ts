import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspectRedis } from '@toolwright/queues'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { foldersOf } from '../folders.ts'
import { useRedis, type UsedRedis } from './use-redis.ts'

// Downloads are shared with the checkout's own private Redis: apt is asked once.
const cache = process.env['TOOLWRIGHT_CACHE'] ?? foldersOf({ dataFolder: undefined, isDemo: false }).cache
let home: string
const open: UsedRedis[] = []

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'toolwright redis '))
})
afterEach(async () => {
  for (const redis of open.splice(0)) await redis.release()
})
afterAll(() => rmSync(home, { recursive: true }))

test('starts one server for all who ask at once, and stops it after the last', async () => {
  const [one, two, three] = await Promise.all([use(), use(), use()])
  expect(new Set([one.url, two.url, three.url]).size).toBe(1)
  expect(await inspectRedis(one.url)).toMatchObject([{ evictionPolicy: 'noeviction', isAppendOnly: true }])
  await one.release()
  await two.release()
  expect(await inspectRedis(three.url)).toMatchObject([{ evictionPolicy: 'noeviction' }])
  await three.release()
  await expect(inspectRedis(three.url)).rejects.toThrow('ECONNREFUSED')
}, 120_000)

test('keeps its data, and its password from others', async () => {
  const first = await use()
  await withClient(first.url, (client) => client.set('kept', 'yes'))
  await first.release()
  const second = await use()
  expect(await withClient(second.url, (client) => client.get('kept'))).toBe('yes')
  expect(statSync(join(home, 'redis', 'password')).mode & 0o777).toBe(0o600)
  const withoutIt = new URL(second.url)
  withoutIt.password = ''
  await expect(inspectRedis(withoutIt.href)).rejects.toThrow('it wants a password')
}, 60_000)

test('stops when its only user was killed', async () => {
  const user = spawnUser()
  const url = await lineOf(user)
  expect(await inspectRedis(url)).toMatchObject([{ isAppendOnly: true }])
  user.kill('SIGKILL')
  await vi.waitFor(() => expect(inspectRedis(url)).rejects.toThrow('ECONNREFUSED'), { timeout: 5_000, interval: 100 })
}, 60_000)

test('starts a server again that died, on the same port', async () => {
  const { url } = await use()
  const [{ runId } = { runId: '' }] = await inspectRedis(url)
  await withClient(url, (client) => client.shutdown('NOSAVE').catch(() => undefined))
  await vi.waitFor(async () => expect((await inspectRedis(url))[0]?.runId).not.toBe(runId), { timeout: 10_000, interval: 100 })
}, 60_000)

test('uses a given Redis as it is, after a look at it', async () => {
  const { url } = await use()
  const given = await useRedis({ home, redisUrl: url, environment: {}, log: () => undefined })
  expect(given).toMatchObject({ url, isPrivate: false })
  await withClient(url, (client) => client.config('SET', 'maxmemory-policy', 'allkeys-lru'))
  await expect(useRedis({ home, redisUrl: url, environment: {}, log: () => undefined })).rejects.toMatchObject({ exitCode: 5 })
}, 60_000)

async function use(): Promise<UsedRedis> {
  const redis = await useRedis({ home, cacheFolder: cache, environment: process.env, log: () => undefined })
  open.push(redis)
  return redis
}

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { socketTimeout: 15_000, retryStrategy: () => null })
  client.on('error', () => undefined)
  try {
    return await work(client)
  } finally {
    client.disconnect()
  }
}

function spawnUser(): ChildProcess {
  const source = `import { useRedis } from ${JSON.stringify(join(import.meta.dirname, 'use-redis.ts'))}
    const { url } = await useRedis({ home: ${JSON.stringify(home)}, cacheFolder: ${JSON.stringify(cache)}, environment: process.env, log: () => undefined })
    console.log(url)
    setInterval(() => {}, 1000)`
  return spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] })
}

function lineOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout?.once('data', (data) => resolve(String(data).trim())))
}
