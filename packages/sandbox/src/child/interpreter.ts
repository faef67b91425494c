import type { Gate } from './import-gate.ts'
import type { Python } from './python.ts'

/** A Python that runs tools, one call after the other. */
export interface Interpreter {
  python: Python
  gate: Pick<Gate, 'begin' | 'end'>
  /** Puts it back to the state that it had before any tool ran. Returns why that cannot be proved, or null. */
  restore: () => string | null
  /** Why it should serve no further batch, though it is as it was: memory that it once took stays with the process. Null as long as it may go on. */
  worn: () => string | null
}
