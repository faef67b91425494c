import { nearest } from '@toolwright/runtime'
import { parseFlags, usageError, wholeNumber } from '../flags.ts'
import { serveStages } from '../serve-stages.ts'
import { STAGES, type Stage } from '../stages.ts'
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
one, the private Redis of this checkout is used. A process that dies is started again. On SIGTERM or Ctrl-C it takes up nothing new, has five seconds to end what it has in
hand, hands back the rest, and is gone within 10 seconds (an executor within 15); a second Ctrl-C ends it at once. Each serves its metrics on a free port, listed in the folder "metrics" of the data
folder; a single one on TOOLWRIGHT_METRICS_PORT, where that is set. Example: ./toolwright worker maker --concurrency 20`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const stage = stageOf(positionals)
    const concurrency = wholeNumber('--concurrency', values.concurrency, 1, undefined)
    const count = wholeNumber('--count', values.count, 1, 1)
    return await serveStages(surroundings, {
      verb: 'worker',
      processes: Array.from({ length: count }, (_, i) => ({ stage, name: count === 1 ? stage : `${stage}.${i + 1}` })),
      concurrency,
      shown: (name, line) => (count === 1 ? line : `${name} | ${line}`),
    })
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
