import { createHash } from 'node:crypto'
import type { InputText } from './read-lines.ts'

/** Tells whether an input is still what it was: all that becomes of its lines is in the hash, and where each of them stands. */
export interface ContentHash {
  add(line: InputText): void
  /** Hex SHA-256 of the lines so far. */
  digest(): string
}

export function createContentHash(): ContentHash {
  const hash = createHash('sha256')
  return {
    add: (line) => {
      // Of a line that cannot be read no more is known, and no more is used.
      hash.update(line.status === 'text' ? line.text : `${line.status} ${line.byteLength} ${line.head}`)
      hash.update(`\n${line.lineNumber}\n`)
    },
    digest: () => hash.copy().digest('hex'),
  }
}
