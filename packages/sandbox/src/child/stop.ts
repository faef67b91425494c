/** Thrown through the interpreter to end a call. Python cannot catch it; the heap must be reset after it. */
export class Stop extends Error {
  readonly status: 'timed-out' | 'output-too-large' | 'crashed'
  constructor(status: Stop['status'], message: string) {
    super(message)
    this.name = 'Stop'
    this.status = status
  }
}
