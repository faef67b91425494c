import type { ServerFacts } from '@toolwright/queues'
import { ConfigurationError, readRedisUrl, shownRedisUrl } from '@toolwright/runtime'
import { CommandError, EXIT } from '../exit-codes.ts'
import { checkRedis } from '../redis/check-redis.ts'
import { useRedis, type UsedRedis } from '../redis/use-redis.ts'
import type { Surroundings } from '../verb.ts'
import { checkExecutorUser } from './executor-user.ts'
import type { Finding } from './finding.ts'

export type ServerCheck = Pick<Surroundings, 'environment' | 'inherited' | 'folders' | 'say'>

/** The Redis that commands would use, and the executors' user on it; a private one is started for the check and let go of. */
export async function checkServer({ environment, inherited, folders, say }: ServerCheck): Promise<Finding[]> {
  const { redisUrl, redisPersistence: persistence } = environment
  try {
    const startsQuietly = redisUrl !== undefined
    const wish = { home: folders.home, cacheFolder: folders.cache, redisUrl, persistence, environment: inherited, startsQuietly }
    const redis = await useRedis({ ...wish, log: say })
    try {
      const { servers, warnings } = await checkRedis(redis.url, { persistence })
      const where = redis.isPrivate ? `private, data in ${folders.home}` : shownRedisUrl(redis.url)
      return [findingOf(redis, servers, warnings, where), await checkExecutorUser(redis, environment)]
    } finally {
      await redis.release()
    }
  } catch (error) {
    if (!(error instanceof CommandError) && !(error instanceof ConfigurationError)) throw error
    const cause = error.exitCode === EXIT.configuration ? 'configuration' : 'dependency'
    const mend = redisUrl ? 'mend that, or unset REDIS_URL to use a private Redis' : 'mend that, then run this again'
    return [{ status: 'fail', subject: 'redis', says: error.message, mend, cause }]
  }
}

function findingOf({ url }: UsedRedis, servers: ServerFacts[], warnings: string[], where: string): Finding {
  const { form } = readRedisUrl(url)
  const versions = [...new Set(servers.map(({ product, version }) => `${product} ${version}`))].join(' and ')
  const what = form === 'cluster' ? `a Cluster of ${servers.length} masters, ${versions}` : versions
  const replicas = servers.reduce((sum, one) => sum + one.replicas, 0)
  const copies = replicas === 0 ? '' : `, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`
  const disk = servers.every(({ isAppendOnly }) => isAppendOnly) ? 'append-only file' : 'no append-only file'
  const says = `${what}${copies}, noeviction, ${disk} (${where})`
  const alone =
    form === 'sentinel' && replicas === 0
      ? ['no replica of the master that the Sentinels name is connected, so there is nothing to fail over to: start one']
      : []
  const mends = [...warnings, ...alone]
  if (mends.length === 0) return { status: 'ok', subject: 'redis', says }
  return { status: 'warn', subject: 'redis', says, mend: mends.join('\n       ') }
}
