import { randomBytes } from 'node:crypto'
import type { Line } from '@toolwright/contracts'
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

const LINES: Line[] = Array.from({ length: 12 }, (_, at) => ({ seq: at, customId: `c${at}`, text: 'sort', frame: '', hop: 0 }))

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

test("forgets a run's examples and waiting lines, and no other's", async () => {
  const { registry, administration } = open('texts')
  const kind = await registry.kinds.named('sorting', '', 'text')
  const example = { v: 1 as const, answer: 'a', source: 'agreed' as const, votes: 2, at: 1 }
  await registry.tools.addExample(kind, { ...example, text: 'mine', run: 'r-aaaaaaaaaa' })
  await registry.tools.addExample(kind, { ...example, text: 'theirs', run: 'r-bbbbbbbbbb' })
  await registry.kinds.place(kind, 'r-aaaaaaaaaa', 'one', LINES, 'wait')
  await registry.kinds.place(kind, 'r-bbbbbbbbbb', 'two', LINES, 'wait')
  const waitingOf = async () => (await registry.kinds.peekWaiting(kind, 100)).map(({ run }) => run)
  expect(new Set(await waitingOf())).toEqual(new Set(['r-aaaaaaaaaa', 'r-bbbbbbbbbb']))

  expect(await administration.forgetTexts('r-aaaaaaaaaa')).toBe(1)
  expect((await registry.tools.examples(kind)).map(({ text }) => text)).toEqual(['theirs'])
  expect(new Set(await waitingOf())).toEqual(new Set(['r-bbbbbbbbbb']))
  expect(await registry.kinds.kindsWithWaiting()).toEqual([kind])

  await administration.forgetTexts('r-bbbbbbbbbb')
  expect(await registry.kinds.kindsWithWaiting()).toEqual([])
})

test('forgets the keys of a prefix alone, signs of patterns standing for themselves', async () => {
  const { administration } = open('keys')
  await redis.mset(`${tag}:a*b:1`, '1', `${tag}:a*b:2`, '1', `${tag}:axb:1`, '1')
  expect(await administration.forgetKeys(`${tag}:a*b:`)).toBe(2)
  expect(await redis.exists(`${tag}:axb:1`)).toBe(1)
})
