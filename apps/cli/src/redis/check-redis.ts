import { inspectRedis, judgeServers, type Persistence, type ServerFacts } from '@toolwright/queues'
import { ConfigurationError, readRedisUrl, shownRedisUrl } from '@toolwright/runtime'
import { CommandError, EXIT } from '../exit-codes.ts'

export interface CheckedRedis {
  /** One, or all masters of a Cluster. */
  servers: ServerFacts[]
  /** What may lose work when a server crashes, and what to set. */
  warnings: string[]
}

/** Refuses a Redis that would lose work or cannot run the queues. `persistence`: `none` lets one pass that forgets all when it restarts. Throws CommandError. */
export async function checkRedis(url: string, { persistence }: { persistence: Persistence }): Promise<CheckedRedis> {
  let servers: ServerFacts[]
  try {
    servers = await inspectRedis(url)
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(EXIT.dependencyDown, `the Redis of REDIS_URL (${shownRedisUrl(url)}) does not answer: ${reason}`, {
      cause: error,
    })
  }
  const [server] = servers
  // Where a fail-over is watched for, a master may have been demoted a moment ago.
  if (['server', 'socket'].includes(readRedisUrl(url).form) && server?.role === 'replica')
    throw new CommandError(EXIT.configuration, 'the Redis of REDIS_URL is a replica, which takes no writes: name its master')
  const { refusal, warnings } = judgeServers(url, servers, persistence)
  if (refusal !== null) throw new CommandError(EXIT.configuration, refusal)
  return { servers, warnings }
}
