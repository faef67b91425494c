import type { Sandbox } from '@toolwright/sandbox'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { measureCalls, showSandbox } from './metrics.ts'

test('counts outcomes by how they ended, and measures batches by their surroundings', async () => {
  const registry = new Registry()
  const { countOutcomes, observeBatch } = measureCalls(registry)
  expect(await registry.metrics()).toContain('toolwright_executed_calls_total{status="crashed"} 0\n')
  const refused = { status: 'refused', stdout: '', stderr: '' } as const
  countOutcomes([refused, refused, { status: 'timed-out', message: 'late' }])
  countOutcomes([refused])
  observeBatch({ surroundings: 'second', waitMs: 30, runMs: 1_500 })
  const lines = (await registry.metrics()).split('\n')
  expect(lines).toContain('toolwright_executed_calls_total{status="refused"} 3')
  expect(lines).toContain('toolwright_executed_calls_total{status="timed-out"} 1')
  expect(lines).toContain('toolwright_execution_seconds_sum{surroundings="second"} 1.5')
  expect(lines).toContain('toolwright_execution_wait_seconds_sum{surroundings="second"} 0.03')
  expect(lines).toContain('toolwright_execution_seconds_count{surroundings="first"} 0')
})

test('shows children by what they do, and why some were replaced', async () => {
  const stats = { children: 4, alive: 3, busy: 1, idle: 1, spare: 1, pids: [1, 2, 3], restarts: 5, kills: { overran: 4, cancelled: 1 } }
  const registry = new Registry()
  // It asks the sandbox for nothing else.
  showSandbox(registry, { stats: () => stats } as unknown as Sandbox)
  await registry.metrics()
  const lines = (await registry.metrics()).split('\n')
  for (const line of [
    'toolwright_sandbox_children{state="wanted"} 4',
    'toolwright_sandbox_children{state="alive"} 3',
    'toolwright_sandbox_pool_children{state="busy"} 1',
    'toolwright_sandbox_pool_children{state="spare"} 1',
    'toolwright_sandbox_restarts_total{cause="overran"} 4',
    'toolwright_sandbox_restarts_total{cause="cancelled"} 1',
    'toolwright_sandbox_restarts_total{cause="died"} 0',
  ])
    expect(lines).toContain(line)
})
