import type { RequestsJob } from '@toolwright/contracts'
import { Queue, Worker } from 'bullmq'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectRedis, keyPrefixes } from './connect.ts'
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
  test('tells whether workers have nothing to take up: no job waits, and few are delayed', async () => {
    expect(await jobs.queues.isIdle()).toBe(true)
    const delayed = (count: number) =>
      Array.from({ length: count }, (_, seq) => ({ id: `requests-d${seq}`, data: requests(seq), delayMs: 60_000 }))
    await jobs.queues.add('requests', delayed(15))
    expect(await jobs.queues.isIdle()).toBe(true)
    await jobs.queues.add('requests', delayed(16))
    expect(await jobs.queues.isIdle()).toBe(false)
    await jobs.queues.dropJobs(RUN)
    await jobs.queues.add('direct', [{ id: 'direct-a', data: { ...requests(1), kind: null, gather: false } }])
    expect(await jobs.queues.isIdle()).toBe(false)
  })

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

  test("counts a run's jobs however many there are", async () => {
    const others = Array.from({ length: 1_100 }, (_, at) => ({ id: `requests-o${at}`, data: { ...requests(at), run: 'r-bbbbbbbbbb' } }))
    const own = Array.from({ length: 1_050 }, (_, at) => ({
      id: `requests-r${at}`,
      data: requests(at),
      delayMs: at % 2 === 0 ? 0 : 60_000,
    }))
    await jobs.queues.add('requests', [...others, ...own])
    expect(await jobs.queues.countOf('requests', RUN)).toBe(1_050)
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

/** Every fifth is for later. */
function jobOf(run: string, at: number) {
  return { id: `requests-${run}-${at}`, data: { ...requests(at), run }, ...(at % 5 === 0 && { delayMs: 60_000 }) }
}

describe("dropping a run's jobs", () => {
  const OTHER_RUN = 'r-bbbbbbbbbb'

  test('passes none over while another client adds and takes jobs, and jobs come from one state into another', async () => {
    const count = 300
    await jobs.queues.add('requests', Array.from({ length: count }, (_, at) => [jobOf(RUN, at), jobOf(OTHER_RUN, at)]).flat())
    const connection = connectRedis(jobs.redisUrl, { patient: true })
    const client = openQueues({ redis: connection, prefix: jobs.prefix, space: 'default' })
    const queue = new Queue('requests', { connection, prefix: jobs.prefix })
    const delayed = (await queue.getDelayed()).filter((job) => job.data.run === RUN)
    expect(delayed).toHaveLength(count / 5)
    const end = new AbortController()
    const meddling = (async () => {
      for (let at = 0; !end.signal.aborted || at < 60; at++) {
        // One that is gone by now cannot be promoted.
        await delayed[at]?.promote().catch(() => undefined)
        if (at >= 60) {
          await connection.ping()
          continue
        }
        await connection.rpop(`${jobs.prefix}:requests:wait`)
        await client.add('requests', [jobOf(RUN, 1_000 + at), jobOf(OTHER_RUN, 1_000 + at)])
      }
    })()
    const { dropped, held } = await jobs.queues.dropJobs(RUN)
    const left = await queue.getRanges(['wait', 'delayed'], 0, -1)
    end.abort()
    await meddling
    await queue.close()
    await client.close()
    connection.disconnect()
    // Sixty at most were taken; what was added after the last look is met by the next.
    expect(left.filter((id) => /^requests-r-a+-\d{1,3}$/.test(id))).toEqual([])
    expect(dropped).toBeGreaterThanOrEqual(count - 60)
    expect(held).toBe(0)
    await jobs.queues.dropJobs(RUN)
    expect(await jobs.queues.countOf('requests', RUN)).toBe(0)
    expect(await jobs.queues.countOf('requests', OTHER_RUN)).toBeGreaterThanOrEqual(count)
  })

  test('leaves alone what a worker has in hand, and says so; a dead worker has nothing in hand', async () => {
    await jobs.queues.add('requests', [jobOf(RUN, 1), jobOf(RUN, 2), jobOf(OTHER_RUN, 3)])
    const worker = new Worker('requests', null, { connection: jobs.redis, prefix: jobs.prefix, lockDuration: 60_000 })
    const taken = await worker.getNextJob('token')
    expect(taken.data.run).toBe(RUN)
    expect(await jobs.queues.dropJobs(RUN)).toEqual({ dropped: 1, held: 1 })
    await jobs.redis.del(`${jobs.prefix}:requests:${taken.id}:lock`)
    expect(await jobs.queues.dropJobs(RUN)).toEqual({ dropped: 1, held: 0 })
    await worker.close()
    expect(await jobs.queues.depth('requests')).toMatchObject({ waiting: 1, active: 0 })
  })

  test('takes the children with it, and what ended ones returned', async () => {
    await jobs.queues.add('user', [{ id: 'user-a', data: { v: 1, stage: 'judge', run: RUN, lines: requests(1).lines } }])
    const user = new Worker('user', null, { connection: jobs.redis, prefix: jobs.prefix })
    const parent = await user.getNextJob('token')
    const child = {
      v: 1,
      source: 'secret',
      calls: [{ text: 'secret', solve: true }],
      timeoutMs: 1,
      surroundings: 'first',
      resetEachCall: false,
    } as const
    const add = (id: string) =>
      jobs.queues.add('execution', [
        { id, data: { ...child, calls: [...child.calls] }, parent: { id: 'user-a', queue: `${jobs.prefix}:user` } },
      ])
    await add('execution-a')
    const execution = new Worker('execution', null, { connection: jobs.redis, prefix: jobs.prefix })
    const ended = await execution.getNextJob('token')
    await ended.moveToCompleted({ secret: true }, 'token', false)
    await add('execution-b')
    expect(await parent.moveToWaitingChildren('token')).toBe(true)
    await Promise.all([user.close(), execution.close()])
    expect(await jobs.queues.dropJobs(RUN)).toEqual({ dropped: 1, held: 0 })
    expect(await jobs.queues.depth('execution')).toMatchObject({ waiting: 0 })
    const content = await Promise.all(
      (await keysLeft()).map(async (key) => ((await jobs.redis.type(key)) === 'stream' ? await jobs.redis.xrange(key, '-', '+') : key)),
    )
    expect(JSON.stringify(content)).not.toContain('secret')
    expect(await jobs.redis.exists(`${jobs.prefix}:execution:execution-a`, `${jobs.prefix}:execution:execution-b`)).toBe(0)
  })
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
