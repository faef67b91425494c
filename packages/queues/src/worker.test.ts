import { type ExecutionJob, jobIdOf, type Line, type MakerJob, type RequestsJob } from '@toolwright/contracts'
import { openLog } from '@toolwright/runtime'
import { Queue } from 'bullmq'
import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { test as base, describe, expect, vi } from 'vitest'
import { HopelessError, LaterError } from './errors.ts'
import { openTestQueues, type TestQueues } from './testing.ts'
import { type ExecutionEnd, type JobContext, type RunningWorker, startWorker, type WorkerOptions } from './worker.ts'

const RUN = 'r-aaaaaaaaaa'
const KIND = 'k-sort-1a2b3c'

/** One test's own queues, workers and processes. */
interface Lab extends TestQueues {
  start<Q extends 'requests' | 'maker' | 'execution'>(
    options: Pick<WorkerOptions<Q>, 'queue' | 'handle'> & Partial<WorkerOptions<Q>>,
  ): RunningWorker
  /** BullMQ's own handle, to look at and to spoil things. */
  raw(queue: string): Queue
  spawnStuckWorker(): ChildProcess
  outcomes: string[]
  /** The log lines so far. */
  logged(): unknown[]
}

const test = base.extend<{ lab: Lab }>({
  // vitest reads from the first parameter's pattern which fixtures this one needs: none.
  // eslint-disable-next-line no-empty-pattern
  lab: async ({}, use) => {
    const opened = openLab()
    await use(opened.lab)
    await opened.close()
  },
})

function openLab(): { lab: Lab; close(): Promise<void> } {
  const jobs = openTestQueues()
  const workers: RunningWorker[] = []
  const raws: Queue[] = []
  const children: ChildProcess[] = []
  const outcomes: string[] = []
  const observe = (event: { outcome: string }) => void outcomes.push(event.outcome)
  const logged: string[] = []
  const log = openLog({ stage: 'test', level: 'warn', write: (text) => logged.push(text) })
  const close = async () => {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(workers.map((worker) => worker.close(0)))
    await Promise.all(raws.map((queue) => queue.close()))
    await jobs.close()
  }
  const lab: Lab = {
    ...jobs,
    outcomes,
    logged: () => logged.map((text): unknown => JSON.parse(text)),
    start: (options) => {
      const worker = startWorker({ redis: jobs.redis, queues: jobs.queues, concurrency: 1, log, observe, ...options })
      workers.push(worker)
      return worker
    },
    raw: (name) => {
      const queue = new Queue(name, { connection: jobs.redis, prefix: jobs.prefix })
      raws.push(queue)
      return queue
    },
    spawnStuckWorker: () => {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', STUCK_WORKER], {
        cwd: resolve(import.meta.dirname, '..'),
        env: { ...process.env, REDIS_URL: jobs.redisUrl, TEST_PREFIX: jobs.prefix },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      children.push(child)
      return child
    },
  }
  return { lab, close }
}

/** A process that takes up jobs of `requests` and never ends them. */
const STUCK_WORKER = `
import { connectRedis, openQueues, startWorker } from './src/index.ts'
import { openLog } from '@toolwright/runtime'
const redis = connectRedis(process.env.REDIS_URL, { patient: true })
const queues = openQueues({ redis, prefix: process.env.TEST_PREFIX, space: 'default' })
startWorker({
  queue: 'requests', redis, queues, concurrency: 10, log: openLog({ stage: 'stuck', level: 'error' }),
  handle: (job, context) => new Promise(() => process.send(context.jobId)),
})
`

function line(seq: number): Line {
  return { seq, customId: `line-${seq}`, text: 't', frame: '', hop: 0 }
}

function requests(...seqs: number[]): RequestsJob {
  return { v: 1, run: RUN, lines: seqs.map(line) }
}

const make: MakerJob = { v: 1, run: RUN, kind: KIND, generation: 1 }

function execution(source: string): ExecutionJob {
  return { v: 1, source, calls: [{ text: 't', solve: true }], timeoutMs: 1_000, surroundings: 'first', resetEachCall: false }
}

function done(result: string): ExecutionEnd {
  return { status: 'done', result: { v: 1, outcomes: [{ status: 'ok', result, arguments: null, stdout: '', stderr: '' }] } }
}

/** The child job of a make's step after so many that failed. */
function childOf(makeId: string, failed: number): string {
  return jobIdOf('execution', 'maker', makeId, 'step', failed)
}

