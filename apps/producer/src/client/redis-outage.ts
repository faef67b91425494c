import type { RedisConnection } from '@toolwright/queues'
import { setTimeout as delay } from 'node:timers/promises'
import { createOutageTalk, REDIS_WORDS } from './outage-talk.ts'

const CHECK_MS = 250

/** Tells of a Redis that is away, and of its return; a connection that waits for it throws nothing. `place`: where it is, without its password. Returns what ends it. */
export function tellOfRedis(redis: RedisConnection, place: string, say: (line: string) => void): () => void {
  const talk = createOutageTalk(() => performance.now(), REDIS_WORDS)
  const timer = setInterval(() => {
    const line = talk(isThere(redis) ? null : place)
    if (line !== null) say(line)
  }, CHECK_MS).unref()
  return () => clearInterval(timer)
}

/** Resolves once `signal` is aborted and Redis has been away for `ms` since: what waits for it then would keep an interrupted process from ending. */
export async function awayOnceAborted(redis: RedisConnection, ms: number, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  for (let awayMs = 0; awayMs < ms; awayMs = isThere(redis) ? 0 : awayMs + CHECK_MS) await delay(CHECK_MS, undefined, { ref: false })
}

function isThere(redis: RedisConnection): boolean {
  return redis.status === 'ready'
}
