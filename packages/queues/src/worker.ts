import { ExecutionResult, type ExecutionJob, type JobOf, QUEUES, type QueueName, type ResultOf, jobIdOf } from '@toolwright/contracts'
import { holdEnd, holdSpan, type Log, type Origin, type Span } from '@toolwright/runtime'
import { DelayedError, Job, UnrecoverableError, WaitingChildrenError, WaitingError, Worker } from 'bullmq'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { HopelessError, LaterError } from './errors.ts'
import { linesIn, subjectOf } from './job-subject.ts'
import { onceNotFull } from './redis-full.ts'
import { MAX_ATTEMPTS, type NewJob, queueNameOf, type Queues } from './queues.ts'
import { openLink } from './link.ts'
import type { RedisConnection } from './open-redis.ts'

/** After this many starts that ended in a dead worker a batch is split into single lines; after as many again a single line is buried. */
const MAX_DEATHS = 3

/** When the lines of a job that has failed for good could not be handed on either, that is tried again, for ever: they must not be lost. */
const BURY_AGAIN_MS = 5_000

const AWAY = 'Redis is away; the work goes on once it answers'

/** How long a worker that is closed waits for a Redis that is away. */
const AWAY_GRACE_MS = 500

/** How long a job with a schema newer than ours waits for a newer worker. */
const NEWER_SCHEMA_DELAY_MS = 30_000

/** How long a patient caller's step waits, after each child job of it that failed for good, before the next one. */
const STEP_AGAIN_MS = [1_000, 5_000, 15_000]

export type ExecutionEnd = { status: 'done'; result: ExecutionResult } | { status: 'failed'; reason: string }

export interface JobContext {
  jobId: string
  /** From 1. */
  attempt: number
  signal: AbortSignal
  log: Log
  /** Where traces are on: what the job belongs under, and when it was added (epoch, milliseconds). */
  origin?: { under: Origin | undefined; addedAtMs: number }
  /**
   * Runs code in the executor as child jobs, one for each named step, and resumes when all have ended. The handler runs again from its top then, and finds
   * the steps that have ended; a waiting job holds no worker slot. A step ends as `failed` when its child job failed for good, which is the executor's doing: all
   * that a tool does is an outcome. Whoever is patient has it tried again before that, as up to three further child jobs over 21 s.
   */
  execute(steps: Record<string, ExecutionJob>, how?: { isPatient: boolean }): Promise<Record<string, ExecutionEnd>>
}

export interface WorkerOptions<Q extends QueueName> {
  queue: Q
  /** The run whose results are collected; for `results` only. */
  run?: string
  /** The connection for commands; the worker opens one more to wait for jobs. */
  redis: RedisConnection
  queues: Queues
  concurrency: number
  log: Log
  handle(job: JobOf<Q>, context: JobContext): Promise<ResultOf<Q>>
  /** The job as smaller jobs, each travelling alone from now on; absent where a job cannot be split. Returns an empty list for one that is as small as can be. */
  split?(job: JobOf<Q>): { id: string; data: JobOf<Q> }[]
  /** Ends the job's lines with an error line each, when nothing more can be tried. Absent: the job is kept as failed. */
  bury?(job: JobOf<Q>, error: Error, context: JobContext): Promise<void>
  observe?: JobObserver['observe'] | undefined
  observeTakenUp?: JobObserver['observeTakenUp'] | undefined
}

/** Is told of each job that was worked on, and of each that a dead worker had left. */
export interface JobObserver {
  observe(event: {
    queue: QueueName
    outcome: 'done' | 'waiting' | 'later' | 'retried' | 'buried' | 'failed'
    waitMs: number
    runMs: number
    /** Lines, calls or results that the job carries; null where it is about something else. */
    lines: number | null
  }): void
  observeTakenUp(): void
}

type Outcome = Parameters<JobObserver['observe']>[0]['outcome']

export interface RunningWorker {
  /** Stops taking jobs, lets active ones end for `graceMs`, then hands the rest back to the queue. */
  close(graceMs: number): Promise<void>
}

