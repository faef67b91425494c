import { Cluster, type RedisOptions } from 'ioredis'
import { expect, test } from 'vitest'
import { isRedisAway } from './connect.ts'
import { type Manner, openRedis } from './open-redis.ts'

const MANNER: Manner = {
  name: 'tests',
  retry: () => null,
  maxRetriesPerRequest: null,
  maxRedirections: 7,
  connectTimeoutMs: 1_234,
  socketTimeoutMs: 15_000,
  isLazy: true,
}

/** What a connection to each server is made with. */
function optionsOf(url: string): RedisOptions {
  const redis = openRedis(url, MANNER)
  redis.disconnect()
  return redis instanceof Cluster ? redis.options.redisOptions! : redis.options
}

test.each(['redis://h', '/run/redis.sock', 'redis-cluster://a,b', 'redis-sentinel://a,b?master=m', 'rediss-cluster://a'])(
  'a silent socket is not waited for, and nothing else differs, with %s',
  (url) => {
    expect(optionsOf(url)).toMatchObject({
      socketTimeout: 15_000,
      keepAlive: 10_000,
      connectTimeout: 1_234,
      maxRetriesPerRequest: null,
      disableClientInfo: true,
      connectionName: 'tests',
    })
  },
)

function refusal(message: string, name: string): Error {
  return Object.assign(new Error(message), { command: { name, args: [] } })
}

test('a master that was demoted is left for the one that there is now: scripts are sent again, what may be part of a transaction fails', () => {
  const { reconnectOnError } = optionsOf('redis-sentinel://a?master=m')
  const readOnly = "READONLY You can't write against a read only replica."
  expect(reconnectOnError!(refusal(readOnly, 'evalsha'))).toBe(2)
  expect(reconnectOnError!(refusal(`ERR Error running script: -${readOnly}`, 'eval'))).toBe(2)
  expect(reconnectOnError!(refusal(readOnly, 'hset'))).toBe(1)
  expect(reconnectOnError!(refusal('OOM command not allowed', 'evalsha'))).toBe(false)
})

test('a Cluster or Sentinels of which nobody answers are a Redis that is away', async () => {
  for (const url of ['redis://127.0.0.1:1', 'redis-cluster://127.0.0.1:1', 'redis-sentinel://127.0.0.1:1?master=m']) {
    const redis = openRedis(url, { ...MANNER, maxRetriesPerRequest: 0 })
    redis.on('error', () => undefined)
    const failure = await redis.get('x').catch((error: unknown) => error)
    expect(isRedisAway(failure), `${url}: ${String(failure)}`).toBe(true)
    redis.disconnect()
  }
})
