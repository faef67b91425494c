import { type JobOf, jobIdOf, MAX_BATCH_LINES, type QueueName } from '@toolwright/contracts'
import { sendSpan, type Traces } from '@toolwright/runtime'
import { type Job, type JobType, Queue } from 'bullmq'
import { linesIn, subjectOf } from './job-subject.ts'
import type { RedisConnection } from './open-redis.ts'

/** A job to be added. Its id is derived from what it is about, so adding it twice is harmless. */
export interface NewJob<Q extends QueueName> {
  id: string
  data: JobOf<Q>
  delayMs?: number
  /** The job that waits for this one; whatever becomes of this one, its parent goes on. */
  parent?: { id: string; queue: string }
}

export interface Depth {
  waiting: number
  active: number
  delayed: number
  failed: number
  waitingChildren: number
}

export interface Queues {
  readonly space: string
  readonly prefix: string
  /** How many lines one job may carry at most. */
  readonly batchLines: number
  /** Where traces are on: what is added belongs under what is current there. */
  readonly traces?: Traces | undefined
  /** Adds jobs in order, many in one round trip. `run` names the queue of a run's results. */
  add<Q extends QueueName>(queue: Q, jobs: NewJob<Q>[], run?: string): Promise<void>
  /** An id for a job about these parts, in this space. */
  idFor(stage: string, ...parts: (string | number)[]): string
  depth(queue: QueueName, run?: string): Promise<Depth>
  /** How long the oldest job that waits for a worker has been there, in milliseconds of this machine's clock; null where none waits. */
  oldestWaitMs(queue: QueueName, run?: string): Promise<number | null>
  /** How many jobs of these queues wait for a worker. */
  waitingIn(queues: readonly Exclude<QueueName, 'results'>[]): Promise<number>
  /** Whether no job waits for a worker in the queues of a request's way, and hardly one for its time to come. */
  isIdle(): Promise<boolean>
  /** How many jobs of a queue that have not ended are a run's. */
  countOf(queue: QueueName, run: string): Promise<number>
  /** How many live workers serve a queue, over all machines. */
  workersOf(queue: QueueName, run?: string): Promise<number>
  /** Takes a run's results queue away, once nothing more can come. */
  dropResults(run: string): Promise<void>
  /** Takes a run's jobs out of the shared queues, with what they returned. Returns how many, and how many more a worker has in hand. */
  dropJobs(run: string): Promise<{ dropped: number; held: number }>
  close(): Promise<void>
}

/** Queues whose jobs name their run; those of `execution` go with the jobs that wait for them. */
const RUN_QUEUES = ['requests', 'user', 'direct', 'maker'] as const satisfies QueueName[]
/** On the way from a line's reading to its result. */
const WAY = ['requests', 'user', 'direct', 'execution'] as const satisfies QueueName[]
/** Some lines wait for a while at all times; many, where an endpoint lets no more through. */
const FEW_DELAYED = 16
const GOING_ON: JobType[] = ['wait', 'prioritized', 'delayed', 'waiting-children', 'active']
const JOBS_AT_ONCE = 200

/** Tries of a job whose handler throws what it did not expect; model errors that pass by themselves do not count. */
export const MAX_ATTEMPTS = 5

/** A queue emits the errors of the caller's connection, which has its own listener, and what a command threw, which its caller gets. */
const IS_TOLD = () => undefined

/** The BullMQ name of a queue; every run has a results queue of its own. */
export function queueNameOf(queue: QueueName, run?: string): string {
  if (queue !== 'results') return queue
  if (run === undefined) throw new Error('a results queue belongs to a run')
  return `results-${run}`
}

