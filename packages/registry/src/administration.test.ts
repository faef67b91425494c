import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAdministration } from './administration.ts'
import { openRegistry } from './registry.ts'

const tag = `{test:administration-${randomBytes(6).toString('hex')}}`
let redis: Redis
beforeAll(() => {
  redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6390')
})
afterAll(async () => {
  await openAdministration({ redis, keyPrefix: `${tag}:r:` }).forgetKeys(`${tag}:`)
  redis.disconnect()
})

function open(name: string) {
  const keyPrefix = `${tag}:${name}:`
  return { registry: openRegistry({ redis, keyPrefix }), administration: openAdministration({ redis, keyPrefix }) }
}

test('a merge can be taken back', async () => {
  const { registry, administration } = open('merge')
  const from = await registry.kinds.named('from', '', 'text')
  const into = await registry.kinds.named('into', '', 'text')
  await registry.kinds.merge(from, into)
  const epoch = await registry.kinds.epoch()
  await administration.unmerge(from)
  expect((await registry.kinds.get(from))?.alias).toBe('')
  expect(await registry.kinds.changedSince(epoch)).toEqual([from])
})

test('forgets the keys of a prefix alone, signs of patterns standing for themselves', async () => {
  const { administration } = open('keys')
  await redis.mset(`${tag}:a*b:1`, '1', `${tag}:a*b:2`, '1', `${tag}:axb:1`, '1')
  expect(await administration.forgetKeys(`${tag}:a*b:`)).toBe(2)
  expect(await redis.exists(`${tag}:axb:1`)).toBe(1)
})
