import { once, setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { RunningApp } from './processes.ts'

interface Supervised {
  name: string
  start: () => RunningApp
}

export interface Supervision {
  apps: Supervised[]
  say: (line: string) => void
  /** Stops everything. */
  signal: AbortSignal
}

/**
 * Keeps processes running until `signal`: one that dies is started again, after a pause that grows with each death in a row. One that cannot run as it is
 * set up (exit code 2 or 5) ends all, since starting it again would not help; its code is returned.
 */
export async function supervise({ apps, say, signal }: Supervision): Promise<ExitCode> {
  const hopeless = new AbortController()
  const over = AbortSignal.any([signal, hopeless.signal])
  setMaxListeners(0, over)
  const isOver = over.aborted ? Promise.resolve() : once(over, 'abort')
  const codes = await Promise.all(
    apps.map(async (supervised) => {
      const code = await keepRunning(supervised, { say, over, isOver })
      if (code !== EXIT.ok) hopeless.abort()
      return code
    }),
  )
  return codes.find((code) => code !== EXIT.ok) ?? (signal.aborted ? EXIT.interrupted : EXIT.ok)
}

interface Keeping {
  say: (line: string) => void
  over: AbortSignal
  isOver: Promise<unknown>
}

async function keepRunning({ name, start }: Supervised, { say, over, isOver }: Keeping): Promise<ExitCode> {
  for (let deaths = 0; ;) {
    const startedAt = Date.now()
    const app = start()
    await Promise.race([app.exited, isOver])
    if (over.aborted) {
      await app.stop()
      return EXIT.ok
    }
    const code = await app.exited
    if (code === EXIT.usage || code === EXIT.configuration) return code
    deaths = Date.now() - startedAt > 60_000 ? 1 : deaths + 1
    const pauseMs = restartPauseMs(deaths)
    say(`${name} ended with code ${code}, starting it again in ${pauseMs / 1000} s`)
    await delay(pauseMs, undefined, { signal: over }).catch(() => undefined)
    if (over.aborted) return EXIT.ok
  }
}

/** Half a second after the first death in a row, doubling up to 30 s. */
export function restartPauseMs(deaths: number): number {
  return Math.min(500 * 2 ** (deaths - 1), 30_000)
}
