import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
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
