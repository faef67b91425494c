import { parseFlags, usageError, wholeNumber } from '../flags.ts'
import { nearest } from '../nearest.ts'
import { STAGES, startStage, type Stage } from '../stages.ts'
import { stageUrls } from '../redis/stage-urls.ts'
import { useRedis } from '../redis/use-redis.ts'
import { supervise } from '../supervise.ts'
import type { Verb } from '../verb.ts'

const flags = {
  concurrency: { type: 'string', value: 'N', about: "jobs that each process works on at a time (default: the stage's own)" },
  count: { type: 'string', value: 'N', about: 'processes (default 1)' },
} as const

export const worker: Verb = {
  name: 'worker',
  summary: 'run one stage until it is stopped',
  positionals: 'STAGE',
  flags,
  about: `Stages: ${STAGES.join(', ')} ("producer" decides which kind a request is of). Any number may run on any number of machines that share a REDIS_URL; without
one, the private Redis of this checkout is used. A process that dies is started again. Example: ./toolwright worker maker --concurrency 20`,
  run: async (args, { folders, environment, inherited, say, interruption }) => {
    const { values, positionals } = parseFlags(args, flags)
    const stage = stageOf(positionals)
    const concurrency = wholeNumber('--concurrency', values.concurrency, 1, undefined)
    const count = wholeNumber('--count', values.count, 1, 1)
    const signal = interruption()
    const redis = await useRedis({
      home: folders.home,
      cacheFolder: folders.cache,
      redisUrl: environment.redisUrl,
      environment: inherited,
      log: say,
    })
    try {
      const urls = await stageUrls(redis, environment)
      const apps = Array.from({ length: count }, (_, i) => {
        const name = count === 1 ? stage : `${stage}.${i + 1}`
        const onLine = (line: string) => say(count === 1 ? line : `${name} | ${line}`)
        return { name, start: () => startStage({ stage, folders, inherited, urls, concurrency, isAlone: count === 1, onLine }) }
      })
      return await supervise({ apps, say, signal })
    } finally {
      await redis.release()
    }
  },
}

function stageOf([name, ...rest]: string[]): Stage {
  if (name === undefined) throw usageError(`worker needs a stage: ${STAGES.join(', ')}`)
  if (rest.length > 0) throw usageError(`worker takes one stage, not "${[name, ...rest].join(' ')}"`)
  const stage = STAGES.find((known) => known === name)
  if (stage) return stage
  const meant = nearest(name, STAGES)
  throw usageError(`there is no stage "${name}": ${meant ? `did you mean "${meant}"?` : STAGES.join(', ')}`)
}
