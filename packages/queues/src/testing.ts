import { randomBytes } from 'node:crypto'
import { connectRedis, serversOf } from './connect.ts'
import { openQueues, type Queues } from './queues.ts'
import type { RedisConnection } from './open-redis.ts'

export { atEveryChange, connectMortal, type MortalRedis } from './mortal-redis.ts'
export { type Handlers, openWorkbench, type Program, runProgram, type Workbench } from './workbench.ts'
export { openWayToRedis, type WayToRedis } from './way-to-redis.ts'

export interface TestQueues {
  redisUrl: string
  redis: RedisConnection
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
      for (const server of await serversOf(redis, 'master')) {
        const keys = await server.keys(`${prefix}*`)
        if (keys.length > 0) await redis.del(...keys)
      }
      redis.disconnect()
    },
  }
}
