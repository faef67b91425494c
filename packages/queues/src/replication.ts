import { setTimeout as delay } from 'node:timers/promises'
import { isRedisAway } from './connect.ts'
import type { RedisConnection } from './open-redis.ts'

/** Keeps what a client has handed over from being lost when its master dies and a replica takes its place. */
export interface Replication {
  /**
   * Does writes that may be done again, all over this object's connection, and resolves once a replica has them too. They are done again where the connection or its server
   * was another one before they were confirmed. Where there is no replica, it resolves when they are done. Once `signal` is aborted it waits no longer.
   */
  keep(write: () => Promise<void>, signal: AbortSignal): Promise<void>
  /** `waiting`: no replica has confirmed the latest writes yet. `alone`: there was a replica, and there is none now. */
  state(): 'kept' | 'waiting' | 'alone'
}

/** Measured: a fail-over to a replica that lagged lost 3,528 jobs that had been acknowledged; with this before each was, none. */
const CONFIRMATIONS = 1
const CONFIRM_WITHIN_MS = 300
const ASK_AGAIN_MS = 100
/** A replica that is gone may come back: after a fail-over, or a break of its connection, it takes a moment. Without any for so long, the run goes on with one copy. */
const REPLICA_GRACE_MS = 5_000
/** How often a Redis that has no replica is asked for one. */
const LOOK_MS = 1_000

/** What a server answers that is just giving up or taking over its place as master, and a pipeline whose connection broke in its middle. */
const PASSING =
  /\b(READONLY|UNBLOCKED|NOREPLICAS|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|Command aborted due to connection close)\b/

interface Seen {
  /** One for each connection to each history of a server's data: what is written over it stands in that order, and a fail-over begins a new one. */
  session: string
  replicas: number
  confirmations: number
}

/** `key` is any of the space's, so that a Cluster's right server is asked. `expectsReplica`: there is meant to be one (Sentinels), so its absence from the start counts. */
export function openReplication(redis: RedisConnection, key: string, { expectsReplica }: { expectsReplica: boolean }): Replication {
  let session: string | null = null
  let hadReplica = expectsReplica
  let replicas = 0
  let withoutSince: number | null = null
  let lookAt = 0
  let isWaiting = false

  const ask = async (): Promise<Seen> => {
    // They travel together: over one connection, to the server that has the key.
    const questions = redis.pipeline().exists(key).client('ID').info('replication')
    if (replicas > 0) questions.wait(CONFIRMATIONS, CONFIRM_WITHIN_MS)
    const [, id, info, confirmations = 0] = ((await questions.exec()) ?? []).map(([error, reply]) => {
      if (error) throw error
      return reply
    })
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(String(info))?.[1] ?? ''
    return {
      session: `${String(id)} ${field('master_replid')}`,
      replicas: Number(field('connected_slaves')),
      confirmations: Number(confirmations),
    }
  }

  /** Whether what was written is safe, is to be written again, or has to be asked for again. */
  const judge = (seen: Seen): 'kept' | 'again' | 'not yet' => {
    const isSame = seen.session === session
    session = seen.session
    replicas = seen.replicas
    if (seen.replicas > 0) {
      hadReplica = true
      withoutSince = null
      if (!isSame) return 'again'
      return seen.confirmations >= CONFIRMATIONS ? 'kept' : 'not yet'
    }
    if (!hadReplica) return 'kept'
    withoutSince ??= performance.now()
    if (!isSame) return 'again'
    return performance.now() - withoutSince < REPLICA_GRACE_MS ? 'not yet' : 'kept'
  }

  const confirmed = async (signal: AbortSignal): Promise<'kept' | 'again'> => {
    for (;;) {
      const judged = judge(await ask())
      if (judged !== 'not yet') return judged
      isWaiting = true
      if (signal.aborted) return 'kept'
      await delay(ASK_AGAIN_MS)
    }
  }

  return {
    keep: async (write, signal) => {
      for (;;) {
        try {
          if (session === null) judge(await ask())
          await write()
          // One server alone is asked now and then: whether a replica has come.
          if (!hadReplica && performance.now() < lookAt) return
          if ((await confirmed(signal)) === 'kept') {
            isWaiting = false
            if (!hadReplica) lookAt = performance.now() + LOOK_MS
            return
          }
        } catch (error) {
          if (signal.aborted || !isPassing(error)) throw error
          isWaiting = true
          await delay(ASK_AGAIN_MS)
        }
      }
    },
    state: () => {
      if (withoutSince !== null && performance.now() - withoutSince >= REPLICA_GRACE_MS) return 'alone'
      return isWaiting ? 'waiting' : 'kept'
    },
  }
}

function isPassing(error: unknown): boolean {
  return isRedisAway(error) || (error instanceof Error && PASSING.test(error.message))
}
