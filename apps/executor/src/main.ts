import { Outcome } from '@toolwright/contracts'
import { openStage } from '@toolwright/queues'
import { runUntilStopped } from '@toolwright/runtime'
import { openSandbox } from '@toolwright/sandbox'
import { Counter, Gauge } from 'prom-client'
import { readEnvironment } from './env.ts'
import { runExecution } from './run-execution.ts'

/** Holds no model key, and needs no more of Redis than the queues: what it runs is untrusted. */
await runUntilStopped({ stage: 'executor', followParent: true, deadlineMs: 15_000 }, async (lifetime) => {
  const environment = readEnvironment()
  let isOpen = false
  const stage = await openStage('executor', environment, lifetime, () => isOpen)
  const sandbox = await openSandbox({
    imageFolder: environment.imageFolder,
    wheels: environment.sandboxWheels,
    children: { first: environment.concurrency, second: 1 },
    log: (event, message) => stage.log.info(event, message),
  })
  for (const what of sandbox.missing) stage.log.warn({ missing: what }, 'a layer of the sandbox is missing')
  lifetime.closeLater('sandbox', () => sandbox.close())
  isOpen = true
  const children = new Gauge({
    name: 'toolwright_sandbox_children',
    help: 'Child processes that run Python, by whether they are alive',
    labelNames: ['state'],
    registers: [stage.metrics],
    collect: () => {
      const { alive, children: wanted } = sandbox.stats()
      children.set({ state: 'wanted' }, wanted)
      children.set({ state: 'alive' }, alive)
    },
  })
  const restarts = new Counter({
    name: 'toolwright_sandbox_restarts_total',
    help: 'Children that this process replaced, by cause',
    labelNames: ['cause'],
    registers: [stage.metrics],
    collect: () => {
      restarts.reset()
      // Zeros, here and below, so that a first one is an increase.
      for (const cause of ['died', 'overran', 'recycled']) restarts.inc({ cause }, 0)
      for (const [cause, count] of Object.entries(sandbox.stats().kills)) restarts.inc({ cause }, count ?? 0)
    },
  })
  const calls = new Counter({
    name: 'toolwright_executed_calls_total',
    help: 'Calls of tools that this process ran, by how they ended',
    labelNames: ['status'],
    registers: [stage.metrics],
  })
  for (const { shape } of Outcome.options) calls.inc({ status: shape.status.value }, 0)
  stage.serve({
    queue: 'execution',
    // One batch for each kind of surroundings may wait in this process for its child.
    concurrency: environment.concurrency + 1,
    handle: async (job, context) => {
      const result = await runExecution(job, { sandbox, signal: context.signal })
      for (const { status } of result.outcomes) calls.inc({ status })
      return result
    },
  })
})