async function look(_job: unknown, { log }: JobContext): Promise<null> {
  log.warn({}, 'looked')
  return null
}

function seqsOf(job: RequestsJob): number[] {
  return job.lines.map(({ seq }) => seq)
}

describe.concurrent('a worker', () => {
  test('hands each job over once, parsed, and removes it', async ({ lab }) => {
    const handled: { seqs: number[]; attempt: number; jobId: string }[] = []
    lab.start({
      queue: 'requests',
      handle: async (job, { attempt, jobId }) => {
        handled.push({ seqs: seqsOf(job), attempt, jobId })
        return null
      },
    })
    await lab.queues.add('requests', [
      { id: 'requests-a', data: requests(1, 2) },
      { id: 'requests-b', data: requests(3) },
      { id: 'requests-a', data: requests(1, 2) },
    ])
    await vi.waitFor(() => expect(handled).toHaveLength(2), 5_000)
    expect(handled).toEqual([
      { seqs: [1, 2], attempt: 1, jobId: 'requests-a' },
      { seqs: [3], attempt: 1, jobId: 'requests-b' },
    ])
    await vi.waitFor(async () => expect(await lab.raw('requests').getJob('requests-b')).toBeUndefined())
    expect(lab.outcomes).toEqual(['done', 'done'])
  })

  test('tries again later, as often as asked, without using up an attempt', async ({ lab }) => {
    const attempts: number[] = []
    const buried: RequestsJob[] = []
    lab.start({
      queue: 'requests',
      bury: async (job) => void buried.push(job),
      handle: async (_job, { attempt }) => {
        attempts.push(attempt)
        if (attempts.length < 8) throw new LaterError('not yet', 20)
        return null
      },
    })
    await lab.queues.add('requests', [{ id: 'requests-a', data: requests(1) }])
    await vi.waitFor(() => expect(attempts).toEqual([1, 1, 1, 1, 1, 1, 1, 1]), 10_000)
    await vi.waitFor(() => expect(lab.outcomes).toEqual([...Array<string>(7).fill('later'), 'done']))
    expect(buried).toEqual([])
  })

  test('buries a hopeless job at once', async ({ lab }) => {
    const buried: { seqs: number[]; error: Error }[] = []
    let tries = 0
    const handle = async () => {
      tries++
      throw new HopelessError('too_large', 'no model takes this')
    }
    lab.start({ queue: 'requests', handle, bury: async (job, error) => void buried.push({ seqs: seqsOf(job), error }) })
    await lab.queues.add('requests', [{ id: 'requests-a', data: requests(1, 2) }])
    await vi.waitFor(() => expect(buried).toHaveLength(1), 5_000)
    expect(buried[0]).toMatchObject({ seqs: [1, 2], error: { code: 'too_large', message: 'no model takes this' } })
    expect(tries).toBe(1)
    await vi.waitFor(async () => expect(await lab.raw('requests').getJob('requests-a')).toBeUndefined())
  })

  test('tries again after an error that nobody expected, then buries the job', async ({ lab }) => {
    const attempts: number[] = []
    const buried: string[] = []
    lab.start({
      queue: 'requests',
      handle: (_job, { attempt }) => {
        attempts.push(attempt)
        return Promise.reject(new Error(`broken ${attempt}`))
      },
      bury: async (_job, error) => void buried.push(error.message),
    })
    await lab.queues.add('requests', [{ id: 'requests-a', data: requests(1) }])
    await hurry(lab, 'requests', () => expect(buried).toEqual(['broken 5']))
    expect(attempts).toEqual([1, 2, 3, 4, 5])
  })

  test('gives each line of a batch tries of its own before it buries any', async ({ lab }) => {
    const handled: number[] = []
    const buried: number[][] = []
    lab.start({
      queue: 'requests',
      concurrency: 4,
      split: (job) => (job.lines.length < 2 ? [] : job.lines.map((one) => ({ id: `alone-${one.seq}`, data: { ...job, lines: [one] } }))),
      handle: async (job) => {
        if (seqsOf(job).includes(2)) throw new Error('2 cannot be done')
        handled.push(...seqsOf(job))
        return null
      },
      bury: async (job) => void buried.push(seqsOf(job)),
    })
    await lab.queues.add('requests', [{ id: 'requests-a', data: requests(1, 2, 3) }])
    await hurry(lab, 'requests', () => expect(buried).toEqual([[2]]))
    expect(new Set(handled)).toEqual(new Set([1, 3]))
    expect(lab.outcomes.filter((outcome) => outcome === 'buried')).toHaveLength(1)
  })

  test('loses no line when burying fails too', async ({ lab }) => {
    const buried: string[] = []
    let burials = 0
    lab.start({
      queue: 'requests',
      handle: (_job, { attempt }) => Promise.reject(new Error(`broken ${attempt}`)),
      bury: async (_job, error) => {
        if (++burials < 3) throw new Error('Redis is full')
        buried.push(error.message)
      },
    })
    await lab.queues.add('requests', [{ id: 'requests-a', data: requests(1) }])
    await hurry(lab, 'requests', () => expect(buried).toEqual(['broken 5']))
    expect(burials).toBe(3)
  })

  test('writes log lines that say which run, batch, kind and tool a job is about', async ({ lab }) => {
    lab.start({ queue: 'maker', handle: look })
    lab.start({ queue: 'requests', handle: look })
    lab.start({
      queue: 'execution',
      handle: async (job, context) => {
        await look(job, context)
        return { v: 1 as const, outcomes: [] }
      },
    })
    await lab.queues.add('maker', [{ id: 'make-a', data: make }])
    await lab.queues.add('requests', [{ id: 'requests-a', data: requests(1) }])
    await lab.queues.add('execution', [{ id: 'execution-a', data: { ...execution('…'), run: RUN, tool: `${KIND}@2` } }])
    await vi.waitFor(() => expect(lab.logged()).toHaveLength(3), 5_000)
    const common = { message: 'looked', run: RUN, attempt: 1 }
    expect(lab.logged()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...common, queue: 'maker', jobId: 'make-a', kind: KIND }),
        expect.objectContaining({ ...common, queue: 'requests', jobId: 'requests-a' }),
        expect.objectContaining({ ...common, queue: 'execution', jobId: 'execution-a', tool: `${KIND}@2` }),
      ]),
    )
  })

  test('keeps a job that nobody can bury as failed', async ({ lab }) => {
    lab.start({ queue: 'requests', handle: () => Promise.reject(new HopelessError('x', 'hopeless')) })
    await lab.queues.add('requests', [{ id: 'requests-a', data: requests(1) }])
    const queue = lab.raw('requests')
    await vi.waitFor(async () => expect(await queue.getFailedCount()).toBe(1), 5_000)
    expect((await queue.getJob('requests-a'))?.failedReason).toBe('hopeless')
    expect(lab.outcomes).toEqual(['failed'])
  })

  test('leaves a job that a newer version wrote to a newer worker', async ({ lab }) => {
    const handled: RequestsJob[] = []
    lab.start({
      queue: 'requests',
      handle: async (job) => {
        handled.push(job)
        return null
      },
    })
    const queue = lab.raw('requests')
    await queue.add('requests', { v: 2, somethingElse: true }, { jobId: 'requests-new' })
    await vi.waitFor(async () => expect(await queue.getDelayedCount()).toBe(1), 5_000)
    const job = await queue.getJob('requests-new')
    expect(job?.attemptsMade).toBe(0)
    expect(job!.delay).toBeGreaterThan(20_000)
    expect(handled).toEqual([])
    expect(lab.outcomes).toEqual(['later'])
  })

  test('keeps a malformed job as failed, with what is wrong with it', async ({ lab }) => {
    const handled: RequestsJob[] = []
    lab.start({
      queue: 'requests',
      handle: async (job) => {
        handled.push(job)
        return null
      },
    })
    const queue = lab.raw('requests')
    await queue.add('requests', { v: 1, run: RUN, lines: 'none' }, { jobId: 'requests-bad', attempts: 5 })
    await vi.waitFor(async () => expect(await queue.getFailedCount()).toBe(1), 5_000)
    const job = await queue.getJob('requests-bad')
    expect(job?.failedReason).toContain('does not fit the schema of requests')
    expect(job?.failedReason).toContain('lines')
    expect(handled).toEqual([])
    expect(lab.outcomes).toEqual(['failed'])
  })
})

