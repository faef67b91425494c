import type { QueueName } from '@toolwright/contracts'
import { redisUrlFor } from '@toolwright/runtime'
import { keyPrefixes, serversOf } from './connect.ts'
import type { RedisConnection } from './open-redis.ts'

/** What an executor needs keys of: its own queue, and those whose jobs wait for code that ran, since the end of a child wakes its parent. */
const QUEUES_OF_EXECUTOR = ['execution', 'user', 'maker'] as const satisfies QueueName[]

/**
 * The commands of BullMQ's worker and of its scripts, by name: a category would grow with every version of Redis. All of them name their keys, so the patterns
 * bind them, in scripts too. None lists keys (SCAN), reads by a pattern in its arguments (SORT), listens, publishes or administers.
 */
const COMMANDS = [
  // SELECT: a URL may name a database. INFO: BullMQ asks for the version. HELLO and AUTH need no permission.
  'ping select info client|setname eval evalsha',
  // How a Cluster's client finds the server that has a key.
  'cluster|slots cluster|info asking readonly',
  'del exists pexpire pttl get set incr',
  'hdel hexists hget hgetall hincrby hmget hmset hset',
  'llen lpush lrange lrem ltrim rpoplpush rpush',
  'sadd scard smembers srem',
  'bzpopmin zadd zcard zpopmin zrange zrangebyscore zrem zremrangebyrank zremrangebyscore zrevrange zrevrangebyscore zscore',
  'xadd xtrim',
].flatMap((family) => family.split(' '))

/** The Redis user of one space's executors, as `ACL SETUSER` and a file of users take it: Redis and Valkey from 6.2 on. */
export interface ExecutorUser {
  name: string
  /** All but the password; to be set on a user that has no rules yet (`reset`). */
  rules: string[]
}

/** Neither a prefix nor a space holds a dot or a character that a pattern or a URL would read otherwise. */
export function executorUser(prefix: string, space: string): ExecutorUser {
  const { queues } = keyPrefixes(prefix, space)
  return {
    name: `executor.${prefix}.${space}`,
    rules: [
      'on',
      ...QUEUES_OF_EXECUTOR.map((queue) => `~${queues}:${queue}:*`),
      'resetchannels',
      '-@all',
      ...COMMANDS.map((command) => `+${command}`),
    ],
  }
}

/** Makes the user, or makes it anew; on every server of a Cluster, since users are not replicated. Throws ioredis' ReplyError (NOPERM) where this connection may not. */
export async function allowExecutor(redis: RedisConnection, { name, rules }: ExecutorUser, password: string): Promise<void> {
  const servers = await serversOf(redis, 'all')
  await Promise.all(servers.map((server) => server.acl('SETUSER', name, 'reset', `>${password}`, ...rules)))
}

/** The URL of the same Redis for the user. */
export function urlOfExecutor(url: string, { name }: ExecutorUser, password: string): string {
  return redisUrlFor(url, { username: name, password })
}
