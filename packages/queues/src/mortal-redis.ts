import { Cluster, Command, type Redis } from 'ioredis'
import { connectRedis } from './connect.ts'

/** What a process has of Redis, and when it was killed. */
export interface MortalRedis {
  redis: Redis
  /** Resolves when the process is dead, and all that it had sent is done. */
  died: Promise<'died'>
  isDead(): boolean
}

/** Commands that leave Redis as it was: to die before one of them is to die before the next change. */
const READING = new Set(
  'ping info select client hello time type exists get hget hgetall hmget hvals hkeys hlen hexists llen lrange scard smembers zcard zrange zrangebyscore zrevrange zscore bitcount'.split(
    ' ',
  ),
)

/**
 * The connection of a process that is killed (-9) instead of making one more change than so many: what it sent before is done, nothing that it sends later is, and nothing
 * that it waits for ever comes. To be tried for every number until it is large enough to live.
 */
export async function connectMortal(redisUrl: string, changes: number): Promise<MortalRedis> {
  const redis = connectRedis(redisUrl, { patient: true })
  if (redis instanceof Cluster) throw new Error('what dies at a change goes to one server')
  await redis.ping()
  const send = redis.sendCommand.bind(redis)
  let left = changes
  let isDead = false
  let die: () => void
  const died = new Promise<void>((resolve) => (die = resolve)).then(async () => {
    await send(new Command('ping'))
    redis.disconnect()
    return 'died' as const
  })
  // Commands that travel together arrive together.
  const underWay = new WeakSet<object>()
  redis.sendCommand = (command, stream) => {
    if (stream !== undefined && underWay.has(stream)) return send(command, stream)
    if (!isDead && !READING.has(command.name.toLowerCase()) && left-- === 0) {
      isDead = true
      die()
    }
    if (isDead) return new Promise(() => undefined)
    if (stream !== undefined) underWay.add(stream)
    return send(command, stream)
  }
  return { redis, died, isDead: () => isDead }
}

const AT_ONCE = 6

/** Tries something with a process that dies before its first change, before its second, and so on, until it lives to the end. */
export async function atEveryChange(attempt: (changes: number) => Promise<'died' | 'done'>): Promise<void> {
  for (let from = 0; ; from += AT_ONCE) {
    const ends = await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => attempt(from + at)))
    if (ends.includes('done')) return
  }
}
