import { openStage } from '@toolwright/queues'
import { runUntilStopped } from '@toolwright/runtime'
import { openSandbox } from '@toolwright/sandbox'
import { readEnvironment } from './env.ts'
import { measureCalls, showSandbox } from './metrics.ts'
import { runExecution } from './run-execution.ts'

/** Holds no model key, and needs no more of Redis than the queues: what it runs is untrusted. */
await runUntilStopped({ stage: 'executor', followParent: true, deadlineMs: 15_000 }, async (lifetime) => {
  const environment = readEnvironment()
  let isOpen = false
  const stage = await openStage('executor', environment, lifetime, () => isOpen)
  const measured = stage.metrics === null ? null : measureCalls(stage.metrics)
  const sandbox = await openSandbox({
    imageFolder: environment.imageFolder,
    wheels: environment.sandboxWheels,
    children: { first: environment.concurrency, second: 1 },
    log: (event, message) => stage.log.info(event, message),
    ...(measured !== null && { observe: measured.observeBatch }),
  })
  for (const what of sandbox.missing) stage.log.warn({ missing: what }, 'a layer of the sandbox is missing')
  lifetime.closeLater('sandbox', () => sandbox.close())
  isOpen = true
  if (stage.metrics !== null) showSandbox(stage.metrics, sandbox)
  stage.serve({
    queue: 'execution',
    // One batch for each kind of surroundings may wait in this process for its child.
    concurrency: environment.concurrency + 1,
    handle: async (job, context) => {
      const result = await runExecution(job, { sandbox, signal: context.signal, traces: stage.queues.traces })
      measured?.countOutcomes(result.outcomes)
      return result
    },
  })
})
