import { z } from 'zod'
import { isSecretName, redact } from './redact.ts'

export const LogLevel = z.enum(['debug', 'info', 'warn', 'error'])
export type LogLevel = z.infer<typeof LogLevel>

type Write = (object: object, message: string) => void

/** Object first, message second. An error goes under `error`. */
export interface Log {
  debug: Write
  info: Write
  warn: Write
  error: Write
  /** A log whose lines all carry `fields`. */
  child(fields: object): Log
}

/** No text in a log line is longer, in characters. */
const MAX_TEXT = 8_000

/** Writes JSON lines of `level` and above, with time, level, stage and pid, to stderr (or `write`). Secrets are redacted wherever they stand. */
export function openLog(options: { stage: string; level: LogLevel; write?: (line: string) => void }): Log {
  const write = options.write ?? ((line) => void process.stderr.write(line))
  const least = LogLevel.options.indexOf(options.level)
  const logWith = (fields: object): Log => {
    const writeAt =
      (level: LogLevel): Write =>
      (object, message) => {
        if (LogLevel.options.indexOf(level) < least) return
        const head = { time: new Date().toISOString(), level, stage: options.stage, pid: process.pid }
        write(`${toJson({ ...head, ...fields, ...object, ...head, message })}\n`)
      }
    return {
      debug: writeAt('debug'),
      info: writeAt('info'),
      warn: writeAt('warn'),
      error: writeAt('error'),
      child: (more) => logWith({ ...fields, ...more }),
    }
  }
  return logWith({})
}

/** JSON of anything: a log line must never be what throws. */
function toJson(line: object): string {
  // The values on the way down to the current one. An error is written as a plain object, which then holds its parts.
  const above: { original: unknown; holder: unknown }[] = []
  return JSON.stringify(line, function (this: unknown, name, value: unknown) {
    while (above.length > 0 && above.at(-1)?.holder !== this) above.pop()
    if (typeof value === 'string') return isSecretName(name) ? '…' : cut(redact(value))
    if (typeof value === 'bigint') return value.toString()
    if (typeof value !== 'object' || value === null) return value
    if (above.some(({ original }) => original === value)) return '(circular)'
    const holder = value instanceof Error ? plainError(value) : value
    above.push({ original: value, holder })
    return holder
  })
}

/** An error of ioredis carries the command that failed with all that it was given: passwords (AUTH), users' texts. Its name says enough. */
function plainError(error: Error): object {
  const { name, message, stack, cause } = error
  const parts = Object.entries(error).map(([part, value]) => [part, part === 'command' ? nameOf(value) : value])
  return { ...Object.fromEntries(parts), name, message, stack, ...(cause !== undefined && { cause }) }
}

function nameOf(command: unknown): unknown {
  return typeof command === 'object' && command !== null && 'name' in command ? command.name : command
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text
}
