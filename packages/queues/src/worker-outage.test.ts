import { openLog } from '@toolwright/runtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connectRedis } from './connect.ts'
import type { RedisConnection } from './open-redis.ts'
import { openQueues } from './queues.ts'
import { openTestQueues, openWayToRedis, type TestQueues, type WayToRedis } from './testing.ts'
import { type RunningWorker, startWorker } from './worker.ts'

let jobs: TestQueues
let way: WayToRedis
let redis: RedisConnection
let worker: RunningWorker
let said: string[]
let begun: number

beforeEach(async () => {
  jobs = openTestQueues()
  way = await openWayToRedis(jobs.redisUrl)
  redis = connectRedis(way.url, { patient: true })
  said = []
  begun = 0
  worker = startWorker({
    queue: 'requests',
    redis,
    queues: openQueues({ redis, prefix: jobs.prefix, space: 'default' }),
    concurrency: 1,
    log: openLog({ stage: 'test', level: 'info', write: (line) => said.push(String(JSON.parse(line).message)) }),
    handle: async (_job, { signal }) => {
      begun++
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('told to stop')), { once: true }))
      return null
    },
  })
  const line = { seq: 1, customId: 'line-1', text: 't', frame: '', hop: 0 }
  await jobs.queues.add('requests', [{ id: 'requests-a', data: { v: 1, run: 'r-aaaaaaaaaa', lines: [line] } }])
  await vi.waitUntil(() => begun === 1, 10_000)
})
afterEach(async () => {
  redis.disconnect()
  await way.close()
  await jobs.close()
})

test('a worker says once that Redis is away, and once that it answers again', async () => {
  const attempts = vi.fn<() => void>()
  redis.on('reconnecting', attempts)
  await way.cut()
  await vi.waitUntil(() => attempts.mock.calls.length > 3, 10_000)
  expect(said.filter((message) => message.startsWith('Redis is away'))).toHaveLength(1)
  await way.restore()
  await vi.waitUntil(() => said.includes('Redis answers again'), 10_000)
  // One for each of its connections may come before the first is known to be lost.
  expect(said.filter((message) => message === 'the worker met an error').length).toBeLessThanOrEqual(2)
  await worker.close(50)
})

test('a worker that is closed while Redis is away lets go of its job soon, and does not wait for what cannot be handed back', async () => {
  await way.cut()
  await vi.waitUntil(() => redis.status !== 'ready', 10_000)
  const startedAt = performance.now()
  await worker.close(60_000)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})
