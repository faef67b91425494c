import { connectRedis, keyPrefixes } from '@toolwright/queues'
import type { Pipeline } from './pipeline.ts'

const DAY_S = 86_400

/** Queues that all runs share; a run's own of results is gone with it. */
export const SHARED_QUEUES = ['requests', 'user', 'direct', 'maker', 'execution'] as const
const SHARED = `q:(${SHARED_QUEUES.join('|')})`

/** What may be in Redis when runs are over: the registry, what is kept of a run for some days, and what BullMQ keeps of queues that all runs share. */
const KEPT: { pattern: RegExp; what: string; seconds?: number }[] = [
  { pattern: /^r:runs$/, what: 'the list of runs' },
  { pattern: /^r:run:RUN$/, what: "a run's record and summary", seconds: 7 * DAY_S },
  { pattern: /^r:run:RUN:(ledger|money|prices|intents)$/, what: 'what it cost', seconds: 7 * DAY_S },
  { pattern: /^r:run:RUN:latencies$/, what: 'how long its requests took', seconds: 7 * DAY_S },
  { pattern: /^r:run:RUN:failed$/, what: 'its dead letters', seconds: 7 * DAY_S },
  { pattern: /^r:run:RUN:(dispatched|answered)$/, what: 'a bit for each of its lines', seconds: 30 * DAY_S },
  { pattern: /^r:(money|totals|direct|makes|epoch|changes)$/, what: 'sums and counters of the space' },
  { pattern: /^r:days$/, what: 'what the latest days have cost' },
  { pattern: /^r:(kinds|nursery|decisions)$/, what: 'kinds, and how texts find them' },
  { pattern: /^r:kind:KIND(:(examples|places|tools|direct|calls:\d+))?$/, what: 'a kind with its examples and tools' },
  { pattern: /^r:kind:KIND:(make:\d+(:replies|:tries)?|texts)$/, what: 'what a kind has gathered that no tool was made for yet' },
  { pattern: /^r:(hold|probe|pace|limits|taken):.*$/, what: "an endpoint's limits", seconds: DAY_S },
  { pattern: new RegExp(`^${SHARED}:(meta|id)$`), what: "a shared queue's own record" },
  { pattern: new RegExp(`^${SHARED}:events$`), what: 'the latest events of a shared queue, of bounded length' },
  { pattern: new RegExp(`^${SHARED}:(marker|stalled-check)$`), what: 'what wakes a worker, or the one that looks for stalled jobs' },
]

/**
 * What is in Redis under the pipeline's prefix when all its runs are over: the keys' names, with RUN and KIND for ids, and those of them that should not be there, or
 * be kept for so long, each with why.
 */
export async function leftInRedis({ environment }: Pipeline): Promise<{ names: Set<string>; unexpected: string[] }> {
  const prefix = environment['TOOLWRIGHT_PREFIX']!
  const { queues, registry } = keyPrefixes(prefix, 'default')
  const redis = connectRedis(environment['REDIS_URL']!, { patient: true, name: 'tests' })
  try {
    const unexpected = new Set<string>()
    const names = new Set<string>()
    for (const key of await redis.keys(`{${prefix}:*`)) {
      const name = key
        .replace(new RegExp(`^${RegExp.escape(queues)}:`), 'q:')
        .replace(registry, 'r:')
        .replace(/run:r-[a-z2-7]{10}/, 'run:RUN')
        .replace(/kind:k-[a-z0-9-]+/, 'kind:KIND')
      const seconds = await redis.ttl(key)
      // It was gone by then.
      if (seconds === -2) continue
      names.add(name)
      const kept = KEPT.find(({ pattern }) => pattern.test(name))
      if (kept === undefined) unexpected.add(`${name} (for ${seconds} s)`)
      else if (kept.seconds !== undefined && (seconds < 0 || seconds > kept.seconds)) unexpected.add(`${name} is kept for ${seconds} s`)
      else if (name.endsWith(':events') && (await redis.xlen(key)) >= 500) unexpected.add(`${name} is too long`)
    }
    return { names, unexpected: [...unexpected] }
  } finally {
    redis.disconnect()
  }
}
