import { openFinisher, openModels, openPayer } from '@toolwright/answering'
import { addDirect, oneHopOn, openStage } from '@toolwright/queues'
import { openKindIndex, openRegistry } from '@toolwright/registry'
import { runUntilStopped } from '@toolwright/runtime'
import { buryLines } from './bury-lines.ts'
import { callLines } from './call-lines.ts'
import { directLines } from './direct-lines.ts'
import { readEnvironment } from './env.ts'
import { extractLines } from './extract-lines.ts'
import { judgeLines } from './judge-lines.ts'
import type { Services } from './services.ts'
import { splitDirect, splitUser } from './split.ts'
import { openTurns } from './turns.ts'

await runUntilStopped({ stage: 'user', followParent: true }, async (lifetime) => {
  const environment = readEnvironment()
  const { models, strongCost, observe } = openModels(environment)
  const stage = await openStage('user', environment, lifetime)
  observe.register(stage.metrics)
  const { queues } = stage
  const registry = openRegistry({ redis: stage.redis, keyPrefix: stage.registryPrefix })
  const services: Services = {
    registry,
    queues,
    payer: openPayer({ registry, models, observe: observe.record }),
    finisher: openFinisher({ registry, queues, strongCost }),
    index: openKindIndex(registry.kinds),
    turns: openTurns(),
  }

  stage.serve({
    queue: 'user',
    concurrency: environment.concurrency,
    split: (job) => splitUser(queues, job),
    handle: async (job, context) => {
      switch (job.stage) {
        case 'judge':
          return await judgeLines(services, job, context)
        case 'extract':
          return await extractLines(services, job, context)
        case 'call':
          return await callLines(services, job, context)
      }
    },
    // What no tool and no judge can settle, the strong model still can.
    bury: async (job, error, context) => {
      context.log.warn({ error, lines: job.lines.length }, 'lines go on to the strong model')
      await addDirect(queues, { run: job.run, kind: job.stage === 'judge' ? null : job.kind, gather: false }, job.lines.map(oneHopOn))
    },
  })
  stage.serve({
    queue: 'direct',
    concurrency: environment.concurrency,
    split: (job) => splitDirect(queues, job),
    handle: (job, context) => directLines(services, job, context),
    bury: (job, error) => buryLines(services, job.run, job.kind, job.lines, error),
  })
})
