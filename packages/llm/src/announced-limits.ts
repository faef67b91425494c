/** What an endpoint announces of a limit: `remaining` of `limit` are left in a window of `windowMs`. */
export interface AnnouncedLimit {
  limit: number
  remaining: number | undefined
  windowMs: number
}

export interface AnnouncedLimits {
  requests?: AnnouncedLimit
  tokens?: AnnouncedLimit
}

const MINUTE_MS = 60_000
/** Resets are rounded up, and take a while to arrive. */
const RESET_SLACK = 1.05

/** How endpoints name their headers, with `%` for limit, remaining and reset. The first that names a limit counts. */
const REQUESTS = ['x-ratelimit-%-requests', 'anthropic-ratelimit-requests-%', 'x-ratelimit-%', 'ratelimit-%']
const TOKENS = ['x-ratelimit-%-tokens', 'anthropic-ratelimit-tokens-%']

/**
 * The limits on requests and tokens that a response's headers announce. They are for a minute, or the window of `ratelimit-policy` (`…;w=60`). Unknown, and left out, is
 * what is absent, 0 or less (Azure sends 0 and -1), unreadable, or reset later than its window ends: that one is for a day. A `remaining` of 0 is believed beside a
 * reset that is still to come.
 */
export function announcedLimits(headers: Headers, nowMs: number): AnnouncedLimits {
  const requests = firstOf(REQUESTS, headers, nowMs)
  const tokens = firstOf(TOKENS, headers, nowMs)
  return { ...(requests && { requests }), ...(tokens && { tokens }) }
}

function firstOf(names: string[], headers: Headers, nowMs: number): AnnouncedLimit | undefined {
  for (const name of names) {
    const read = (what: string) => headers.get(name.replace('%', what))
    const limit = countOf(read('limit'))
    if (limit === undefined || limit === 0) continue
    const windowMs = windowOf(headers.get('ratelimit-policy')) ?? MINUTE_MS
    const resetMs = resetIn(read('reset'), headers, nowMs)
    if (resetMs !== undefined && resetMs > windowMs * RESET_SLACK) return undefined
    const remaining = countOf(read('remaining'))
    const isBelievable = remaining !== undefined && remaining <= limit && (remaining > 0 || (resetMs !== undefined && resetMs > 0))
    return { limit, remaining: isBelievable ? remaining : undefined, windowMs }
  }
  return undefined
}

/** The whole number that a value begins with: some append their policy to it (`100, 100;w=60`). */
function countOf(value: string | null): number | undefined {
  const digits = /^\s*(\d{1,15})(?:\.0*)?\s*(?:[,;]|$)/.exec(value ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function windowOf(policy: string | null): number | undefined {
  const seconds = Number(/;\s*w=(\d{1,6})\b/.exec(policy ?? '')?.[1])
  return seconds > 0 ? seconds * 1000 : undefined
}

/** Milliseconds until a reset: a duration (`6m0s`, `120ms`), seconds, a date, or seconds or milliseconds since 1970. Dates are read against the endpoint's own clock where it tells it. */
function resetIn(value: string | null, headers: Headers, nowMs: number): number | undefined {
  const text = value?.trim() ?? ''
  const duration = /^(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/.exec(text)
  if (duration) {
    const [days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = duration.slice(1).map((part) => Number(part ?? 0))
    return Math.ceil((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + milliseconds)
  }
  const sentAt = Date.parse(headers.get('date') ?? '')
  const since = (at: number) => at - (Number.isNaN(sentAt) ? nowMs : sentAt)
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text)
    if (number > 1e11) return since(number)
    return number > 1e9 ? since(number * 1000) : Math.ceil(number * 1000)
  }
  const at = /^\d{4}-|^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : since(at)
}
