import { resolve } from 'node:path'
import { isatty } from 'node:tty'
import { checkSettings } from './check-settings.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { openSpace, type Space } from './open-space.ts'
import { stageUrls } from './redis/stage-urls.ts'
import { findRunning, openRedisFolder } from './redis/state.ts'
import { runClient, type RunWish } from './run-client.ts'
import { NEEDED, stagesWithoutWorker, startPool } from './stage-pool.ts'
import type { Surroundings } from './verb.ts'

/** Shorter than this, it is not worth a line. */
const STOPPING_SAID_MS = 2_000

interface Running {
  wish: RunWish
  startsWorkers: boolean
  signal: AbortSignal
}

/** Opens the space, and follows the run that `wishOf` finds there, until it has ended or is interrupted. */
export async function runInSpace(
  surroundings: Surroundings,
  wishOf: (space: Space) => Promise<RunWish>,
  { startsWorkers }: { startsWorkers: boolean },
): Promise<ExitCode> {
  await checkSettingsBefore(surroundings, startsWorkers)
  const signal = surroundings.interruption()
  const space = await openSpace(surroundings)
  try {
    const wish = await wishOf(space)
    if (wish.input === '-' && (wish.retries ?? null) === null && isatty(0))
      surroundings.say('reading requests from this terminal, one JSON object a line; Ctrl-D ends them')
    return await runWithStages(surroundings, space, { wish, startsWorkers, signal })
  } finally {
    await space.close()
  }
}

/** Runs the client of one run, with the stages that its space lacks; they go on until it has ended. */
async function runWithStages(surroundings: Surroundings, space: Space, { wish, startsWorkers, signal }: Running): Promise<ExitCode> {
  const { environment, folders, inherited, say } = surroundings
  // A maker that starts now must not take it for one that nobody comes back to.
  await space.registry.runs.attend(wish.run)
  const missing = await stagesWithoutWorker(space.queues)
  const stuck = new AbortController()
  const client = () => runClient({ folders, inherited, redisUrl: space.url, wish, stop: signal, leave: stuck.signal })
  if (!startsWorkers || missing.length === 0) {
    if (missing.length > 0) say(`no live worker serves ${missing.join(', ')}: the run waits until one does`)
    return await client()
  }
  checkSettings('run', missing, inherited)
  const counts = Object.fromEntries(missing.map((stage) => [stage, 1]))
  say(
    `starting ${missing.length === NEEDED.length ? 'all stages' : missing.join(', ')} for this run (logs in ${resolve(folders.home, 'logs')})`,
  )
  const urls = await stageUrls(space, environment)
  const pool = await startPool({ counts, folders, inherited, urls, queues: space.queues, signal })
  try {
    // Nothing has been begun.
    if (signal.aborted) return EXIT.interrupted
    const running = client()
    return await Promise.race([
      running,
      pool.failed.catch(async (error: unknown) => {
        stuck.abort()
        await running
        throw error
      }),
    ])
  } finally {
    const timer = setTimeout(() => say('stopping the stages that were started for this run (Ctrl-C: at once)'), STOPPING_SAID_MS)
    await pool.stop()
    clearTimeout(timer)
  }
}

/** Before anything is started, a Redis included: without models there is nothing that a run of one's own could do. Workers that others started have theirs. */
async function checkSettingsBefore({ environment, folders, inherited }: Surroundings, startsWorkers: boolean): Promise<void> {
  if (!startsWorkers || environment.redisUrl !== undefined) return
  if ((await findRunning(openRedisFolder(folders.home))) === null) checkSettings('run', NEEDED, inherited)
}
