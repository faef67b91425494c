import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { mastersOf, type RedisConnection } from './redis.ts'
import { openRegistry, type Registry } from './registry.ts'

export interface TestRegistry {
  redis: Redis
  keyPrefix: string
  registry: Registry
  /** Deletes every key it made. */
  close(): Promise<void>
}

/** A registry of the test's own, in the Redis that `REDIS_URL` names. */
export function openTestRegistry(): TestRegistry {
  const url = process.env['REDIS_URL']
  if (url === undefined) throw new Error('REDIS_URL is not set: run tests with ./toolwright test, or name a Redis for them')
  const redis = new Redis(url)
  const keyPrefix = `{test-${randomBytes(6).toString('hex')}}:r:`
  return {
    redis,
    keyPrefix,
    registry: openRegistry({ redis, keyPrefix }),
    close: async () => {
      for await (const keys of redis.scanStream({ match: `${keyPrefix}*`, count: 1_000 })) {
        // ioredis types what a stream of keys holds as anything at all.
        const found = keys as string[]
        if (found.length > 0) await redis.del(...found)
      }
      redis.disconnect()
    },
  }
}

/** All that Redis holds under keys that begin so, as text: what is said to be forgotten must not stand in it. */
export async function contentOf(redis: RedisConnection, prefix: string): Promise<Map<string, string>> {
  const content = new Map<string, string>()
  for (const master of await mastersOf(redis)) {
    for (const key of await master.keys(`${prefix}*`)) content.set(key, JSON.stringify(await valueOf(redis, key)))
  }
  return content
}

async function valueOf(redis: RedisConnection, key: string): Promise<unknown> {
  const type = await redis.type(key)
  switch (type) {
    case 'none':
      return null
    case 'string':
      return await redis.get(key)
    case 'hash':
      return await redis.hgetall(key)
    case 'list':
      return await redis.lrange(key, 0, -1)
    case 'set':
      return await redis.smembers(key)
    case 'zset':
      return await redis.zrange(key, '0', '-1', 'WITHSCORES')
    case 'stream':
      return await redis.xrange(key, '-', '+')
    default:
      throw new Error(`${key} is of a type that is not looked into: ${type}`)
  }
}
