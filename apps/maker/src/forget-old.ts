import type { Log } from '@toolwright/runtime'
import type { Services } from './services.ts'

const DAY_MS = 86_400_000
const LOOK_AGAIN_MS = 3_600_000

export interface KeptDays {
  /** Users' texts, since they came. */
  examples: number
  /** Runs that were interrupted, since somebody last came for their results. */
  runs: number
}

/** Deletes what is older than it may be, at once and then every hour. Any number of makers may. Returns what stops it. */
export function startForgettingOld(services: Pick<Services, 'registry' | 'queues'>, kept: KeptDays, log: Log): () => void {
  const forget = async () => {
    const { examples, kinds, requests } = await services.registry.retention.sweep(kept.examples)
    if (examples + kinds + requests > 0)
      log.info({ examples, kinds, requests, days: kept.examples }, 'deleted what is older than it may be')
    for (const run of await forgetRuns(services, Date.now() - kept.runs * DAY_MS))
      log.info({ run, days: kept.runs }, 'deleted an interrupted run that nobody came back to')
  }
  const look = () => {
    forget().catch((error: unknown) => log.warn({ error }, 'could not look for what is too old'))
  }
  look()
  const timer = setInterval(look, LOOK_AGAIN_MS)
  return () => clearInterval(timer)
}

/**
 * Deletes runs without an end whose clients were last there before then (milliseconds since 1970), with the jobs and results that wait for them. What a worker has in hand stays for the next time.
 * Returns those that are gone.
 */
export async function forgetRuns({ registry, queues }: Pick<Services, 'registry' | 'queues'>, before: number): Promise<string[]> {
  const gone: string[] = []
  for (const run of await registry.runs.expire(before)) {
    await registry.kinds.withdraw(run)
    if ((await queues.dropJobs(run)).held > 0) continue
    await queues.dropResults(run)
    await registry.runs.forget(run)
    gone.push(run)
  }
  return gone
}
