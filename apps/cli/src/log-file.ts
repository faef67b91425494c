import { appendFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeDataFolder } from './folders.ts'

/** The log of one process that the command started. */
export interface LogFile {
  path: string
  add: (line: string) => void
  /** The last lines that were written for people: log lines are JSON objects, what a process says before it gives up is not. */
  lastWords: () => string[]
}

/** A log that has grown past this is set aside as `….old` when a command starts. */
const MAX_BYTES = 20_000_000
const MAX_LAST_WORDS = 10

/** `<home>/logs/<name>.log`, appended to. */
export function openLogFile(home: string, name: string): LogFile {
  const folder = join(home, 'logs')
  makeDataFolder(folder)
  const path = join(folder, `${name}.log`)
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > MAX_BYTES) renameSync(path, `${path}.old`)
  let words: string[] = []
  return {
    path,
    add: (line) => {
      appendFileSync(path, `${line}\n`, { mode: 0o600 })
      if (!line.startsWith('{') && line.trim() !== '') words = [...words, line].slice(-MAX_LAST_WORDS)
    },
    lastWords: () => words,
  }
}
