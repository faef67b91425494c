import { createHash } from 'node:crypto'
import type { RedisConnection } from './redis.ts'

export type Script = (keys: string[], values: (string | number)[]) => Promise<unknown>

/** A Lua script that is sent once and called by its hash from then on. */
export function openScript(redis: RedisConnection, lua: string): Script {
  const sha = createHash('sha1').update(lua).digest('hex')
  return async (keys, values) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...values)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return await redis.eval(lua, keys.length, ...keys, ...values)
    }
  }
}
