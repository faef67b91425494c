import { newRunId, RunSettings } from '@toolwright/contracts'
import { startSimulator, environmentFor, type Simulator } from './demo/simulator.ts'
import type { ExitCode } from './exit-codes.ts'
import { openSpace, type Space } from './open-space.ts'
import { stageUrls } from './redis/stage-urls.ts'
import { runClient } from './run-client.ts'
import { startPool, type StagePool } from './stage-pool.ts'
import type { Stage } from './stages.ts'
import type { Surroundings } from './verb.ts'

/** All that it takes to answer sample requests without a key: an empty private Redis, the simulator, every stage. */
export interface Stand {
  space: Space
  simulator: Simulator
  /** What makes a process use the simulator. */
  environment: NodeJS.ProcessEnv
  /** Answers the requests of a file, with the progress and the summary on stderr. */
  answer(input: string, output: string): Promise<{ code: ExitCode; run: string }>
  stopWorkers(): Promise<void>
  close(): Promise<void>
}

export interface StandStart {
  /** A part of the simulator's settings. */
  settings: unknown
  counts: Partial<Record<Stage, number>>
  signal: AbortSignal
}

/** Opens a stand in the data folder of the surroundings, which must be one that nobody keeps anything in: its Redis is emptied. */
export async function openStand(surroundings: Surroundings, { settings, counts, signal }: StandStart): Promise<Stand> {
  const { folders, inherited } = surroundings
  const space = await openSpace(surroundings)
  let simulator: Simulator | undefined
  let pool: StagePool | undefined
  const close = async () => {
    await pool?.stop()
    await simulator?.stop()
    await space.close()
  }
  try {
    if (!space.isPrivate) throw new Error('a stand empties its Redis, so it must be a private one')
    await space.redis.flushall()
    simulator = await startSimulator({ folders, inherited, settings })
    const environment = environmentFor(simulator, folders, inherited)
    const started = { folders, inherited: environment, signal }
    const urls = await stageUrls(space, surroundings.environment)
    const running = await startPool({ counts, queues: space.queues, urls, ...started })
    pool = running
    return {
      space,
      simulator,
      environment,
      answer: async (input, output) => {
        const run = newRunId()
        const wish = { input, output, errors: null, run, limit: null, settings: RunSettings.parse({ v: 1 }), json: false, graceMs: 0 }
        return {
          code: await Promise.race([
            runClient({ folders, inherited: environment, redisUrl: space.url, wish, stop: signal }),
            running.failed,
          ]),
          run,
        }
      },
      stopWorkers: () => running.stop(),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
