import { Cluster, type Redis } from 'ioredis'
import { coalesceWrites } from './coalesce-writes.ts'
import { openRedis, type RedisConnection } from './open-redis.ts'

/** A socket that has gone silent must not stop a worker for good: without this time-out, 280 of 300 jobs never ran behind a black-holed connection. */
const SOCKET_TIMEOUT_MS = 15_000

/**
 * A connection to the Redis of a URL (`readRedisUrl`). `patient` (workers): waits for Redis for as long as it is away, so that an outage piles work up and fails nothing.
 * Otherwise commands fail after a few tries, so that a person who typed the command hears of it.
 */
export function connectRedis(url: string, options: { patient: boolean; name?: string }): RedisConnection {
  const redis = openRedis(url, {
    ...options,
    maxRetriesPerRequest: options.patient ? null : 3,
    maxRedirections: options.patient ? Number.POSITIVE_INFINITY : 16,
    socketTimeoutMs: SOCKET_TIMEOUT_MS,
    connectTimeoutMs: 10_000,
    retry: (attempt) => (options.patient || attempt <= 3 ? Math.min(attempt * 100, 2_000) : null),
  })
  // ioredis reconnects by itself; without a listener its errors would end the process. They are told elsewhere: impatient commands throw, workers log an outage (worker.ts),
  // a run's client tells its user (redis-outage.ts), and /readyz says no.
  redis.on('error', () => undefined)
  if (redis instanceof Cluster) redis.on('+node', coalesceWrites)
  else coalesceWrites(redis)
  return redis
}

/** Where everything of one space lives: one hash slot, queues and registry apart, so that the executor's user can be kept to the queues. */
export function keyPrefixes(prefix: string, space: string): { queues: string; registry: string } {
  const tag = `{${prefix}:${space}}`
  return { queues: `${tag}:q`, registry: `${tag}:r:` }
}

/** One server, or those of a Cluster: its masters, which take writes, or all. */
export async function serversOf(redis: RedisConnection, which: 'master' | 'all'): Promise<Redis[]> {
  if (!(redis instanceof Cluster)) return [redis]
  // Until a Cluster has answered, what its URL names counts as its masters.
  await redis.ping()
  return redis.nodes(which)
}

const AWAY_NAMES = ['MaxRetriesPerRequestError', 'ClusterAllFailedError']
const AWAY_MESSAGES = ['Connection is closed.', 'None of startup nodes is available', 'Cluster is ended.']
const AWAY_BEGINNINGS = ['All sentinels are unreachable', 'Too many Cluster redirections', 'CLUSTERDOWN ']

/** True for what a command throws when Redis does not answer, or its connection was closed under it. */
export function isRedisAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { name, message } = error
  return AWAY_NAMES.includes(name) || AWAY_MESSAGES.includes(message) || AWAY_BEGINNINGS.some((beginning) => message.startsWith(beginning))
}
