import { CommandError, EXIT } from '../exit-codes.ts'
import { checkRedis, withoutPassword } from '../redis/inspect-redis.ts'
import { useRedis } from '../redis/use-redis.ts'
import type { Surroundings } from '../verb.ts'
import { checkExecutorUser } from './executor-user.ts'
import type { Finding } from './finding.ts'

export type ServerCheck = Pick<Surroundings, 'environment' | 'inherited' | 'folders' | 'say'>

/** The Redis that commands would use, and the executors' user on it; a private one is started for the check and let go of. */
export async function checkServer({ environment, inherited, folders, say }: ServerCheck): Promise<Finding[]> {
  const subject = 'redis'
  const { redisUrl } = environment
  try {
    const redis = await useRedis({ home: folders.home, cacheFolder: folders.cache, redisUrl, environment: inherited, log: say })
    try {
      const { product, version, isAppendOnly } = await checkRedis(redis.url)
      const where = redis.isPrivate ? `private, data in ${folders.home}` : withoutPassword(redis.url)
      const says = `${product} ${version}, noeviction, ${isAppendOnly ? 'append-only file' : 'no append-only file'} (${where})`
      const mend = 'a crash of this Redis loses queued work: set appendonly to yes'
      const server: Finding = isAppendOnly ? { status: 'ok', subject, says } : { status: 'warn', subject, says, mend }
      return [server, await checkExecutorUser(redis, environment)]
    } finally {
      await redis.release()
    }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const cause = error.exitCode === EXIT.configuration ? 'configuration' : 'dependency'
    const mend = redisUrl ? 'mend that, or unset REDIS_URL to use a private Redis' : 'mend that, then run this again'
    return [{ status: 'fail', subject, says: error.message, mend, cause }]
  }
}
