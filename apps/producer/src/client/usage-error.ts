/** What the user asked for cannot be done as asked; the message says what to do instead. The command ends with exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
  readonly exitCode = 2
}
