import { openFinisher, openModels, openPayer } from '@toolwright/answering'
import { openStage } from '@toolwright/queues'
import { openKindIndex, openRegistry } from '@toolwright/registry'
import { runUntilStopped } from '@toolwright/runtime'
import { readEnvironment } from './env.ts'
import { directHandlers, userHandlers } from './handlers.ts'
import { Counter } from 'prom-client'
import { EXTRACT_OUTCOMES, type Services } from './services.ts'
import { openTurns } from './turns.ts'

await runUntilStopped({ stage: 'user', followParent: true }, async (lifetime) => {
  const environment = readEnvironment()
  const { models, budgets, strongCost, observe } = openModels(environment)
  const stage = await openStage('user', environment, lifetime)
  observe.register(stage.metrics)
  const { queues } = stage
  const registry = openRegistry({ redis: stage.redis, keyPrefix: stage.registryPrefix })
  const extracts = new Counter({
    name: 'toolwright_extract_lines_total',
    help: 'Lines that a tool was to read by itself, by what became of them; contested ones another kind lays claim to',
    labelNames: ['outcome'],
    registers: [stage.metrics],
  })
  // Zeros, so that a first failure is an increase.
  for (const outcome of EXTRACT_OUTCOMES) extracts.inc({ outcome }, 0)
  const services: Services = {
    registry,
    queues,
    payer: openPayer({ registry, models, budgets, observe: observe.record }),
    finisher: openFinisher({ registry, queues, strongCost }),
    index: openKindIndex(registry.kinds),
    turns: openTurns(),
    countExtracts: (outcome, lines) => extracts.inc({ outcome }, lines),
  }
  const { concurrency } = environment
  stage.serve({ ...userHandlers(services), concurrency })
  stage.serve({ ...directHandlers(services), concurrency })
})
