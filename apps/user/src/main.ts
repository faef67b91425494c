import { openFinisher, openModels, openPayer } from '@toolwright/answering'
import { openStage } from '@toolwright/queues'
import { openKindIndex, openRegistry } from '@toolwright/registry'
import { runUntilStopped } from '@toolwright/runtime'
import { readEnvironment } from './env.ts'
import { directHandlers, userHandlers } from './handlers.ts'
import { openExtractCounts } from './extract-counts.ts'
import type { Services } from './services.ts'
import { openTurns } from './turns.ts'

await runUntilStopped({ stage: 'user', followParent: true }, async (lifetime) => {
  const environment = readEnvironment()
  const { models, budgets, strongCost, observe } = openModels(environment)
  const stage = await openStage('user', environment, lifetime)
  observe.register(stage.metrics)
  const { queues } = stage
  const registry = openRegistry({ redis: stage.redis, keyPrefix: stage.registryPrefix })
  const services: Services = {
    registry,
    queues,
    payer: openPayer({ registry, models, budgets, observe: observe.record, log: stage.log, traces: queues.traces }),
    finisher: openFinisher({ registry, queues, strongCost }),
    index: openKindIndex(registry.kinds),
    turns: openTurns(),
    countExtracts: stage.metrics === null ? () => undefined : openExtractCounts(stage.metrics),
  }
  const { concurrency } = environment
  stage.serve({ ...userHandlers(services), concurrency })
  stage.serve({ ...directHandlers(services), concurrency })
})
