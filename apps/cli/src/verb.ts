import type { Environment } from './env.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Flag } from './flags.ts'
import type { Folders } from './folders.ts'

/** What a verb gets to work with; made in main.ts, the only place that touches the process. */
export interface Surroundings {
  environment: Environment
  /** The whole environment, for processes that are started. */
  inherited: NodeJS.ProcessEnv
  folders: Folders
  /** Data, to stdout; waits while the reader is slow. */
  print: (text: string) => Promise<void>
  /** Talk, a line on stderr. */
  say: (line: string) => void
  /** How wide stdout is; where it is no terminal, as wide as a table may get. */
  columns: number
  hasColour: boolean
  /** From the call on, Ctrl-C, SIGTERM and SIGHUP abort this signal instead of ending the process; a second one ends it at once. */
  interruption: () => AbortSignal
}

export interface Verb {
  name: string
  /** One line for the list of verbs. */
  summary: string
  /** Its positional arguments as help shows them, e.g. `STAGE`. */
  positionals: string
  flags: Record<string, Flag>
  /** Paragraphs of its own help, below usage and summary. */
  about: string
  run: (args: string[], surroundings: Surroundings) => Promise<ExitCode>
}
