import { type RunSettings } from '@toolwright/contracts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Folders } from './folders.ts'

/** What the producer's client is asked; its schema is the producer's own (run-request.ts), which parses it. */
export interface RunWish {
  input: string
  /** A run whose failed requests are the input. */
  retries?: string | null
  /** False: only what is ready is delivered; default true. */
  readsOn?: boolean
  output: string | null
  errors: string | null
  run: string
  limit: number | null
  settings: RunSettings
  /** What the run may cost in all, nano-dollars; null: without limit; undefined: as before. */
  maxCostNano?: number | null | undefined
  json: boolean
  /** How long an interrupted run waits for what is under way; default 10 s. */
  graceMs?: number
}

export interface ClientStart {
  folders: Folders
  inherited: NodeJS.ProcessEnv
  redisUrl: string
  wish: RunWish
  /** Ends the run early: it waits a while for what is under way. */
  stop: AbortSignal
  /** Ends it at once: nothing more can come. What is done is written in any case. */
  leave?: AbortSignal
}

/**
 * A Ctrl-C in the terminal reaches the client by itself, and a second signal makes it leave at once. So it gets none from us, but a moment later a message, which says nothing
 * new to a client that is stopping already, and stops one whose signal came to us alone.
 */
const FORWARD_MS = 300

/** Runs the client of one run on our own stdin, stdout and stderr, and returns its exit code. */
export async function runClient({ folders, inherited, redisUrl, wish, stop, leave }: ClientStart): Promise<ExitCode> {
  const program = join(folders.root, 'apps', 'producer', 'src', 'run-main.ts')
  const client = spawn(process.execPath, [program, JSON.stringify(wish)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...inherited, REDIS_URL: redisUrl, TOOLWRIGHT_HOME: folders.home },
  })
  let timer: NodeJS.Timeout | undefined
  const onStop = () => {
    // It may end in the same moment.
    timer = setTimeout(() => client.connected && client.send('stop', () => undefined), FORWARD_MS)
  }
  const onLeave = () => client.connected && client.disconnect()
  if (stop.aborted) onStop()
  stop.addEventListener('abort', onStop, { once: true })
  leave?.addEventListener('abort', onLeave, { once: true })
  try {
    const [code] = await once(client, 'exit')
    return Object.values(EXIT).find((known) => known === code) ?? EXIT.internal
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', onStop)
    leave?.removeEventListener('abort', onLeave)
  }
}
