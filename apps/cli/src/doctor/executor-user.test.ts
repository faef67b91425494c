import { allowExecutor, connectRedis, executorUser, type RedisConnection, urlOfExecutor } from '@toolwright/queues'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { foldersOf } from '../folders.ts'
import { useRedis, type UsedRedis } from '../redis/use-redis.ts'
import { checkExecutorUser } from './executor-user.ts'

const user = executorUser('toolwright', 'default')
let home: string
let used: UsedRedis
let redis: RedisConnection
let executorUrl: string

// A server of the test's own, since its users are changed; it stands in for one that REDIS_URL names.
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'toolwright-doctor-'))
  const cacheFolder = process.env['TOOLWRIGHT_CACHE'] ?? foldersOf({ dataFolder: undefined, isDemo: false }).cache
  used = await useRedis({ home, cacheFolder, environment: process.env, log: () => undefined })
  redis = connectRedis(used.url, { patient: false })
  executorUrl = urlOfExecutor(used.url, user, 'a-password')
}, 120_000)
afterEach(() => redis.acl('DELUSER', user.name))
afterAll(async () => {
  redis.disconnect()
  await used.release()
  rmSync(home, { recursive: true })
})

function check(executorRedisUrl: string | undefined) {
  return checkExecutorUser({ url: used.url, isPrivate: false }, { prefix: 'toolwright', space: 'default', executorRedisUrl })
}

test('is content with a user that reaches the queues alone', async () => {
  await allowExecutor(redis, user, 'a-password')
  expect(await check(executorUrl)).toMatchObject({ status: 'ok', subject: 'executor' })
})

test('warns of the common user, with commands that make one which passes', async () => {
  const finding = await check(undefined)
  if (finding.status !== 'warn') throw new Error(`it is ${finding.status}: ${finding.says}`)
  expect(finding.says).toContain('the registry with tools, examples and the ledger')
  expect(finding.says).toContain('REDIS_URL')
  const command = finding.mend.split('\n').find((line) => line.includes('ACL SETUSER'))
  const [, ...words] = command!.trim().replaceAll("'", '').replace('>PASSWORD', '>a-password').split(' ')
  await redis.call('ACL', words)
  const setting = /TOOLWRIGHT_EXECUTOR_REDIS_URL=(\S+)/.exec(finding.mend)![1]!
  expect(await check(setting.replace('PASSWORD', 'a-password'))).toMatchObject({ status: 'ok' })
})

test('warns of a user of their own that reaches more than it should', async () => {
  await allowExecutor(redis, { name: user.name, rules: [...user.rules, '~{toolwright:default}:r:*'] }, 'a-password')
  const finding = await check(executorUrl)
  expect(finding).toMatchObject({ status: 'warn' })
  expect(finding.says).toContain('the registry with tools, examples and the ledger')
  expect(finding.says).not.toContain('results')
})

test('warns where nobody needs a password', async () => {
  await allowExecutor(redis, user, 'a-password')
  await redis.acl('SETUSER', 'default', 'nopass')
  const finding = await check(executorUrl)
  await redis.acl('SETUSER', 'default', 'resetpass', `>${new URL(used.url).password}`)
  expect(finding).toMatchObject({ status: 'warn' })
  expect(finding.says).toContain('without a password')
  expect(await check(executorUrl)).toMatchObject({ status: 'ok' })
})

test('fails on a user of another space, on a wrong password and on another database', async () => {
  await allowExecutor(redis, { name: user.name, rules: executorUser('toolwright', 'other').rules }, 'a-password')
  const stranger = await check(executorUrl)
  expect(stranger).toMatchObject({ status: 'fail', cause: 'configuration' })
  expect(stranger.says).toContain('may not use the queues of space default')

  const refused = await check(urlOfExecutor(used.url, user, 'wrong'))
  expect(refused).toMatchObject({ status: 'fail' })
  expect(refused.says).toContain('WRONGPASS')
  expect(refused.says).not.toContain('wrong')

  const elsewhere = new URL(executorUrl)
  elsewhere.pathname = '/15'
  const misplaced = await check(elsewhere.href)
  expect(misplaced).toMatchObject({ status: 'fail' })
  expect(misplaced.says).toContain('another database')
})
