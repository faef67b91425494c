import { openStage, sendTogether } from '@toolwright/queues'
import { openKindIndex, openRegistry } from '@toolwright/registry'
import { runUntilStopped } from '@toolwright/runtime'
import { buryRequests } from './bury-requests.ts'
import { dispatch, sendToTool } from './dispatch.ts'
import { readEnvironment } from './env.ts'
import { openRegrouping } from './regroup.ts'

/** Batches in front of the workers that keep them at work until the next ones come. */
const ENOUGH_BATCHES = 2

/** The dispatcher. The client of a run is `run-main.ts`. */
await runUntilStopped({ stage: 'producer', followParent: true }, async (lifetime) => {
  const environment = readEnvironment()
  const stage = await openStage('producer', environment, lifetime)
  const registry = openRegistry({ redis: stage.redis, keyPrefix: stage.registryPrefix })
  const { traces } = stage.queues
  const services = {
    registry,
    queues: stage.queues,
    index: openKindIndex(registry.kinds),
    settings: new Map(),
    regrouping: openRegrouping({
      concurrency: environment.concurrency,
      isBacklogged: async () => (await stage.queues.waitingIn(['user', 'execution'])) > ENOUGH_BATCHES,
      send: (destination, lines, origins) =>
        sendTogether(traces, 'user', origins, () => sendToTool({ registry, queues: stage.queues }, destination, lines)),
      traces,
    }),
  }
  stage.serve({
    queue: 'requests',
    concurrency: environment.concurrency,
    split: (job) =>
      job.lines.length < 2
        ? []
        : job.lines.map((line) => ({
            id: stage.queues.idFor('alone', 'requests', job.run, line.seq, line.hop),
            data: { ...job, lines: [line] },
          })),
    handle: (job, context) => dispatch(services, job, context),
    bury: (job, error) => buryRequests(services, job, error),
  })
})
