import { openModels, openPayer } from '@toolwright/answering'
import { openStage } from '@toolwright/queues'
import { openKindIndex, openRegistry } from '@toolwright/registry'
import { runUntilStopped } from '@toolwright/runtime'
import { readEnvironment } from './env.ts'
import { abandonMake, makeTool } from './make-tool.ts'
import { startForgettingOld } from './forget-old.ts'
import { openMakeTimes } from './make-times.ts'
import type { Services } from './services.ts'
import { startSweeping } from './sweep.ts'
import { traceMake } from './trace-make.ts'

await runUntilStopped({ stage: 'maker', followParent: true }, async (lifetime) => {
  const environment = readEnvironment()
  const { models, budgets, strongCost, observe } = openModels(environment)
  const stage = await openStage('maker', environment, lifetime)
  observe.register(stage.metrics)
  const registry = openRegistry({ redis: stage.redis, keyPrefix: stage.registryPrefix })
  const services: Services = {
    registry,
    queues: stage.queues,
    payer: openPayer({ registry, models, budgets, observe: observe.record, log: stage.log, traces: stage.queues.traces }),
    strongCost,
    index: openKindIndex(registry.kinds),
    observeMake: stage.metrics === null ? () => undefined : openMakeTimes(stage.metrics),
  }
  stage.serve({
    queue: 'maker',
    concurrency: environment.concurrency,
    handle: async (job, context) => {
      await makeTool(services, job, context)
      if (stage.queues.traces !== undefined) await traceMake(stage.queues.traces, registry, job, context)
      return null
    },
    bury: (job, error, context) => abandonMake(services, job, error, context),
  })
  lifetime.closeLater('the sweeper', startSweeping(services, stage.log))
  const kept = { examples: environment.exampleDays, runs: environment.runDays }
  lifetime.closeLater('forgetting', startForgettingOld(services, kept, stage.log))
})