/** Serves one queue. The handler's errors say what comes next: LaterError, HopelessError, anything else is tried again with back-off and buried at last. */
export function startWorker<Q extends QueueName>(options: WorkerOptions<Q>): RunningWorker {
  const { queue, queues, log } = options
  const entry = QUEUES[queue]
  let isClosing = false

  const { traces } = queues
  const process = (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<unknown> => {
    if (traces === undefined) return hold(job, token, signal)
    const span = traces.begin(
      holdSpan({
        queue,
        jobId: job.id ?? '',
        attempt: job.attemptsMade + 1,
        waitMs: Math.max(0, Date.now() - job.timestamp),
        ...subjectOf(job.data),
        lines: linesIn(job.data),
      }),
      { parent: carriedWith(job) ?? null },
    )
    return traces.within(span, () => hold(job, token, signal, span))
  }

  const hold = async (job: Job, token: string | undefined, signal: AbortSignal | undefined, span?: Span): Promise<unknown> => {
    if (token === undefined || job.id === undefined) throw new Error('BullMQ gave a job without a token or an id')
    const startedAt = Date.now()
    const waitMs = Math.max(0, startedAt - job.timestamp)
    const settle = (outcome: Outcome, error?: Error) => {
      options.observe?.({ queue, outcome, waitMs, runMs: Date.now() - startedAt, lines: linesIn(job.data) })
      if (span !== undefined) endHold(span, outcome, error)
    }
    const { run, kind, tool } = subjectOf(job.data)
    const traceId = span?.traceId
    const jobLog = log.child({ queue: job.queueName, jobId: job.id, attempt: job.attemptsMade + 1, run, kind, tool, traceId })

    const parsed = entry.job.safeParse(job.data)
    if (!parsed.success) {
      if (isNewer(job.data)) {
        await job.moveToDelayed(Date.now() + NEWER_SCHEMA_DELAY_MS, token)
        settle('later')
        throw new DelayedError('the job was written by a newer version')
      }
      jobLog.error({ issues: z.prettifyError(parsed.error) }, 'a job does not fit its schema; it is kept as failed')
      settle('failed')
      throw new UnrecoverableError(`the job does not fit the schema of ${queue}: ${z.prettifyError(parsed.error)}`)
    }
    // The catalogue pairs each queue's name with its job's schema.
    const data = parsed.data as JobOf<Q>
    const context: JobContext = {
      jobId: job.id,
      attempt: job.attemptsMade + 1,
      signal: signal ?? new AbortController().signal,
      log: jobLog,
      ...(traces !== undefined && { origin: { under: carriedWith(job), addedAtMs: job.timestamp } }),
      execute: (steps, how) =>
        executeSteps({ job, token, queues, log: jobLog, againMs: how?.isPatient === true ? STEP_AGAIN_MS : [] }, steps),
    }

    /** The job's lines go on in another way; its own attempts no longer count. */
    const handOn = async (outcome: 'retried' | 'buried', reason: Error, act: () => Promise<void>): Promise<null> => {
      try {
        await act()
      } catch (error) {
        jobLog.error({ error }, 'the lines of a job that cannot be done could not be handed on; that is tried again')
        await job.moveToDelayed(Date.now() + BURY_AGAIN_MS, token)
        settle('later', reason)
        throw new DelayedError('the lines could not be handed on')
      }
      settle(outcome, reason)
      return null
    }

    if (job.stalledCounter >= MAX_DEATHS) {
      const died = new HopelessError('worker_died', `${job.stalledCounter} workers died while working on this request`)
      const parts = options.split?.(data) ?? []
      if (parts.length > 0) {
        jobLog.warn({ parts: parts.length }, 'workers died over this batch; its lines go on alone')
        return await handOn('retried', died, () => queues.add(queue, parts, options.run))
      }
      if (options.bury !== undefined) {
        jobLog.error({ error: died }, 'the job cannot be done; its lines end with an error')
        return await handOn('buried', died, async () => options.bury?.(data, died, context))
      }
      settle('failed', died)
      throw new UnrecoverableError(`${job.stalledCounter} workers died while working on this job`)
    }

    try {
      const result = await onceNotFull(() => options.handle(data, context), context.signal)
      settle('done')
      return result
    } catch (error) {
      if (error instanceof WaitingChildrenError) {
        settle('waiting')
        throw error
      }
      if (isClosing && context.signal.aborted) {
        await job.moveToWait(token)
        settle('later')
        throw new WaitingError()
      }
      if (context.signal.aborted) {
        // The lock is lost: another worker has the job, and nothing of it is ours to settle.
        span?.fail('lock_lost')
        span?.end()
        throw error
      }
      if (error instanceof LaterError) {
        await job.moveToDelayed(Date.now() + Math.ceil(error.delayMs + Math.random() * error.spreadMs), token)
        settle('later')
        throw new DelayedError(error.message)
      }
      const failure = error instanceof Error ? error : new Error(String(error))
      const isLast = failure instanceof HopelessError || job.attemptsMade + 1 >= (job.opts.attempts ?? MAX_ATTEMPTS)
      // A bad request never fails its batch: before anything is buried, each line has tries of its own.
      const parts = isLast ? (options.split?.(data) ?? []) : []
      if (parts.length > 0) {
        jobLog.warn({ error: failure, parts: parts.length }, 'the batch cannot be done; its lines go on alone')
        return await handOn('retried', failure, () => queues.add(queue, parts, options.run))
      }
      if (isLast && options.bury !== undefined) {
        jobLog.error({ error: failure }, 'the job cannot be done; its lines end with an error')
        return await handOn('buried', failure, async () => options.bury?.(data, failure, context))
      }
      jobLog.warn({ error: failure }, isLast ? 'the job failed for good' : 'the job failed and is tried again')
      settle(isLast ? 'failed' : 'retried', failure)
      throw failure instanceof HopelessError ? new UnrecoverableError(failure.message) : failure
    }
  }

  const worker = new Worker(queueNameOf(queue, options.run), process, {
    connection: options.redis,
    prefix: queues.prefix,
    concurrency: options.concurrency,
    lockDuration: entry.lockMs,
    // Redelivery takes a whole lock and one of these at most: 8 s of the 10 s that are promised.
    stalledInterval: entry.lockMs / 3,
    maxStalledCount: 1_000,
    removeOnComplete: { count: 0 },
    removeOnFail: { age: 86_400, count: 10_000 },
    drainDelay: 2,
  })
  // Every attempt to reach a Redis that is away fails, several a second: the first is told, and its return.
  let isAway = false
  const link = openLink(options.redis, `${queues.prefix}:${queueNameOf(queue, options.run)}:meta`, {
    onLost: (error) => {
      isAway = true
      if (!isClosing) log.warn({ queue, error }, AWAY)
    },
    onBack: () => {
      if (isAway) log.info({ queue }, 'Redis answers again')
      isAway = false
    },
  })
  worker.on('error', (error) => {
    const wasAway = isAway
    isAway = !link.isThere()
    if (isClosing || (wasAway && isAway)) return
    log.warn({ queue, error }, isAway ? AWAY : 'the worker met an error')
  })
  worker.on('stalled', (jobId) => {
    log.warn({ queue, jobId }, 'a job of a dead worker is taken up again')
    options.observeTakenUp?.()
  })
  // Whoever lost its lock must stop at once: a second worker may be paying for the same calls by now.
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, 'the lock was lost')
  })

  return {
    close: async (graceMs) => {
      isClosing = true
      const closed = worker.close()
      // To a Redis that is away no job can be ended or handed back: its locks run out by themselves, and another worker takes the jobs up.
      const isSlow = await Promise.race([closed.then(() => false), delay(link.isThere() ? graceMs : AWAY_GRACE_MS, true, { ref: false })])
      if (isSlow) {
        worker.cancelAllJobs('the process is stopping')
        if (link.isThere()) await closed
      }
      link.close()
    },
  }
}

