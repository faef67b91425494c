/** What a command's exit code says. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  someLinesFailed: 3,
  budget: 4,
  configuration: 5,
  dependencyDown: 6,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A failure that its one sentence explains to the user in full: it is printed without a stack, and sets the exit code. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}
