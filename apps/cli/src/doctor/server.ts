import { CommandError, EXIT } from '../exit-codes.ts'
import type { Folders } from '../folders.ts'
import { checkRedis, withoutPassword } from '../redis/inspect-redis.ts'
import { useRedis } from '../redis/use-redis.ts'
import type { Finding } from './finding.ts'

export interface ServerCheck {
  folders: Folders
  redisUrl: string | undefined
  environment: NodeJS.ProcessEnv
  log: (line: string) => void
}

/** The Redis that commands would use; a private one is started for the check and let go of. */
export async function checkServer({ folders, redisUrl, environment, log }: ServerCheck): Promise<Finding> {
  const subject = 'redis'
  try {
    const redis = await useRedis({ home: folders.home, cacheFolder: folders.cache, redisUrl, environment, log })
    try {
      const { product, version, isAppendOnly } = await checkRedis(redis.url)
      const where = redis.isPrivate ? `private, data in ${folders.home}` : withoutPassword(redis.url)
      const says = `${product} ${version}, noeviction, ${isAppendOnly ? 'append-only file' : 'no append-only file'} (${where})`
      if (isAppendOnly) return { status: 'ok', subject, says }
      return { status: 'warn', subject, says, mend: 'a crash of this Redis loses queued work: set appendonly to yes' }
    } finally {
      await redis.release()
    }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const cause = error.exitCode === EXIT.configuration ? 'configuration' : 'dependency'
    const mend = redisUrl ? 'mend that, or unset REDIS_URL to use a private Redis' : 'mend that, then run this again'
    return { status: 'fail', subject, says: error.message, mend, cause }
  }
}
