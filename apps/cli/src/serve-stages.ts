import { checkSettings } from './check-settings.ts'
import type { ExitCode } from './exit-codes.ts'
import { stageUrls } from './redis/stage-urls.ts'
import { useRedis } from './redis/use-redis.ts'
import { startStage, type Stage } from './stages.ts'
import { supervise } from './supervise.ts'
import type { Surroundings } from './verb.ts'

export interface Serving {
  verb: 'up' | 'worker'
  processes: { stage: Stage; name: string }[]
  concurrency?: number | undefined
  /** A line that one of them wrote, as it is to be shown. */
  shown: (name: string, line: string) => string
  /** What to say once they are started, if anything. */
  started?: string
}

/** Runs stages on their Redis until they are stopped; what dies is started again. */
export async function serveStages(
  { environment, folders, inherited, interruption, say }: Surroundings,
  { verb, processes, concurrency, shown, started }: Serving,
): Promise<ExitCode> {
  checkSettings(
    verb,
    processes.map(({ stage }) => stage),
    inherited,
  )
  const signal = interruption()
  const redis = await useRedis({
    home: folders.home,
    cacheFolder: folders.cache,
    redisUrl: environment.redisUrl,
    persistence: environment.redisPersistence,
    environment: inherited,
    log: say,
  })
  try {
    const urls = await stageUrls(redis, environment)
    const apps = processes.map(({ stage, name }) => {
      const onLine = (line: string) => say(shown(name, line))
      return { name, start: () => startStage({ stage, folders, inherited, urls, concurrency, onLine }) }
    })
    if (started !== undefined) say(started)
    return await supervise({ apps, say, signal })
  } finally {
    await redis.release()
  }
}
