import { type RunSettings } from '@toolwright/contracts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Folders } from './folders.ts'

/** What the producer's client is asked; its schema is the producer's own (run-request.ts), which parses it. */
export interface RunWish {
  input: string
  output: string | null
  errors: string | null
  run: string
  limit: number | null
  settings: RunSettings
  json: boolean
}

export interface ClientStart {
  folders: Folders
  inherited: NodeJS.ProcessEnv
  redisUrl: string
  wish: RunWish
  /** Ends the run early; what is done is written. */
  signal: AbortSignal
}

/**
 * A Ctrl-C in the terminal reaches the client by itself, and a second signal makes it leave at once. So it gets none from us: a moment later its channel is closed, which says
 * nothing new to a client that is stopping already, and stops one whose signal came to us alone.
 */
const FORWARD_MS = 300

/** Runs the client of one run on our own stdin, stdout and stderr, and returns its exit code. */
export async function runClient({ folders, inherited, redisUrl, wish, signal }: ClientStart): Promise<ExitCode> {
  const program = join(folders.root, 'apps', 'producer', 'src', 'run-main.ts')
  const client = spawn(process.execPath, [program, JSON.stringify(wish)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...inherited, REDIS_URL: redisUrl, TOOLWRIGHT_HOME: folders.home },
  })
  let timer: NodeJS.Timeout | undefined
  const forward = () => {
    timer = setTimeout(() => client.connected && client.disconnect(), FORWARD_MS)
  }
  if (signal.aborted) forward()
  signal.addEventListener('abort', forward, { once: true })
  try {
    const [code] = await once(client, 'exit')
    return Object.values(EXIT).find((known) => known === code) ?? EXIT.internal
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', forward)
  }
}
