import { Cluster } from 'ioredis'
import type { RedisConnection } from './open-redis.ts'

/** Whether Redis is there for the keys of one space. */
export interface Link {
  isThere(): boolean
  close(): void
}

const BEAT_MS = 250
/** A Cluster that has owed an answer for so long is away. */
const LATE_MS = 1_000

/** `onLost` is for a Cluster alone: a connection to one server has an error to tell, and tells it as an event. */
interface Listeners {
  onLost: (reason: Error | null) => void
  onBack: () => void
}

const NOBODY: Listeners = { onLost: () => undefined, onBack: () => undefined }

/**
 * A connection to one server knows. A Cluster is `ready` as long as any of its servers is, and hides from its user that it tries again and again to reach the one that has
 * the key: there it is asked, four times a second.
 */
export function openLink(redis: RedisConnection, key: string, listeners = NOBODY): Link {
  if (redis instanceof Cluster) return openPulse(redis, key, listeners)
  redis.on('ready', listeners.onBack)
  return { isThere: () => redis.status === 'ready', close: () => void redis.off('ready', listeners.onBack) }
}

function openPulse(cluster: Cluster, key: string, { onLost, onBack }: Listeners): Link {
  let askedAt: number | null = null
  let wasThere = true
  let isFailing = false
  let reason: Error | null = null
  const onNodeError = (error: Error) => (reason = error)
  cluster.on('node error', onNodeError)
  const isThere = () => cluster.status === 'ready' && !isFailing && (askedAt === null || performance.now() - askedAt < LATE_MS)
  const beat = async () => {
    const now = isThere()
    if (now && !wasThere) onBack()
    if (!now && wasThere) onLost(reason)
    if (now) reason = null
    wasThere = now
    if (askedAt !== null) return
    askedAt = performance.now()
    // Any failure says the same: nobody answers for this key. An impatient connection is told so at once.
    isFailing = await cluster.exists(key).then(
      () => false,
      () => true,
    )
    askedAt = null
  }
  const timer = setInterval(() => void beat(), BEAT_MS).unref()
  void beat()
  const close = () => {
    clearInterval(timer)
    cluster.off('node error', onNodeError)
  }
  return { isThere, close }
}
