import type { Cluster, Redis } from 'ioredis'

export type RedisConnection = Redis | Cluster

/** Milliseconds by the clock of the server that has this key: a Cluster's servers have each their own. */
export async function redisTime(redis: RedisConnection, key: string): Promise<number> {
  // Two texts: TIME's seconds and microseconds.
  const [seconds, micros] = (await redis.eval("return redis.call('TIME')", 1, key)) as [string, string]
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

/** The servers that keys lie on: one, or all masters of a Cluster. */
export async function mastersOf(redis: RedisConnection): Promise<Redis[]> {
  if (!('nodes' in redis)) return [redis]
  // Until a Cluster has answered, what its URL names counts as its masters.
  await redis.ping()
  return redis.nodes('master')
}
