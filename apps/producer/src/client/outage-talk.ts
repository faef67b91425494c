/** What an endpoint that takes no calls is worth saying of, and no more: nothing of a short hold, which is how limits are kept. */
export type OutageTalk = (refusal: string | null) => string | null

const SHORT_MS = 5_000
/** An endpoint that comes and goes is not reported more often than this. */
const QUIET_MS = 30_000

/** Asked again and again with what the endpoint said, null while it takes calls; gives the line that is to be shown now, if any. `now`: milliseconds on a clock that never goes back. */
export function createOutageTalk(now: () => number): OutageTalk {
  let since: number | null = null
  let saidAt: number | null = null
  let isSaid = false
  return (refusal) => {
    const at = now()
    if (refusal === null) {
      since = null
      const wasSaid = isSaid
      isSaid = false
      return wasSaid ? 'the endpoint takes calls again' : null
    }
    since ??= at
    if (isSaid || at - since < SHORT_MS || (saidAt !== null && at - saidAt < QUIET_MS)) return null
    isSaid = true
    saidAt = at
    return `waiting for a model: ${refusal}. Nothing is lost: the run goes on by itself when it answers, and Ctrl-C ends it`
  }
}
