import { connectRedis, keyPrefixes, openQueues, type Queues, type RedisConnection } from '@toolwright/queues'
import { openAdministration, openRegistry, type Administration, type Registry } from '@toolwright/registry'
import { useRedis } from './redis/use-redis.ts'
import type { Surroundings } from './verb.ts'

/** The Redis, the queues and the registry of the space that the command works on. */
export interface Space {
  name: string
  url: string
  isPrivate: boolean
  redis: RedisConnection
  queues: Queues
  registry: Registry
  administration: Administration
  /** Lets go of all of it; a private Redis that nobody else uses is stopped. */
  close(): Promise<void>
}

/** Opens the space on REDIS_URL or the private Redis; `isForLooking`: no stage is started on it, so its own start is not worth a line. Throws CommandError where there is no Redis to be had. */
export async function openSpace({ environment, inherited, folders, say }: Surroundings, { isForLooking = false } = {}): Promise<Space> {
  const used = await useRedis({
    home: folders.home,
    cacheFolder: folders.cache,
    redisUrl: environment.redisUrl,
    persistence: environment.redisPersistence,
    environment: inherited,
    startsQuietly: isForLooking,
    log: say,
  })
  const prefixes = keyPrefixes(environment.prefix, environment.space)
  const redis = connectRedis(used.url, { patient: false, name: 'toolwright-cli' })
  const queues = openQueues({ redis, prefix: prefixes.queues, space: environment.space })
  return {
    name: environment.space,
    url: used.url,
    isPrivate: used.isPrivate,
    redis,
    queues,
    registry: openRegistry({ redis, keyPrefix: prefixes.registry }),
    administration: openAdministration({ redis, keyPrefix: prefixes.registry }),
    close: async () => {
      await queues.close()
      redis.disconnect()
      await used.release()
    },
  }
}

/** Opens the space to look into it or change it, for as long as `work` takes. */
export async function withSpace<T>(surroundings: Surroundings, work: (space: Space) => Promise<T>): Promise<T> {
  const space = await openSpace(surroundings, { isForLooking: true })
  try {
    return await work(space)
  } finally {
    await space.close()
  }
}
