import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { openRunMetrics } from './run-metrics.ts'

test('shows where lines are, and how long the oldest waits to be sent, whenever it is asked', async () => {
  const registry = new Registry()
  const show = openRunMetrics(registry)
  expect(await registry.metrics()).toContain('toolwright_ingest_lag_seconds 0\n')
  let unsentSeconds = 1.5
  show(() => ({ unsent: 3, unanswered: 20, early: 4, unsentSeconds }))
  const lines = (await registry.metrics()).split('\n')
  expect(lines).toContain('toolwright_run_lines{state="unsent"} 3')
  expect(lines).toContain('toolwright_run_lines{state="unanswered"} 20')
  expect(lines).toContain('toolwright_run_lines{state="early"} 4')
  expect(lines).toContain('toolwright_ingest_lag_seconds 1.5')
  unsentSeconds = 0
  expect(await registry.metrics()).toContain('toolwright_ingest_lag_seconds 0\n')
})