/** Typed handles on all queues of a space, over one connection that stays the caller's to close. */
export function openQueues(options: {
  redis: RedisConnection
  prefix: string
  space: string
  batchLines?: number
  traces?: Traces | undefined
}): Queues {
  const { redis, prefix, space, batchLines = MAX_BATCH_LINES, traces } = options
  const open = new Map<string, Queue>()

  const handle = (name: string): Queue => {
    let queue = open.get(name)
    if (queue === undefined) {
      queue = new Queue(name, {
        connection: redis,
        prefix,
        streams: { events: { maxLen: 100 } },
        defaultJobOptions: {
          attempts: MAX_ATTEMPTS,
          backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
          removeOnComplete: true,
          removeOnFail: { age: 86_400, count: 10_000 },
        },
      })
      queue.on('error', IS_TOLD)
      open.set(name, queue)
    }
    return queue
  }

  /** Leaves nothing behind, in this process or in Redis: whoever only asks may ask about any number of runs, and about one whose queue is just being dropped. */
  const ask = async <T>(name: string, question: (queue: Queue) => Promise<T>): Promise<T> => {
    const known = open.get(name)
    if (known !== undefined) return await question(known)
    const queue = new Queue(name, { connection: redis, prefix, skipMetasUpdate: true })
    queue.on('error', IS_TOLD)
    try {
      return await question(queue)
    } finally {
      await queue.close()
    }
  }

  return {
    space,
    prefix,
    batchLines,
    traces,
    add: async (queue, jobs, run) => {
      const added = handle(queueNameOf(queue, run))
      const all = jobs.map((job) => ({
        name: queue,
        data: job.data,
        opts: {
          jobId: job.id,
          ...(job.delayMs === undefined ? {} : { delay: job.delayMs }),
          ...(traces === undefined ? {} : carriedBy(traces, queue, job.data)),
          ...(job.parent === undefined ? {} : { parent: job.parent, ignoreDependencyOnFailure: true, removeOnFail: true }),
        },
      }))
      const [only, ...others] = all
      // A pipeline costs as much as the job that alone would be in it. (One with a parent that is gone is refused by `add` and passed over by `addBulk`.)
      if (only !== undefined && others.length === 0 && only.opts.parent === undefined) await added.add(queue, only.data, only.opts)
      else for (let start = 0; start < all.length; start += 200) await added.addBulk(all.slice(start, start + 200))
    },
    idFor: (stage, ...parts) => jobIdOf(stage, space, ...parts),
    depth: async (queue, run) => {
      const counts = await ask(queueNameOf(queue, run), (asked) =>
        asked.getJobCounts('wait', 'active', 'delayed', 'failed', 'waiting-children', 'prioritized'),
      )
      return {
        waiting: (counts['wait'] ?? 0) + (counts['prioritized'] ?? 0),
        active: counts['active'] ?? 0,
        delayed: counts['delayed'] ?? 0,
        failed: counts['failed'] ?? 0,
        waitingChildren: counts['waiting-children'] ?? 0,
      }
    },
    oldestWaitMs: async (queue, run) => {
      const [oldest] = await ask(queueNameOf(queue, run), (asked) => asked.getJobs(['wait'], 0, 0, true))
      return oldest === undefined ? null : Math.max(0, Date.now() - oldest.timestamp)
    },
    waitingIn: async (names) => {
      const counts = await Promise.all(names.map((name) => handle(name).getJobCountByTypes('wait', 'prioritized')))
      return counts.reduce((sum, count) => sum + count, 0)
    },
    isIdle: async () => {
      const all = await Promise.all(WAY.map((name) => ask(name, (asked) => asked.getJobCounts('wait', 'prioritized', 'delayed'))))
      return all.every((counts) => (counts['wait'] ?? 0) + (counts['prioritized'] ?? 0) === 0 && (counts['delayed'] ?? 0) < FEW_DELAYED)
    },
    countOf: (queue, run) =>
      ask(queueNameOf(queue, run), async (asked) => {
        let count = 0
        for await (const job of jobsIn(asked, GOING_ON)) if (job.run === run) count++
        return count
      }),
    workersOf: (queue, run) => ask(queueNameOf(queue, run), (asked) => asked.getWorkersCount()),
    dropResults: async (run) => {
      const name = queueNameOf('results', run)
      await handle(name).obliterate({ force: true })
      await handle(name).close()
      open.delete(name)
    },
    dropJobs: async (run) => {
      let dropped = 0
      for (;;) {
        let gone = 0
        let held = 0
        for (const name of RUN_QUEUES) {
          const queue = handle(name)
          for await (const job of jobsIn(queue, [...GOING_ON, 'failed'])) {
            if (job.run !== run) continue
            if ((await queue.remove(job.id)) === 1) gone++
            else held++
          }
        }
        dropped += gone
        // Jobs that were added since, by a worker or a client, are met the next time round.
        if (gone > 0) continue
        // A queue's events hold what its jobs returned; nobody reads them.
        await redis.del(...[...RUN_QUEUES, 'execution' as const].map((name) => handle(name).toKey('events')))
        return { dropped, held }
      }
    },
    close: async () => {
      await Promise.all([...open.values()].map((queue) => queue.close()))
      open.clear()
    },
  }
}

/** What a job carries to go on in its batch's trace, in the option that BullMQ has for it. A batch's trace begins where its lines are first added. */
function carriedBy<Q extends QueueName>(traces: Traces, queue: Q, data: JobOf<Q>): { telemetry?: { metadata: string } } {
  const current = traces.current()
  if (current !== undefined) return { telemetry: { metadata: traces.carry(current) } }
  if (queue !== 'requests') return {}
  const first = traces.begin(sendSpan(queue, { ...subjectOf(data), lines: linesIn(data) }), { parent: null })
  const metadata = traces.carry(first)
  first.end()
  return { telemetry: { metadata } }
}

/** The jobs that are in these states at one moment, so that one which moves from one to another is not passed over. One that ends before it is come to is. */
async function* jobsIn(queue: Queue, states: JobType[]): AsyncGenerator<{ id: string; run: unknown }> {
  const ids = await queue.getRanges(states, 0, -1)
  for (let start = 0; start < ids.length; start += JOBS_AT_ONCE) {
    const jobs: (Job<{ run?: unknown }> | undefined)[] = await Promise.all(
      ids.slice(start, start + JOBS_AT_ONCE).map((id) => queue.getJob(id)),
    )
    for (const job of jobs) if (job?.id !== undefined) yield { id: job.id, run: job.data.run }
  }
}
