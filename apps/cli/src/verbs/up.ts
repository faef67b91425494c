import { parseFlags, usageError, wholeNumber, type Flag } from '../flags.ts'
import { stageUrls } from '../redis/stage-urls.ts'
import { useRedis } from '../redis/use-redis.ts'
import { STAGES, startStage, type Stage } from '../stages.ts'
import { supervise } from '../supervise.ts'
import type { Verb } from '../verb.ts'

const flags = {
  producer: { type: 'string', value: 'N', about: 'dispatchers (default 1, like all others)' },
  user: { type: 'string', value: 'N', about: 'tool users' },
  maker: { type: 'string', value: 'N', about: 'tool makers' },
  executor: { type: 'string', value: 'N', about: 'sandboxes' },
  exporter: { type: 'string', value: 'N', about: 'exporters of queue-wide metrics (one is enough)' },
} as const satisfies Record<Stage, Flag>

export const up: Verb = {
  name: 'up',
  summary: 'run every stage until stopped',
  positionals: '',
  flags,
  about: `Starts each stage as processes of their own, on REDIS_URL or on the private Redis of this checkout, and starts again what dies. Ctrl-C stops all in order; a
second one at once. Example: ./toolwright up --user 2 --executor 2`,
  run: async (args, { folders, environment, inherited, say, interruption }) => {
    const { values, positionals } = parseFlags(args, flags)
    if (positionals.length > 0) throw usageError(`up takes only flags, not "${positionals.join(' ')}": counts are given as --user 2`)
    const names = STAGES.flatMap((stage) => {
      const count = wholeNumber(`--${stage}`, values[stage], 0, 1)
      return Array.from({ length: count }, (_, i) => ({ stage, name: count === 1 ? stage : `${stage}.${i + 1}` }))
    })
    if (names.length === 0) throw usageError('nothing to run: every count is 0')
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
      const width = Math.max(0, ...names.map(({ name }) => name.length))
      const apps = names.map(({ stage, name }) => {
        const onLine = (line: string) => say(`${name.padEnd(width)} | ${line}`)
        return { name, start: () => startStage({ stage, folders, inherited, urls, isAlone: names.length === 1, onLine }) }
      })
      say(`running ${names.map(({ name }) => name).join(', ')}; Ctrl-C stops them`)
      return await supervise({ apps, say, signal })
    } finally {
      await redis.release()
    }
  },
}
