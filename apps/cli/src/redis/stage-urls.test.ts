import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRedis, inspectRedis } from '@toolwright/queues'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { foldersOf } from '../folders.ts'
import { stageUrls } from './stage-urls.ts'
import { openRedisFolder, passwordOf } from './state.ts'
import { useRedis, type UsedRedis } from './use-redis.ts'
import { writeUsersFile } from './users-file.ts'

// Downloads are shared with the checkout's own private Redis: apt is asked once.
const cache = process.env['TOOLWRIGHT_CACHE'] ?? foldersOf({ dataFolder: undefined, isDemo: false }).cache
const place = { prefix: 'toolwright', space: 'default', executorRedisUrl: undefined }
const registryKey = '{toolwright:default}:r:kinds'
const queueKey = '{toolwright:default}:q:execution:wait'
let home: string
let redis: UsedRedis

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'toolwright urls '))
  redis = await useRedis({ home, cacheFolder: cache, environment: process.env, log: () => undefined })
}, 120_000)
afterAll(async () => {
  await redis.release()
  rmSync(home, { recursive: true })
})

test('executors of a private Redis get a user that does not reach the registry, the same for every command', async () => {
  const [urls, again] = await Promise.all([stageUrls(redis, place), stageUrls(redis, place)])
  expect(again).toEqual(urls)
  expect(urls.url).toBe(redis.url)
  expect(await existing(urls.executorUrl, queueKey)).toBe(0)
  await expect(existing(urls.executorUrl, registryKey)).rejects.toThrow('NOPERM')
  await expect(existing(urls.executorUrl, queueKey.replace('default', 'other'))).rejects.toThrow('NOPERM')
  expect(urls.executorUrl).not.toContain(new URL(redis.url).password)
})

test('each space has a user and a password of its own', async () => {
  const [one, other] = [await stageUrls(redis, place), await stageUrls(redis, { ...place, space: 'other' })]
  expect(new URL(one.executorUrl).password).not.toBe(new URL(other.executorUrl).password)
  expect(await existing(one.executorUrl, queueKey)).toBe(0)
  await expect(existing(other.executorUrl, queueKey)).rejects.toThrow('NOPERM')
})

test('a server that died and is started again knows its users', async () => {
  const { executorUrl } = await stageUrls(redis, place)
  const [before] = await inspectRedis(redis.url)
  const client = connectRedis(redis.url, { patient: false })
  await client.shutdown('NOSAVE').catch(() => undefined)
  client.disconnect()
  await vi.waitFor(async () => expect((await inspectRedis(redis.url))[0]?.runId).not.toBe(before?.runId), {
    timeout: 30_000,
    interval: 100,
  })
  expect(await existing(executorUrl, queueKey)).toBe(0)
  await expect(existing(executorUrl, registryKey)).rejects.toThrow('NOPERM')
}, 60_000)

test('of the users that a server has saved only the names are kept, and passwords are in no file but one', () => {
  const folder = openRedisFolder(join(home, 'other'))
  const password = passwordOf(folder)
  writeUsersFile(folder, password)
  expect(readFileSync(folder.acl, 'utf8')).toMatch(/^user default on #[0-9a-f]{64} ~\* &\* \+@all\n$/)
  writeFileSync(folder.acl, 'user default on nopass ~* +@all\nuser executor.p.s on nopass ~* +@all\nuser stranger on nopass ~* +@all\n')
  writeUsersFile(folder, password)
  const [first, second, ...rest] = readFileSync(folder.acl, 'utf8').split('\n')
  expect(rest).toEqual([''])
  expect(first).toMatch(/^user default on #/)
  expect(second).toMatch(/^user executor\.p\.s #[0-9a-f]{64} on ~\{p:s\}:q:execution:\* /)
  expect(`${first}${second}`).not.toMatch(new RegExp(`nopass|@all.*\\+@all|${password}`))
  expect(statSync(folder.acl).mode & 0o777).toBe(0o600)
})

test('another Redis gives executors the user that the setting names, or the common one', async () => {
  const given = { url: 'redis://127.0.0.1:1', isPrivate: false }
  expect(await stageUrls(given, place)).toEqual({ url: given.url, executorUrl: given.url })
  const executorRedisUrl = 'redis://executor:secret@127.0.0.1:1'
  expect(await stageUrls(given, { ...place, executorRedisUrl })).toEqual({ url: given.url, executorUrl: executorRedisUrl })
  await expect(stageUrls(redis, { ...place, executorRedisUrl })).rejects.toMatchObject({
    exitCode: 5,
    message: expect.stringContaining('REDIS_URL, which is not set'),
  })
})

async function existing(url: string, key: string): Promise<number> {
  const client = connectRedis(url, { patient: false })
  try {
    return await client.exists(key)
  } finally {
    client.disconnect()
  }
}