async function executeSteps(
  { job, token, queues, log, againMs }: { job: Job; token: string; queues: Queues; log: Log; againMs: number[] },
  steps: Record<string, ExecutionJob>,
): Promise<Record<string, ExecutionEnd>> {
  const parent = { id: job.id!, queue: `${queues.prefix}:${job.queueName}` }
  const keyOf = (id: string) => `${queues.prefix}:execution:${id}`
  for (;;) {
    // Read before adding: the id of a completed, removed child would run again.
    const [values, failures] = await Promise.all([job.getChildrenValues<unknown>(), job.getIgnoredChildrenFailures()])
    const ends: Record<string, ExecutionEnd> = {}
    const missing: NewJob<'execution'>[] = []
    for (const [step, data] of Object.entries(steps)) {
      const ids = [0, ...againMs].map((_, failed) => childIdOf(job, step, failed))
      const done = ids.find((id) => values[keyOf(id)] !== undefined)
      const next = ids.findIndex((id) => failures[keyOf(id)] === undefined)
      if (done !== undefined) ends[step] = { status: 'done', result: ExecutionResult.parse(values[keyOf(done)]) }
      else if (next < 0) ends[step] = { status: 'failed', reason: failures[keyOf(ids.at(-1)!)]! }
      else if (next === 0) missing.push({ id: ids[0]!, data: withSubject(data, job), parent })
      else {
        const delayMs = againMs[next - 1]!
        log.warn({ step, reason: failures[keyOf(ids[next - 1]!)], delayMs }, 'the executor failed; the step is tried again')
        missing.push({ id: ids[next]!, data: withSubject(data, job), parent, delayMs })
      }
    }
    if (missing.length === 0) return ends
    await queues.add('execution', missing)
    if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError()
  }
}

/** An execution says what it is for, in logs and traces: its parent's run, and its parent's tool or kind where it names no other. */
function withSubject(data: ExecutionJob, parent: Job): ExecutionJob {
  const { run, kind, tool = kind } = subjectOf(parent.data)
  return { ...(run !== undefined && { run }), ...(tool !== undefined && { tool }), ...data }
}

/** Every child job of a step has an id of its own: the end of each stays known to the parent. */
function childIdOf(job: Job, step: string, failed: number): string {
  return jobIdOf('execution', job.queueName, job.id!, step, failed)
}

function isNewer(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'v' in data && typeof data.v === 'number' && data.v > 1
}

/** The traceparent that a job came with; a job of a process without traces has none. */
function carriedWith(job: Job): string | undefined {
  return job.opts.telemetry?.metadata
}

/** A hold that only looked whether the job can go on is of no interest: its span is never sent. */
function endHold(span: Span, outcome: Outcome, error?: Error): void {
  if (outcome === 'later' && error === undefined && !span.hasChildren()) return
  span.set(holdEnd(outcome))
  if (error !== undefined || outcome === 'failed') span.fail(error?.name ?? 'invalid_job')
  span.end()
}
