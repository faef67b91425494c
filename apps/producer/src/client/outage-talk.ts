/** What something that is away is worth saying of, and no more: nothing of a short hold, which is how limits are kept. */
export type OutageTalk = (reason: string | null) => string | null

/** How its absence is put into words, and its return. */
export interface OutageWords {
  away(reason: string): string
  back: string
}

const GOES_ON = 'Nothing is lost: the run goes on by itself when it answers, and Ctrl-C ends it'

export const ENDPOINT_WORDS: OutageWords = {
  away: (refusal) => `waiting for a model: ${refusal}. ${GOES_ON}`,
  back: 'the endpoint takes calls again',
}

export const REDIS_WORDS: OutageWords = {
  away: (place) => `waiting for Redis: ${place} does not answer. ${GOES_ON}`,
  back: 'Redis answers again',
}

export const REPLICA_WORDS: OutageWords = {
  away: (place) => `waiting for a replica of Redis (${place}): none has the latest requests yet. ${GOES_ON}`,
  back: 'a replica of Redis has all requests',
}

export const ALONE_WORDS: OutageWords = {
  away: (place) => `Redis (${place}) has no replica left: the run goes on, with one copy of its work`,
  back: 'Redis has a replica again',
}

const SHORT_MS = 5_000
/** What comes and goes is not reported more often than this. */
const QUIET_MS = 30_000

/** Asked again and again with why it is away, null while it is there; gives the line that is to be shown now, if any. `now`: milliseconds on a clock that never goes back. */
export function createOutageTalk(now: () => number, words: OutageWords): OutageTalk {
  let since: number | null = null
  let saidAt: number | null = null
  let isSaid = false
  return (reason) => {
    const at = now()
    if (reason === null) {
      since = null
      const wasSaid = isSaid
      isSaid = false
      return wasSaid ? words.back : null
    }
    since ??= at
    if (isSaid || at - since < SHORT_MS || (saidAt !== null && at - saidAt < QUIET_MS)) return null
    isSaid = true
    saidAt = at
    return words.away(reason)
  }
}
