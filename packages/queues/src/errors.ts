/** Thrown by a handler: nothing is wrong with the job, but it cannot go on before `delayMs` have passed. Uses up no attempt. Of many, each comes back at another moment of `spreadMs` after that. */
export class LaterError extends Error {
  override readonly name = 'LaterError'
  readonly delayMs: number
  readonly spreadMs: number

  constructor(reason: string, delayMs: number, options?: ErrorOptions & { spreadMs?: number }) {
    super(reason, options)
    this.delayMs = delayMs
    this.spreadMs = options?.spreadMs ?? delayMs * 0.1
  }
}

/** Thrown by a handler: trying again cannot help. The job's lines are buried at once. */
export class HopelessError extends Error {
  override readonly name = 'HopelessError'
  /** The OpenAI-style error code for the lines' error. */
  readonly code: string
  readonly statusCode: number

  constructor(code: string, message: string, options?: ErrorOptions & { statusCode?: number }) {
    super(message, options)
    this.code = code
    this.statusCode = options?.statusCode ?? 0
  }
}
