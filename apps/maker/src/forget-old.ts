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

/** Deletes what is older than it may be: texts at once and then every hour, runs every hour, so that nobody who comes back after a long time meets the first maker that starts. Any number of makers may. Returns what stops it. */
export function startForgettingOld(services: Pick<Services, 'registry' | 'queues'>, kept: KeptDays, log: Log): () => void {
  const forgetTexts = async () => {
    const { examples, kinds, requests } = await services.registry.retention.sweep(kept.examples)
    if (examples + kinds + requests > 0)
      log.info({ examples, kinds, requests, days: kept.examples }, 'deleted what is older than it may be')
  }
  const forget = async () => {
    await forgetTexts()
    for (const run of await forgetRuns(services, kept.runs * DAY_MS))
      log.info({ run, days: kept.runs }, 'deleted an interrupted run that nobody came back to')
  }
  const couldNot = (error: unknown) => log.warn({ error }, 'could not look for what is too old')
  forgetTexts().catch(couldNot)
  const timer = setInterval(() => {
    forget().catch(couldNot)
  }, LOOK_AGAIN_MS)
  return () => clearInterval(timer)
}

/** Deletes runs without an end that nobody has been there for in so many milliseconds, with the jobs and results that wait for them. What a worker has in hand stays for the next time. Returns those that are gone. */
export async function forgetRuns({ registry, queues }: Pick<Services, 'registry' | 'queues'>, ms: number): Promise<string[]> {
  const gone: string[] = []
  for (const run of await registry.runs.unattended(ms)) {
    // A client of an older version says nothing of itself.
    if ((await queues.workersOf('results', run)) > 0) await registry.runs.attend(run)
    else if ((await registry.runs.expire(run, ms)) && (await isEmptied({ registry, queues }, run))) {
      await queues.dropResults(run)
      await registry.runs.forget(run)
      gone.push(run)
    }
  }
  return gone
}

/** Takes all out of queues and waiting lists that is left of a run; false where a worker has some of it in hand. */
async function isEmptied({ registry, queues }: Pick<Services, 'registry' | 'queues'>, run: string): Promise<boolean> {
  for (;;) {
    const { dropped, held } = await queues.dropJobs(run)
    const waiting = await registry.kinds.withdraw(run)
    if (held > 0) return false
    // Lines that waited may have become jobs meanwhile, and the other way round.
    if (dropped + waiting === 0) return true
  }
}