describe.concurrent('the steps of a job', () => {
  test('wait for their children without a worker slot, and resume with what came of them', async ({ lab }) => {
    const ends: Record<string, ExecutionEnd>[] = []
    const begun: string[] = []
    lab.start({
      queue: 'maker',
      handle: async (job, context) => {
        begun.push(`${job.kind} ${context.attempt}`)
        if (job.generation === 2) return null
        const first = await context.execute({ first: execution('a'), second: execution('b') })
        const then = await context.execute({ third: execution('c') })
        ends.push({ ...first, ...then })
        return null
      },
    })
    await lab.queues.add('maker', [{ id: 'make-waits', data: make }])
    const queue = lab.raw('maker')
    await vi.waitFor(async () => expect(await queue.getWaitingChildrenCount()).toBe(1), 5_000)
    // The one slot is free: another job of the queue is done meanwhile.
    await lab.queues.add('maker', [{ id: 'make-other', data: { ...make, kind: 'k-other-1a2b3c', generation: 2 } }])
    await vi.waitFor(() => expect(begun).toContain('k-other-1a2b3c 1'), 5_000)
    expect(ends).toEqual([])

    const executed: string[] = []
    lab.start({
      queue: 'execution',
      handle: async (job) => {
        executed.push(job.source)
        return { v: 1, outcomes: [{ status: 'ok', result: job.source.toUpperCase(), arguments: null, stdout: '', stderr: '' }] }
      },
    })
    await vi.waitFor(() => expect(ends).toHaveLength(1), 5_000)
    expect(ends[0]).toEqual({ first: done('A'), second: done('B'), third: done('C') })
    expect(executed).toEqual(['a', 'b', 'c'])
    expect(begun.filter((one) => one.startsWith(KIND))).toEqual([`${KIND} 1`, `${KIND} 1`, `${KIND} 1`])
    expect(lab.outcomes.filter((outcome) => outcome === 'waiting')).toHaveLength(2)
  })

  test('tell the parent of a child that failed for good', async ({ lab }) => {
    const ends: Record<string, ExecutionEnd>[] = []
    lab.start({
      queue: 'maker',
      handle: async (_job, context) => {
        ends.push(await context.execute({ good: execution('good'), bad: execution('bad') }))
        return null
      },
    })
    lab.start({
      queue: 'execution',
      handle: async (job) => {
        if (job.source === 'bad') throw new HopelessError('x', 'no sandbox starts')
        return { v: 1, outcomes: [{ status: 'refused', stdout: '', stderr: '' }] }
      },
    })
    await lab.queues.add('maker', [{ id: 'make-a', data: make }])
    await vi.waitFor(() => expect(ends).toHaveLength(1), 10_000)
    expect(ends[0]).toEqual({
      good: { status: 'done', result: { v: 1, outcomes: [{ status: 'refused', stdout: '', stderr: '' }] } },
      bad: { status: 'failed', reason: 'no sandbox starts' },
    })
    await vi.waitFor(async () => expect(await lab.queues.depth('maker')).toMatchObject({ active: 0, waitingChildren: 0, failed: 0 }))
  })
})

