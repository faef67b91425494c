import type { RequestsJob } from '@toolwright/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keyPrefixes } from './connect.ts'
import { openQueues, queueNameOf } from './queues.ts'
import { openTestQueues, type TestQueues } from './testing.ts'

const RUN = 'r-aaaaaaaaaa'

let jobs: TestQueues
beforeEach(() => {
  jobs = openTestQueues()
})
afterEach(() => jobs.close())

function requests(seq: number): RequestsJob {
  return { v: 1, run: RUN, lines: [{ seq, customId: `line-${seq}`, text: 't', frame: '', hop: 0 }] }
}

const result = {
  status: 'failed',
  seq: 1,
  customId: 'line-1',
  kind: null,
  kindName: null,
  decidedBy: null,
  costNano: 0,
  baseline: { costNano: null, basis: 'unknown' },
  statusCode: 0,
  error: { code: 'x', message: 'y' },
} as const

async function keysLeft(): Promise<string[]> {
  return await jobs.redis.keys(`${jobs.prefix}*`)
}

describe('adding jobs', () => {
  test('is harmless twice, and keeps their order over many round trips', async () => {
    const many = Array.from({ length: 450 }, (_, seq) => ({ id: `requests-a${seq}`, data: requests(seq) }))
    await jobs.queues.add('requests', many)
    await jobs.queues.add('requests', many)
    expect(await jobs.queues.depth('requests')).toEqual({ waiting: 450, active: 0, delayed: 0, failed: 0, waitingChildren: 0 })
    // BullMQ takes from the right.
    const ids = await jobs.redis.lrange(`${jobs.prefix}:requests:wait`, 0, -1)
    expect(ids.toReversed()).toEqual(many.map(({ id }) => id))
  })

  test('can be for later', async () => {
    await jobs.queues.add('requests', [{ id: 'requests-a', data: requests(1), delayMs: 60_000 }])
    expect(await jobs.queues.depth('requests')).toMatchObject({ waiting: 0, delayed: 1 })
  })

  test('goes to the results of one run, and needs to know which', async () => {
    await jobs.queues.add('results', [{ id: 'results-a', data: { v: 1, run: RUN, results: [result] } }], RUN)
    expect(await jobs.queues.depth('results', RUN)).toMatchObject({ waiting: 1 })
    expect(await jobs.queues.depth('results', 'r-bbbbbbbbbb')).toMatchObject({ waiting: 0 })
    expect(() => queueNameOf('results')).toThrow('a results queue belongs to a run')
  })
})

describe('asking', () => {
  test("tells a run's jobs from others, waiting or delayed", async () => {
    await jobs.queues.add('requests', [
      { id: 'requests-a', data: requests(1) },
      { id: 'requests-b', data: requests(2), delayMs: 60_000 },
      { id: 'requests-c', data: { ...requests(3), run: 'r-bbbbbbbbbb' } },
    ])
    expect(await jobs.queues.countOf('requests', RUN)).toBe(2)
    expect(await jobs.queues.countOf('requests', 'r-bbbbbbbbbb')).toBe(1)
    expect(await jobs.queues.countOf('maker', RUN)).toBe(0)
  })

  test('leaves nothing behind in Redis', async () => {
    expect(await jobs.queues.depth('results', RUN)).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0, waitingChildren: 0 })
    expect(await jobs.queues.workersOf('maker')).toBe(0)
    expect(await keysLeft()).toEqual([])
  })

  test('goes on after any number of runs, over the one connection', async () => {
    for (let at = 0; at < 30; at++) await jobs.queues.depth('results', `r-${'abcdefghijklmnopqrstuvwxyz234567'[at]!.repeat(10)}`)
    expect(await jobs.redis.ping()).toBe('PONG')
    expect(jobs.redis.listenerCount('error')).toBeLessThan(5)
  })
})

test("a run's results queue is dropped whole, and may come again", async () => {
  const job = { id: 'results-a', data: { v: 1, run: RUN, results: [result] } } as const
  const add = () => jobs.queues.add('results', [{ ...job, data: { ...job.data, results: [result] } }], RUN)
  await add()
  await jobs.queues.dropResults(RUN)
  expect(await keysLeft()).toEqual([])
  await add()
  expect(await jobs.queues.depth('results', RUN)).toMatchObject({ waiting: 1 })
})

test('ids are of the space, the stage and what the job is about', () => {
  const here = jobs.queues
  const elsewhere = openQueues({ redis: jobs.redis, prefix: jobs.prefix, space: 'other' })
  expect(here.idFor('direct', RUN, 1, 0)).toBe(here.idFor('direct', RUN, 1, 0))
  expect(
    new Set([
      here.idFor('direct', RUN, 1, 0),
      here.idFor('direct', RUN, 1, 1),
      here.idFor('user', RUN, 1, 0),
      elsewhere.idFor('direct', RUN, 1, 0),
    ]).size,
  ).toBe(4)
})

test('all keys of a space share one hash slot, queues and registry apart', () => {
  const { queues, registry } = keyPrefixes('toolwright', 'team')
  expect(queues).toBe('{toolwright:team}:q')
  expect(registry).toBe('{toolwright:team}:r:')
})
