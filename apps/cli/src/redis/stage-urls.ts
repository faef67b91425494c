import { allowExecutor, connectRedis, executorUser, urlOfExecutor } from '@toolwright/queues'
import type { Environment } from '../env.ts'
import { CommandError, EXIT } from '../exit-codes.ts'
import { executorPasswordOf } from './state.ts'
import type { UsedRedis } from './use-redis.ts'

/** What the processes of a space connect to: one Redis, with a user of its own for those that run untrusted code. */
export interface StageUrls {
  url: string
  executorUrl: string
}

/**
 * A private Redis is given the user; of another one it is the setting's, or else the common one. Throws CommandError where the setting names a user of a
 * Redis that is not used.
 */
export async function stageUrls(
  { url, isPrivate }: Pick<UsedRedis, 'url' | 'isPrivate'>,
  { prefix, space, executorRedisUrl }: Pick<Environment, 'prefix' | 'space' | 'executorRedisUrl'>,
): Promise<StageUrls> {
  if (!isPrivate) return { url, executorUrl: executorRedisUrl ?? url }
  if (executorRedisUrl !== undefined) {
    const message = 'TOOLWRIGHT_EXECUTOR_REDIS_URL names a user of the Redis of REDIS_URL, which is not set: set both or neither'
    throw new CommandError(EXIT.configuration, message)
  }
  const user = executorUser(prefix, space)
  const password = executorPasswordOf(new URL(url).password, user.name)
  const redis = connectRedis(url, { patient: false, name: 'toolwright-cli' })
  try {
    await allowExecutor(redis, user, password)
    // A server that died and is started again knows the users that were saved.
    await redis.acl('SAVE')
  } finally {
    redis.disconnect()
  }
  return { url, executorUrl: urlOfExecutor(url, user, password) }
}
