import { type Call, type ExecutionJob, type JobOf, jobIdOf, type Outcome, type QueueName, QUEUES } from '@toolwright/contracts'
import type { Log } from '@toolwright/runtime'
import { Queue } from 'bullmq'
import { LaterError } from './errors.ts'
import type { MortalRedis } from './mortal-redis.ts'
import { openQueues, queueNameOf, type Queues } from './queues.ts'
import type { ExecutionEnd, JobContext } from './worker.ts'
import type { RedisConnection } from './open-redis.ts'

/** What is done with the jobs of each queue that is served. */
export type Handlers = { [Q in QueueName]?: (job: JobOf<Q>, context: JobContext) => Promise<unknown> }

/** One worker after the other, without any time of its own: jobs are handled in the order of their queues, each once it can be, until none is left. */
export interface Workbench {
  /** Ends with the jobs, or with the process: then the job it had in hand is handled by the next `work`, and only when no other is left to handle. */
  work(handlers: Handlers, process?: MortalRedis): Promise<'done' | 'died'>
  /** The jobs that are in a queue. */
  jobs<Q extends QueueName>(queue: Q, run?: string): Promise<{ id: string; data: JobOf<Q> }[]>
  close(): Promise<void>
}

/** `execute`: what becomes of a child job, whose outcomes stay with the job that waits for them; null where it fails for good. */
export function openWorkbench(
  { redis, prefix, queues }: { redis: RedisConnection; prefix: string; queues: Queues },
  log: Log,
  execute: (job: ExecutionJob) => Outcome[] | null,
): Workbench {
  const open = new Map<string, Queue>()
  const openOn = (connection: RedisConnection, name: string) => new Queue(name, { connection, prefix, skipMetasUpdate: true })
  const ended = new Map<string, ExecutionEnd>()
  let inHand: string | null = null

  const handle = (queue: QueueName, run?: string) => {
    const name = queueNameOf(queue, run)
    const known = open.get(name) ?? openOn(redis, name)
    open.set(name, known)
    return known
  }
  const idsIn = async (queue: QueueName) => await handle(queue).getRanges(['wait', 'delayed'], 0, -1, true)
  const jobs = async <Q extends QueueName>(queue: Q, run?: string) => {
    const found = await handle(queue, run).getJobs(['wait', 'delayed'], 0, -1, true)
    return found.map((job) => ({ id: job.id!, data: QUEUES[queue].job.parse(job.data) as JobOf<Q> }))
  }
  const contextOf = (jobId: string, process: Queues): JobContext => ({
    jobId,
    attempt: 1,
    signal: new AbortController().signal,
    log,
    execute: async (steps) => {
      const children = Object.entries(steps).map(([step, data]) => ({ step, id: jobIdOf('execution', jobId, step), data }))
      const missing = children.filter(({ id }) => !ended.has(id))
      if (missing.length === 0) return Object.fromEntries(children.map(({ step, id }) => [step, ended.get(id)!]))
      await process.add('execution', missing)
      throw new LaterError('waits for its children', 0)
    },
  })

  return {
    jobs,
    work: async (handlers, process) => {
      const own = process === undefined ? queues : openQueues({ redis: process.redis, prefix, space: queues.space })
      const served = ['execution', ...Object.keys(handlers)] as (keyof Handlers)[]
      const later = new Set<string>()
      for (let rounds = 0; rounds < 1_000; rounds++) {
        const all = (await Promise.all(served.map(async (queue) => (await idsIn(queue)).map((id) => ({ queue, id }))))).flat()
        const next = all.find(({ id }) => !later.has(id) && id !== inHand) ?? all.find(({ id }) => !later.has(id))
        if (next === undefined) {
          if (all.length === 0) return 'done'
          later.clear()
          continue
        }
        const { queue, id } = next
        const data = QUEUES[queue].job.parse((await handle(queue).getJob(id))?.data)
        if (queue === 'execution') {
          const outcomes = execute(data as ExecutionJob)
          ended.set(
            id,
            outcomes === null ? { status: 'failed', reason: 'no interpreter starts' } : { status: 'done', result: { v: 1, outcomes } },
          )
          await handle(queue).remove(id)
        } else {
          // The queue's name says what its jobs carry.
          const handler = handlers[queue] as (job: unknown, context: JobContext) => Promise<unknown>
          const work = async () => {
            try {
              await handler(data, contextOf(id, own))
            } catch (error) {
              if (error instanceof LaterError) return 'later'
              throw error
            }
            // That a job has ended is the last change that its worker makes.
            await (process === undefined ? handle(queue) : openOn(process.redis, queue)).remove(id)
            return 'done'
          }
          const end = await Promise.race([work(), ...(process === undefined ? [] : [process.died])])
          if (end === 'died') {
            inHand = id
            return 'died'
          }
          if (end === 'later') {
            later.add(id)
            continue
          }
        }
        later.clear()
      }
      throw new Error(`jobs are never done: ${JSON.stringify(await Promise.all(served.map((queue) => jobs(queue))))}`)
    },
    close: async () => {
      await Promise.all([...open.values()].map((queue) => queue.close()))
    },
  }
}

/** Stands in for a tool's Python: what its two functions do. */
export interface Program {
  extract(text: string): Record<string, unknown> | null
  solve(values: Record<string, unknown>): string
}

export function runProgram(program: Program, call: Call): Outcome {
  const output = { stdout: '', stderr: '' }
  // Written by the code under test: the arguments of these programs are objects.
  const values = 'arguments' in call ? (JSON.parse(call.arguments) as Record<string, unknown>) : program.extract(call.text)
  if (values === null) return { status: 'refused', ...output }
  const written = JSON.stringify(values)
  if ('text' in call && !call.solve) return { status: 'ok', result: null, arguments: written, ...output }
  try {
    return { status: 'ok', result: program.solve(values), arguments: written, ...output }
  } catch (error) {
    return { status: 'raised', in: 'solve', arguments: written, message: String(error), ...output }
  }
}
