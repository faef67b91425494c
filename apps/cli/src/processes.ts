import { spawn, type ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

/** Our apps that run as processes of their own. */
type AppName = 'producer' | 'user' | 'maker' | 'executor' | 'exporter' | 'simulator'

export interface AppStart {
  root: string
  app: AppName
  args?: string[]
  environment: NodeJS.ProcessEnv
  /** Gets every line that the process writes, on either stream. */
  onLine: (line: string) => void
}

export interface RunningApp {
  app: AppName
  pid: number | undefined
  /** Its exit code, as a shell would give it; never rejects. All its lines have been handed on by then. */
  exited: Promise<number>
  /** Asks it to stop, kills it after `timeoutMs` (default 15 s), and waits for its end. */
  stop(timeoutMs?: number): Promise<number>
}

/**
 * Starts one of our apps. It has a process group of its own, so that a Ctrl-C in the terminal reaches only the command, which then stops it in order; and a
 * channel to us whose end tells it that we are gone, however we went.
 */
export function startApp({ root, app, args = [], environment, onLine }: AppStart): RunningApp {
  const child = spawn(process.execPath, [join(root, 'apps', app, 'src', 'main.ts'), ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: environment,
  })
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', onLine)
  }
  const exited = exitCodeOf(child)
  return { app, pid: child.pid, exited, stop: (timeoutMs = 15_000) => stop(child, exited, timeoutMs) }
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(127))
    // "close", not "exit": the last lines are read by then.
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

async function stop(child: ChildProcess, exited: Promise<number>, timeoutMs: number): Promise<number> {
  child.kill('SIGTERM')
  const isSlow = await Promise.race([exited.then(() => false), delay(timeoutMs, true, { ref: false })])
  if (isSlow) child.kill('SIGKILL')
  return exited
}
