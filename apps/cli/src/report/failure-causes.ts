import type { ResultLine } from './result-lines.ts'

/** Requests that failed of one cause: its code, with the HTTP status where there was one, and the first of them as an example. */
export interface FailureCause {
  cause: string
  requests: number
  example: { customId: string; message: string }
}

export interface Failures {
  /** A line that did not fail is passed over. */
  add(line: ResultLine): void
  /** The most frequent first. */
  causes(): FailureCause[]
}

/** Codes come from endpoints, which may send as many as they like. */
const MAX_CAUSES = 50
const MAX_MESSAGE = 300

export function createFailures(): Failures {
  const causes = new Map<string, FailureCause>()
  return {
    add: ({ failure, customId }) => {
      if (failure === null) return
      const name = causes.has(failure.cause) || causes.size < MAX_CAUSES ? failure.cause : 'other causes'
      const known = causes.get(name)
      if (known !== undefined) known.requests++
      else causes.set(name, { cause: name, requests: 1, example: { customId, message: failure.message.slice(0, MAX_MESSAGE) } })
    },
    causes: () => [...causes.values()].toSorted((a, b) => b.requests - a.requests),
  }
}
