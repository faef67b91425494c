import type { Link, Replication } from '@toolwright/queues'
import { setTimeout as delay } from 'node:timers/promises'
import { ALONE_WORDS, createOutageTalk, REDIS_WORDS, REPLICA_WORDS } from './outage-talk.ts'

const CHECK_MS = 250

/**
 * Tells of a Redis that is away or has no replica with what was read, and of their return; a connection that waits for it throws nothing. `place`: where it is, without its
 * password. Returns what ends it.
 */
export function tellOfRedis(link: Link, replication: Replication, place: string, say: (line: string) => void): () => void {
  const talks = Object.entries({ away: REDIS_WORDS, waiting: REPLICA_WORDS, alone: ALONE_WORDS }).map(([state, words]) => ({
    state,
    talk: createOutageTalk(() => performance.now(), words),
  }))
  const timer = setInterval(() => {
    const now = link.isThere() ? replication.state() : 'away'
    for (const { state, talk } of talks) {
      const line = talk(now === state ? place : null)
      if (line !== null) say(line)
    }
  }, CHECK_MS).unref()
  return () => clearInterval(timer)
}

/** Resolves once `signal` is aborted and Redis has been away for `ms` since: what waits for it then would keep an interrupted process from ending. */
export async function awayOnceAborted(link: Link, ms: number, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  for (let awayMs = 0; awayMs < ms; awayMs = link.isThere() ? 0 : awayMs + CHECK_MS) await delay(CHECK_MS, undefined, { ref: false })
}
