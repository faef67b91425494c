import { Redis } from 'ioredis'

export type RedisConnection = Redis

/** A socket that has gone silent must not stop a worker for good: without this time-out, 280 of 300 jobs never ran behind a black-holed connection. */
const SOCKET_TIMEOUT_MS = 15_000

/**
 * A connection to Redis. `patient` (workers): waits for Redis for as long as it is away, so that an outage piles work up and fails nothing.
 * Otherwise commands fail after a few tries, so that a person who typed the command hears of it.
 */
export function connectRedis(url: string, options: { patient: boolean; name?: string }): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: options.patient ? null : 3,
    socketTimeout: SOCKET_TIMEOUT_MS,
    keepAlive: 10_000,
    connectTimeout: 10_000,
    // The executor's user may not say it; a log of what was refused (ACL LOG) should hold nothing but what is worth a look.
    disableClientInfo: true,
    retryStrategy: (attempt) => (options.patient || attempt <= 3 ? Math.min(attempt * 100, 2_000) : null),
    ...(options.name === undefined ? {} : { connectionName: options.name }),
  })
  // ioredis reconnects by itself; without a listener its errors would end the process. They are told elsewhere: impatient commands throw, workers log an outage (worker.ts),
  // a run's client tells its user (redis-outage.ts), and /readyz says no.
  redis.on('error', () => undefined)
  return redis
}

/** Where everything of one space lives: one hash slot, queues and registry apart, so that the executor's user can be kept to the queues. */
export function keyPrefixes(prefix: string, space: string): { queues: string; registry: string } {
  const tag = `{${prefix}:${space}}`
  return { queues: `${tag}:q`, registry: `${tag}:r:` }
}

/** True for what a command throws when Redis does not answer, or its connection was closed under it. */
export function isRedisAway(error: unknown): boolean {
  return error instanceof Error && (error.name === 'MaxRetriesPerRequestError' || error.message === 'Connection is closed.')
}
