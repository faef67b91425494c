/**
 * How long an endpoint asks to wait, in milliseconds: `retry-after-ms`, else `retry-after` in seconds or as a date, in full however long.
 * A date is read against the endpoint's own clock where it tells it. Undefined when absent, unreadable, or not in the future (some send 0 or -1).
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  return positive(headers.get('retry-after-ms')) ?? fromRetryAfter(headers, nowMs)
}

function fromRetryAfter(headers: Headers, nowMs: number): number | undefined {
  const text = headers.get('retry-after')?.trim()
  if (!text) return undefined
  if (/^[-+]?[\d.]+$/.test(text)) return positive(text, 1000)
  const sentAt = Date.parse(headers.get('date') ?? '')
  return positive(String(Date.parse(text) - (Number.isNaN(sentAt) ? nowMs : sentAt)))
}

function positive(text: string | null, factor = 1): number | undefined {
  const value = Math.ceil(Number(text ?? Number.NaN) * factor)
  return Number.isFinite(value) && value > 0 ? value : undefined
}
