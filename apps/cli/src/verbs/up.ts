import { parseFlags, usageError, wholeNumber, type Flag } from '../flags.ts'
import { serveStages } from '../serve-stages.ts'
import { STAGES, type Stage } from '../stages.ts'
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
  about: `Starts each stage as processes of their own, on REDIS_URL or on the private Redis of this checkout, and starts again what dies. On Ctrl-C or SIGTERM they
take up nothing new, have five seconds to end what they have in hand, hand back the rest, and are gone within 10 seconds (an executor within 15); a second Ctrl-C ends all at once.
Each process serves its metrics on a free port, listed in the folder "metrics" of the data folder; with TOOLWRIGHT_METRICS=off nothing is
measured, and no exporter started. Example: ./toolwright up --user 2 --executor 2`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    if (positionals.length > 0) throw usageError(`up takes only flags, not "${positionals.join(' ')}": counts are given as --user 2`)
    const processes = STAGES.flatMap((stage) => {
      const isOff = stage === 'exporter' && surroundings.environment.metrics === 'off'
      const count = wholeNumber(`--${stage}`, values[stage], 0, isOff ? 0 : 1)
      return Array.from({ length: count }, (_, i) => ({ stage, name: count === 1 ? stage : `${stage}.${i + 1}` }))
    })
    if (processes.length === 0) throw usageError('nothing to run: every count is 0')
    const names = processes.map(({ name }) => name)
    const width = Math.max(...names.map((name) => name.length))
    return await serveStages(surroundings, {
      verb: 'up',
      processes,
      shown: (name, line) => `${name.padEnd(width)} | ${line}`,
      started: `running ${names.join(', ')}; Ctrl-C stops them`,
    })
  },
}
