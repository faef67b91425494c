import { openStage } from '@toolwright/queues'
import { openKindIndex, openRegistry } from '@toolwright/registry'
import { ConfigurationError, runUntilStopped } from '@toolwright/runtime'
import { readEnvironment } from './env.ts'
import { exportMetrics } from './metrics.ts'
import { readState } from './read-state.ts'

/** Queue-wide and money metrics of one space. It keeps nothing: all is read when it is asked for, so one is enough and a restart loses nothing. */
await runUntilStopped({ stage: 'exporter', followParent: true }, async (lifetime) => {
  const stage = await openStage('exporter', readEnvironment(), lifetime)
  if (stage.metrics === null)
    throw new ConfigurationError([
      'TOOLWRIGHT_METRICS is off, and an exporter does nothing but serve metrics: unset it, or start no exporter',
    ])
  const registry = openRegistry({ redis: stage.redis, keyPrefix: stage.registryPrefix })
  const services = { redis: stage.redis, registry, queues: stage.queues, index: openKindIndex(registry.kinds) }
  exportMetrics(stage.metrics, () => readState(services))
})
