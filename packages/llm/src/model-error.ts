import type { AnnouncedLimits } from './announced-limits.ts'

/**
 * What stopped a model call, named after what to do about it.
 * `rate-limited`, `unavailable`, `timed-out`: try again later. `rejected`: the endpoint will not take this request. `credentials`, `no-model`, `quota`:
 * no call of this role can succeed until somebody mends it.
 */
export type ModelErrorKind = 'rate-limited' | 'unavailable' | 'timed-out' | 'rejected' | 'credentials' | 'no-model' | 'quota'

const RETRYABLE: readonly ModelErrorKind[] = ['rate-limited', 'unavailable', 'timed-out']

export interface ModelErrorDetails {
  statusCode?: number | undefined
  code?: string | undefined
  retryAfterMs?: number | undefined
  maybeBilled?: boolean
  announced?: AnnouncedLimits
  cause?: unknown
}

/** A model call that gave no reply. The message names role, model, host and what to do; it never holds a key or password. */
export class ModelError extends Error {
  override name = 'ModelError'
  readonly kind: ModelErrorKind
  /** The HTTP status, where there was an answer. */
  readonly statusCode: number | undefined
  /** The endpoint's own code, or the system's for a broken connection. */
  readonly code: string | undefined
  /** How long the endpoint asks to wait, in full. */
  readonly retryAfterMs: number | undefined
  readonly isRetryable: boolean
  /** The request went out and may have been worked on: its cost is uncertain. */
  readonly maybeBilled: boolean
  /** The limits that the endpoint's answer announced. */
  readonly announced: AnnouncedLimits

  constructor(message: string, kind: ModelErrorKind, details: ModelErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.kind = kind
    this.statusCode = details.statusCode
    this.code = details.code
    this.retryAfterMs = details.retryAfterMs
    this.isRetryable = RETRYABLE.includes(kind)
    this.maybeBilled = details.maybeBilled ?? false
    this.announced = details.announced ?? {}
  }
}

/** What an HTTP status says about a call; `code` is the endpoint's own code or type. */
export function kindOfStatus(statusCode: number, codes: string[]): ModelErrorKind {
  if (statusCode === 401 || statusCode === 403) return 'credentials'
  if (statusCode === 402) return 'quota'
  if (statusCode === 404) return 'no-model'
  if (statusCode === 429) return codes.some((code) => /insufficient_quota|billing/.test(code)) ? 'quota' : 'rate-limited'
  if (statusCode === 408 || statusCode === 409 || statusCode === 425 || statusCode >= 500) return 'unavailable'
  return 'rejected'
}

/** What somebody who reads the error can do. `variablePrefix`: how the role's variables begin. */
export function mendFor(kind: ModelErrorKind, variablePrefix: string): string {
  switch (kind) {
    case 'credentials':
      return `check ${variablePrefix}_API_KEY (or OPENAI_API_KEY) and what the key may use`
    case 'no-model':
      return `check ${variablePrefix}_MODEL and ${variablePrefix}_BASE_URL (most end in /v1)`
    case 'quota':
      return 'the account has no credit left: add some, then go on'
    case 'rejected':
      return 'the same request will be refused again'
    case 'rate-limited':
    case 'unavailable':
    case 'timed-out':
      return 'try again later'
  }
}
