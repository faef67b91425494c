import { type Origin, sendSpan, type Span, type Traces } from '@toolwright/runtime'
import type { QueueName } from '@toolwright/contracts'

/** Spans have room for so many links. */
const MAX_LINKS = 100

/**
 * Hands on lines that came from `origins`, or from nowhere that is known. Where they are all of one trace, what `send` adds goes on in it. Lines of several batches go on together
 * in the first one's trace, under a span that is linked to the others.
 */
export async function sendTogether<T>(
  traces: Traces | undefined,
  queue: QueueName,
  origins: readonly (Origin | undefined)[],
  send: () => Promise<T>,
): Promise<T> {
  if (traces === undefined) return await send()
  const byTrace = new Map<string, Origin>()
  for (const origin of origins) if (origin !== undefined && !byTrace.has(traceOf(origin))) byTrace.set(traceOf(origin), origin)
  const [first, ...others] = byTrace.values()
  if (first === undefined) return await send()
  if (others.length === 0) return await traces.within(first, send)
  const links = others.slice(0, MAX_LINKS)
  const span = traces.begin(sendSpan(queue, {}), { parent: first, links })
  for (const origin of links) if (isSpan(origin)) origin.link(span)
  try {
    return await traces.within(span, send)
  } finally {
    span.end()
  }
}

function traceOf(origin: Origin): string {
  return isSpan(origin) ? origin.traceId : origin.slice(3, 35)
}

function isSpan(origin: Origin): origin is Span {
  return typeof origin !== 'string'
}
