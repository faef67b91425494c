import type { Lifetime } from '@toolwright/runtime'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LaterError } from './errors.ts'
import { openStage, type Stage } from './stage.ts'
import { openTestQueues, type TestQueues } from './testing.ts'

const home = mkdtempSync(join(tmpdir(), 'toolwright-stage-'))
const closers: { name: string; close: () => unknown }[] = []
const lifetime: Lifetime = {
  signal: new AbortController().signal,
  closeLater: (name, close) => void closers.push({ name, close }),
  stop: () => undefined,
}

let jobs: TestQueues
let stage: Stage
beforeEach(async () => {
  jobs = openTestQueues()
  // The stage's keys are under the test's own, so that they are deleted with them.
  const prefix = jobs.prefix.slice(1, jobs.prefix.indexOf('}'))
  stage = await openStage(
    'user',
    {
      redisUrl: jobs.redisUrl,
      redisPersistence: 'none',
      prefix,
      space: 'default',
      home,
      metricsPort: 0,
      metricsHost: '127.0.0.1',
      metrics: 'on',
      logLevel: 'error',
      batchLines: 256,
    },
    lifetime,
  )
})
afterEach(async () => {
  for (const { close } of closers.splice(0).toReversed()) await close()
  for (const key of await jobs.redis.keys(`${stage.queues.prefix}*`)) await jobs.redis.del(key)
  await jobs.close()
  rmSync(home, { recursive: true, force: true })
})

test('measures each job, by queue and outcome', async () => {
  let isEarly = true
  stage.serve({
    queue: 'requests',
    concurrency: 2,
    handle: async (job) => {
      if (job.lines[0]?.seq === 2 && isEarly) {
        isEarly = false
        throw new LaterError('not yet', 10)
      }
      return null
    },
  })
  await stage.queues.add(
    'requests',
    [1, 2, 3].map((seq) => ({
      id: `requests-a${seq}`,
      data: { v: 1 as const, run: 'r-aaaaaaaaaa', lines: [{ seq, customId: `line-${seq}`, text: 't', frame: '', hop: 0 }] },
    })),
  )
  await vi.waitFor(async () => {
    const lines = (await stage.metrics!.metrics()).split('\n')
    expect(lines).toContain('toolwright_job_run_seconds_count{queue="requests",outcome="done"} 3')
    expect(lines).toContain('toolwright_job_run_seconds_count{queue="requests",outcome="later"} 1')
    expect(lines).toContain('toolwright_job_wait_seconds_count{queue="requests"} 4')
    // To be put off is no failure.
    expect(lines).toContain('toolwright_job_retries_total{queue="requests",cause="error"} 0')
  }, 5_000)
})

test('keeps queues and registry of one space apart, in one hash slot', () => {
  expect(stage.queues.prefix).toMatch(/^\{test-[0-9a-f]+:default\}:q$/)
  expect(stage.registryPrefix).toBe(stage.queues.prefix.replace(/q$/, 'r:'))
})

test('takes up nothing new of any queue while it stops', async () => {
  const inHand = Promise.withResolvers<null>()
  let isTaken = false
  stage.serve({ queue: 'direct', concurrency: 1, handle: async () => null })
  stage.serve({
    queue: 'requests',
    concurrency: 1,
    handle: () => {
      isTaken = true
      return inHand.promise
    },
  })
  const lines = [{ seq: 1, customId: 'line-1', text: 't', frame: '', hop: 0 }]
  await stage.queues.add('requests', [{ id: 'requests-b1', data: { v: 1 as const, run: 'r-aaaaaaaaaa', lines } }])
  await vi.waitFor(async () => expect([isTaken, await stage.queues.workersOf('direct')]).toEqual([true, 1]), 5_000)

  const closed = closers.pop()!.close()
  // It waits for the job that is in hand.
  await vi.waitFor(async () => expect(await stage.queues.workersOf('direct')).toBe(0), 3_000)
  inHand.resolve(null)
  await closed
  expect(await stage.queues.depth('requests')).toMatchObject({ waiting: 0, active: 0 })
})

test('closes its workers before what they need', () => {
  stage.serve({ queue: 'requests', concurrency: 1, handle: async () => null })
  expect(closers.map(({ name }) => name).toReversed()).toEqual(['the worker on requests', 'metrics', 'queues', 'redis'])
})