describe.concurrent('a patient step', () => {
  const patient = { isPatient: true }

  test('whose child job fails for good is run by another, later', async ({ lab }) => {
    const ends: Record<string, ExecutionEnd>[] = []
    const executed: string[] = []
    lab.start({
      queue: 'maker',
      handle: async (_job, context) => {
        ends.push(await context.execute({ good: execution('good'), bad: execution('bad') }, patient))
        return null
      },
    })
    lab.start({
      queue: 'execution',
      handle: async (job) => {
        executed.push(job.source)
        if (job.source === 'bad' && executed.filter((one) => one === 'bad').length <= 2) throw new HopelessError('x', 'no sandbox starts')
        return { v: 1, outcomes: [{ status: 'ok', result: job.source.toUpperCase(), arguments: null, stdout: '', stderr: '' }] }
      },
    })
    await lab.queues.add('maker', [{ id: 'make-a', data: make }])
    // Neither the make nor its next child holds a worker's slot meanwhile.
    await vi.waitFor(async () => {
      expect(await lab.queues.depth('execution')).toMatchObject({ waiting: 0, active: 0, delayed: 1 })
      expect(await lab.queues.depth('maker')).toMatchObject({ active: 0, waitingChildren: 1 })
    }, 5_000)
    expect(executed.toSorted()).toEqual(['bad', 'good'])
    const [again] = await lab.raw('execution').getDelayed()
    expect(again?.delay).toBe(1_000)
    await hurry(lab, 'execution', () => expect(ends).toHaveLength(1))
    expect(ends[0]).toEqual({ good: done('GOOD'), bad: done('BAD') })
    expect(executed.toSorted()).toEqual(['bad', 'bad', 'bad', 'good'])
    await vi.waitFor(async () => expect(await lab.queues.depth('maker')).toMatchObject({ active: 0, waitingChildren: 0, failed: 0 }))
  })

  test('has failed when its fourth child job has, an impatient one when its first has', async ({ lab }) => {
    const ends: Record<string, ExecutionEnd>[] = []
    const delays: number[] = []
    lab.start({
      queue: 'maker',
      handle: async (job, context) => {
        ends.push(await context.execute({ step: execution('bad') }, job.generation === 1 ? patient : undefined))
        return null
      },
    })
    lab.start({ queue: 'execution', handle: (_job, { jobId }) => Promise.reject(new HopelessError('x', `${jobId} cannot run`)) })
    await lab.queues.add('maker', [
      { id: 'make-a', data: make },
      { id: 'make-b', data: { ...make, generation: 2 } },
    ])
    await vi.waitFor(() => expect(ends).toEqual([{ step: { status: 'failed', reason: `${childOf('make-b', 0)} cannot run` } }]), 5_000)
    const execute = lab.raw('execution')
    for (const failed of [1, 2, 3]) {
      const id = childOf('make-a', failed)
      await vi.waitFor(async () => expect((await execute.getDelayed()).map((job) => job.id)).toEqual([id]), 5_000)
      delays.push((await execute.getJob(id))!.delay)
      await execute.promoteJobs()
    }
    await vi.waitFor(() => expect(ends[1]).toEqual({ step: { status: 'failed', reason: `${childOf('make-a', 3)} cannot run` } }), 5_000)
    expect(delays).toEqual([1_000, 5_000, 15_000])
    expect(await lab.queues.depth('execution')).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 })
  })

  test('goes on where it was when its worker is gone between two child jobs', async ({ lab }) => {
    const ends: Record<string, ExecutionEnd>[] = []
    const waits: string[] = []
    const handle: WorkerOptions<'maker'>['handle'] = async (_job, context) => {
      ends.push(await context.execute({ step: execution('bad') }, patient))
      return null
    }
    let executed = 0
    lab.start({
      queue: 'execution',
      handle: async () => {
        if (++executed <= 2) throw new HopelessError('x', 'no sandbox starts')
        return { v: 1, outcomes: [{ status: 'ok', result: 'BAD', arguments: null, stdout: '', stderr: '' }] }
      },
    })
    await lab.queues.add('maker', [{ id: 'make-a', data: make }])
    for (const child of [1, 2]) {
      const maker = lab.start({ queue: 'maker', handle })
      await vi.waitFor(async () => {
        expect(executed).toBe(child)
        const [delayed] = await lab.raw('execution').getDelayed()
        expect(delayed?.id).toBeDefined()
        waits.push(delayed!.id!)
      }, 5_000)
      await maker.close(0)
      // A job that is taken up again adds what it misses once more: the child that waits already is there once.
      await lab.queues.add('execution', [
        { id: waits.at(-1)!, data: execution('bad'), parent: { id: 'make-a', queue: `${lab.prefix}:maker` } },
      ])
      expect(await lab.queues.depth('execution')).toMatchObject({ waiting: 0, delayed: 1 })
      await lab.raw('execution').promoteJobs()
      await vi.waitFor(async () => expect(await lab.queues.depth('maker')).toMatchObject({ waiting: 1, waitingChildren: 0 }), 5_000)
    }
    lab.start({ queue: 'maker', handle })
    await vi.waitFor(() => expect(ends).toEqual([{ step: done('BAD') }]), 5_000)
    expect(executed).toBe(3)
    expect(new Set(waits).size).toBe(2)
  })
})

