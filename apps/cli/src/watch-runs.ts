import { setTimeout as delay } from 'node:timers/promises'
import { recordOf } from './given-run.ts'
import type { Space } from './open-space.ts'
import { rowLine, rowOf, type RunRow } from './run-rows.ts'
import type { Surroundings } from './verb.ts'

const LOOK_MS = 1_000
const LATEST_RUNS = 100
/** Clears a terminal, from its first line on. */
const CLEAR = '\u001B[H\u001B[2J'

/**
 * Follows one run until it is done, or (null) all runs, until `signal`: on a terminal, `look` drawn anew every second; else a line for each run that has changed.
 */
export async function watchRuns(
  { print }: Pick<Surroundings, 'print'>,
  { space, run, isLive, look }: { space: Space; run: string | null; isLive: boolean; look: () => Promise<string> },
  signal: AbortSignal,
): Promise<void> {
  const shown = new Map<string, string>()
  while (!signal.aborted) {
    const rows = await rowsOf(space, run)
    if (isLive) await print(`${CLEAR}${run === null ? await look() : `${rows.map(rowLine).join('\n')}\n`}`)
    else {
      for (const row of rows) {
        const line = rowLine(row)
        // Of runs that were over before, nobody asked.
        const isNews = shown.get(row.run) !== line && (run !== null || shown.has(row.run) || !isOver(row))
        shown.set(row.run, line)
        if (isNews) await print(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
      }
    }
    if (run !== null && rows.every(isOver)) return
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function rowsOf(space: Space, run: string | null): Promise<RunRow[]> {
  const records = run === null ? await space.registry.runs.list(LATEST_RUNS) : [await recordOf(space, run)]
  return await Promise.all(records.map((record) => rowOf(space, record)))
}

function isOver({ state }: RunRow): boolean {
  return state === 'done' || state === 'cancelled'
}
