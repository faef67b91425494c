import { RunSettings } from '@toolwright/contracts'
import { openRegistry } from '@toolwright/registry'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRedisServers, type RedisServers } from './redis-servers.ts'

const RUN = 'r-aaaaaaaaaa'

let servers: RedisServers
beforeAll(async () => {
  servers = await openRedisServers()
}, 60_000)
afterAll(() => servers.close())

test('a reply that was paid for is kept and booked though Redis has no room: its worker may die while it waits for some', async () => {
  const { redis } = await servers.start(['maxmemory-policy noeviction'])
  const { runs, money } = openRegistry({ redis, keyPrefix: '{full}:r:' })
  await runs.open(RUN, RunSettings.parse({ v: 1 }), '')
  const call = {
    run: RUN,
    field: '1:answer',
    kind: null,
    role: 'strong',
    purpose: 'answer',
    model: 'big',
    boundNano: 1_000,
    timeoutMs: 60_000,
    textBytes: 40,
  } as const
  expect(await money.begin(call)).toEqual({ attempt: 1 })
  await redis.config('SET', 'maxmemory', '1')
  await expect(money.begin({ ...call, field: '2:answer' })).rejects.toThrow('OOM')
  const tokens = { uncachedInput: 10, cacheRead: 0, cacheWrite: 0, output: 3 }
  const reply = { v: 1, text: '42', finish: 'stop', model: 'big', tokens, costNano: 700, price: 'test@1', completion: null } as const
  await money.settle(call, 1, reply)
  expect(await money.kept(call)).toEqual(reply)
  expect(await money.ledger(RUN)).toMatchObject([{ costNano: 700 }])
  expect(await money.budget({ run: RUN })).toMatchObject({ spentNano: 700, reservedNano: 0 })
})
