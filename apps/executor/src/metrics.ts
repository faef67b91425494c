import { Outcome } from '@toolwright/contracts'
import type { Sandbox, SandboxOptions } from '@toolwright/sandbox'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

const CAUSES = ['died', 'overran', 'recycled', 'cancelled']
const BUCKETS = [0.002, 0.01, 0.05, 0.2, 1, 5, 30, 120]

/** What is measured of the calls that the sandbox runs. */
export function measureCalls(registry: Registry): {
  observeBatch: NonNullable<SandboxOptions['observe']>
  countOutcomes: (outcomes: readonly Outcome[]) => void
} {
  const calls = new Counter({
    name: 'toolwright_executed_calls_total',
    help: 'Calls of tools that this process ran, by how they ended',
    labelNames: ['status'],
    registers: [registry],
  })
  // Zeros, here and below, so that a first one is an increase.
  for (const { shape } of Outcome.options) calls.inc({ status: shape.status.value }, 0)
  const run = new Histogram({
    name: 'toolwright_execution_seconds',
    help: 'Time that a batch of calls took in the sandbox once a child was free for it, replacements of that child included',
    labelNames: ['surroundings'],
    buckets: BUCKETS,
    registers: [registry],
  })
  const wait = new Histogram({
    name: 'toolwright_execution_wait_seconds',
    help: 'Time that a batch of calls waited until a child was free for it',
    labelNames: ['surroundings'],
    buckets: BUCKETS,
    registers: [registry],
  })
  for (const surroundings of ['first', 'second'] as const) for (const one of [run, wait]) one.zero({ surroundings })
  return {
    observeBatch: ({ surroundings, waitMs, runMs }) => {
      run.observe({ surroundings }, runMs / 1000)
      wait.observe({ surroundings }, waitMs / 1000)
    },
    countOutcomes: (outcomes) => {
      const counts = new Map<Outcome['status'], number>()
      for (const { status } of outcomes) counts.set(status, (counts.get(status) ?? 0) + 1)
      for (const [status, count] of counts) calls.inc({ status }, count)
    },
  }
}

/** Shows how the sandbox stands whenever it is asked for. */
export function showSandbox(registry: Registry, sandbox: Sandbox): void {
  const children = new Gauge({
    name: 'toolwright_sandbox_children',
    help: 'Child processes that run Python: how many are wanted, and how many are alive',
    labelNames: ['state'],
    registers: [registry],
    collect: () => {
      const { alive, children: wanted } = sandbox.stats()
      children.set({ state: 'wanted' }, wanted)
      children.set({ state: 'alive' }, alive)
    },
  })
  const pool = new Gauge({
    name: 'toolwright_sandbox_pool_children',
    help: 'Children that stand, by what they do: busy with a batch, idle (warm, for the next batch), or spare (warm, for the next child that ends)',
    labelNames: ['state'],
    registers: [registry],
    collect: () => {
      const { busy, idle, spare } = sandbox.stats()
      for (const [state, count] of Object.entries({ busy, idle, spare })) pool.set({ state }, count)
    },
  })
  const restarts = new Counter({
    name: 'toolwright_sandbox_restarts_total',
    help: 'Children that ended and were replaced, by cause: overran, recycled and cancelled ones were killed from here, died ones not',
    labelNames: ['cause'],
    registers: [registry],
    collect: () => {
      restarts.reset()
      const { kills } = sandbox.stats()
      for (const cause of CAUSES) restarts.inc({ cause }, kills[cause] ?? 0)
    },
  })
}