describe.concurrent('a worker that goes away', () => {
  test('hands its jobs back when it is closed in the midst of them', async ({ lab }) => {
    const begun: number[] = []
    const closing = lab.start({
      queue: 'requests',
      concurrency: 2,
      handle: (job, { signal }) =>
        new Promise((_resolve, reject) => {
          begun.push(seqsOf(job)[0]!)
          signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
        }),
    })
    await lab.queues.add('requests', [
      { id: 'requests-a', data: requests(1) },
      { id: 'requests-b', data: requests(2) },
    ])
    await vi.waitFor(() => expect(begun).toEqual([1, 2]), 5_000)
    await closing.close(50)
    expect(await lab.queues.depth('requests')).toMatchObject({ waiting: 2, active: 0, delayed: 0, failed: 0 })
    const again: { seq: number; attempt: number }[] = []
    lab.start({
      queue: 'requests',
      handle: async (job, { attempt }) => {
        again.push({ seq: seqsOf(job)[0]!, attempt })
        return null
      },
    })
    await vi.waitFor(() => expect(again).toHaveLength(2), 5_000)
    expect(again.map(({ attempt }) => attempt)).toEqual([1, 1])
  })

  test('lets a job end that ends within the grace period', async ({ lab }) => {
    const release = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const closing = lab.start({
      queue: 'requests',
      handle: async () => {
        begun.resolve()
        await release.promise
        return null
      },
    })
    await lab.queues.add('requests', [{ id: 'requests-a', data: requests(1) }])
    await begun.promise
    const closed = closing.close(5_000)
    release.resolve()
    await closed
    expect(lab.outcomes).toEqual(['done'])
    expect(await lab.queues.depth('requests')).toMatchObject({ waiting: 0, active: 0 })
  })

  test('is told to stop when it has lost the lock on its job', async ({ lab }) => {
    const stopped = Promise.withResolvers<unknown>()
    lab.start({
      queue: 'requests',
      handle: (_job, { signal, jobId }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            stopped.resolve(signal.reason)
            reject(new Error('stopped'))
          })
          // Another worker holds the job now.
          void lab.redis.set(`${lab.prefix}:requests:${jobId}:lock`, 'another', 'PX', 20_000)
        }),
    })
    await lab.queues.add('requests', [{ id: 'requests-a', data: requests(1) }])
    expect(String(await stopped.promise)).toContain('the lock was lost')
    expect(lab.outcomes).toEqual([])
  })

  test('is replaced within 10 s when it is killed, and a batch that kills workers is split', async ({ lab }) => {
    await lab.queues.add('requests', [
      { id: 'requests-a', data: requests(1, 2) },
      { id: 'requests-b', data: requests(3, 4) },
      { id: 'requests-c', data: requests(5) },
    ])
    // Two workers have died over each of these before; the third is the one that is killed here.
    for (const id of ['requests-b', 'requests-c']) await lab.redis.hset(`${lab.prefix}:requests:${id}`, 'stc', 2)
    const stuck = lab.spawnStuckWorker()
    const taken = new Set<unknown>()
    stuck.on('message', (jobId) => taken.add(jobId))
    await vi.waitFor(() => expect(taken.size).toBe(3), 10_000)
    stuck.kill('SIGKILL')
    const killedAt = Date.now()

    const handled: number[][] = []
    const buried: { seqs: number[]; message: string }[] = []
    let takenUp = 0
    lab.start({
      queue: 'requests',
      observeTakenUp: () => void takenUp++,
      handle: async (job) => {
        handled.push(seqsOf(job))
        return null
      },
      split: (job) => (job.lines.length < 2 ? [] : job.lines.map(({ seq }) => ({ id: `alone-${seq}`, data: requests(seq) }))),
      bury: async (job, error) => void buried.push({ seqs: seqsOf(job), message: error.message }),
    })
    await vi.waitFor(() => expect([handled.length, buried.length]).toEqual([3, 1]), { timeout: 15_000, interval: 50 })
    expect(Date.now() - killedAt).toBeLessThan(10_000)
    expect(handled.toSorted((a, b) => a[0]! - b[0]!)).toEqual([[1, 2], [3], [4]])
    expect(buried).toEqual([{ seqs: [5], message: '3 workers died while working on this request' }])
    expect(lab.logged()).toContainEqual(
      expect.objectContaining({
        message: 'the job cannot be done; its lines end with an error',
        run: RUN,
        error: expect.objectContaining({ message: '3 workers died while working on this request' }) as unknown,
      }),
    )
    expect(takenUp).toBe(3)
  })
})

/** Waits for a state, and sends on at once what is delayed until then: back-off is not what the test is about. */
async function hurry(lab: Lab, name: string, check: () => void): Promise<void> {
  const queue = lab.raw(name)
  await vi.waitFor(
    async () => {
      await queue.promoteJobs()
      check()
    },
    { timeout: 15_000, interval: 50 },
  )
}
