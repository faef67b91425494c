import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { connectRedis } from './connect.ts'
import { openQueues, type Queues } from './queues.ts'

export { atEveryChange, connectMortal, type MortalRedis } from './mortal-redis.ts'
export { type Handlers, openWorkbench, type Program, runProgram, type Workbench } from './workbench.ts'
export { openWayToRedis, type WayToRedis } from './way-to-redis.ts'

export interface TestQueues {
  redisUrl: string
  redis: Redis
  prefix: string
  queues: Queues
  /** Deletes every key of its queues; workers on them must be closed before. */
  close(): Promise<void>
}

/** Queues of the test's own, in the Redis that `REDIS_URL` names. */
export function openTestQueues(): TestQueues {
  const redisUrl = process.env['REDIS_URL']
  if (redisUrl === undefined) throw new Error('REDIS_URL is not set: run tests with ./toolwright test, or name a Redis for them')
  const redis = connectRedis(redisUrl, { patient: true })
  const prefix = `{test-${randomBytes(6).toString('hex')}}:q`
  const queues = openQueues({ redis, prefix, space: 'default' })
  return {
    redisUrl,
    redis,
    prefix,
    queues,
    close: async () => {
      await queues.close()
      for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
        // ioredis types what a stream of keys holds as anything at all.
        const found = keys as string[]
        if (found.length > 0) await redis.del(...found)
      }
      redis.disconnect()
    },
  }
}
