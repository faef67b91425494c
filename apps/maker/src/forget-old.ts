import type { Registry } from '@toolwright/registry'
import type { Log } from '@toolwright/runtime'

const LOOK_AGAIN_MS = 3_600_000

/** Deletes users' texts that are older than so many days, at once and then every hour. Any number of makers may. Returns what stops it. */
export function startForgettingOld({ retention }: Registry, days: number, log: Log): () => void {
  const forget = () => {
    retention.sweep(days).then(
      ({ examples, kinds, requests }) => {
        if (examples + kinds + requests > 0) log.info({ examples, kinds, requests, days }, 'deleted what is older than it may be')
      },
      (error: unknown) => log.warn({ error }, 'could not look for examples that are too old'),
    )
  }
  forget()
  const timer = setInterval(forget, LOOK_AGAIN_MS)
  return () => clearInterval(timer)
}
