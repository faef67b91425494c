import type { QueueName } from '@toolwright/contracts'
import {
  ConfigurationError,
  type Lifetime,
  type Log,
  LogLevel,
  openLog,
  openTraces,
  serveMetrics,
  shownRedisUrl,
  type TracesEnvironment,
} from '@toolwright/runtime'
import { once } from 'node:events'
import { Counter, Histogram, type Registry } from 'prom-client'
import { connectRedis, keyPrefixes } from './connect.ts'
import { judgeServers, type Persistence, type ServerFacts, serverFacts } from './server-facts.ts'
import { openQueues, type Queues } from './queues.ts'
import { startWorker, type JobObserver, type RunningWorker, type WorkerOptions } from './worker.ts'
import type { RedisConnection } from './open-redis.ts'

/** What every process that serves queues reads from its environment. */
export interface StageEnvironment extends TracesEnvironment {
  redisUrl: string
  redisPersistence: Persistence
  prefix: string
  space: string
  home: string
  metricsPort: number
  metricsHost: string
  metrics: 'on' | 'off'
  batchLines: number
  logLevel: LogLevel
}

export interface Stage {
  redis: RedisConnection
  queues: Queues
  /** What the registry's keys begin with. */
  registryPrefix: string
  log: Log
  /** Null where metrics are off, and nothing is to be measured. */
  metrics: Registry | null
  /** Serves a queue until the process stops; its jobs are measured. */
  serve<Q extends QueueName>(options: Omit<WorkerOptions<Q>, 'redis' | 'queues' | 'log' | keyof JobObserver>): RunningWorker
}

/** Active jobs may go on for this long when the process is asked to stop; then they are handed back to their queue. */
const STOP_GRACE_MS = 5_000

/** Opens what all stages have in common: Redis, queues, log, metrics. All is closed with the process, workers first. `isReady`: what `/readyz` waits for, beside Redis. */
export async function openStage(
  stage: string,
  environment: StageEnvironment,
  lifetime: Lifetime,
  isReady: () => boolean = () => true,
): Promise<Stage> {
  const log = openLog({ stage, level: environment.logLevel })
  const prefixes = keyPrefixes(environment.prefix, environment.space)
  const traces = await openTraces({ stage, environment, log })
  // Closed last: the spans of jobs that are handed back are sent too.
  if (traces !== undefined) lifetime.closeLater('traces', () => traces.close())
  const redis = connectRedis(environment.redisUrl, { patient: true, name: `toolwright-${stage}` })
  lifetime.closeLater('redis', () => redis.disconnect())
  const queues = openQueues({ redis, prefix: prefixes.queues, space: environment.space, batchLines: environment.batchLines, traces })
  lifetime.closeLater('queues', () => queues.close())
  const server = await serveMetrics({
    stage,
    home: environment.home,
    port: environment.metricsPort,
    host: environment.metricsHost,
    metrics: environment.metrics,
    isReady: async () => isReady() && (await redis.exists(`${prefixes.queues}:execution:meta`)) >= 0,
  })
  lifetime.closeLater('metrics', () => server.close())

  await Promise.race([checkServers(redis, stage, environment, log), aborted(lifetime.signal)])
  const observing = server.registry === null ? null : observeJobs(server.registry)
  const workers: RunningWorker[] = []
  let closing: Promise<unknown> | undefined
  // All at once: while one waits for what it has in hand, the others take up nothing new, and their time is the same.
  const closeWorkers = () => (closing ??= Promise.all(workers.map((worker) => worker.close(STOP_GRACE_MS))))

  return {
    redis,
    queues,
    registryPrefix: prefixes.registry,
    log,
    metrics: server.registry,
    serve: (options) => {
      const worker = startWorker({
        ...options,
        redis,
        queues,
        log,
        ...observing?.(options.queue),
      })
      workers.push(worker)
      lifetime.closeLater(`the worker on ${options.queue}`, closeWorkers)
      log.info({ queue: options.queue, concurrency: options.concurrency }, 'serving')
      return worker
    },
  }
}

/** Redis refuses the process: a wrong password, or a right that its user lacks. */
class RedisRefusal extends Error {
  override name = 'RedisRefusal'
  /** What people expect of a process whose dependency cannot be had. */
  readonly exitCode = 6
}

/** Waits for Redis, and refuses one that would lose work, whoever started the process. The executor's user may not ask what is written to disk; others do. */
async function checkServers(redis: RedisConnection, stage: string, environment: StageEnvironment, log: Log): Promise<void> {
  const isLimited = stage === 'executor'
  const url = environment.redisUrl
  const onError = (error: Error) => log.warn({ error }, 'Redis is away; the stage begins once it answers')
  redis.once('error', onError)
  let servers: ServerFacts[]
  try {
    servers = await serverFacts(redis, { asksForSnapshots: !isLimited })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RedisRefusal(`the Redis of REDIS_URL (${shownRedisUrl(url)}) cannot be used: ${reason}`, { cause: error })
  } finally {
    redis.off('error', onError)
  }
  const { refusal, warnings } = judgeServers(url, servers, environment.redisPersistence)
  if (refusal !== null) throw new ConfigurationError([refusal])
  if (!isLimited) for (const warning of warnings) log.warn({}, warning)
}

async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

/** What is measured of the jobs that a process works on, by queue: hand it to `startWorker`. */
export function observeJobs(registry: Registry): (queue: QueueName) => JobObserver {
  const run = new Histogram({
    name: 'toolwright_job_run_seconds',
    help: 'Time a worker held a job, by queue and outcome',
    labelNames: ['queue', 'outcome'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  })
  const wait = new Histogram({
    name: 'toolwright_job_wait_seconds',
    help: 'Time from when a job was added to when a worker took it up, later steps of the same job included',
    labelNames: ['queue'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers: [registry],
  })
  const lines = new Histogram({
    name: 'toolwright_job_lines',
    help: 'Lines, calls or results that a job carries',
    labelNames: ['queue'],
    buckets: [1, 4, 16, 64, 256],
    registers: [registry],
  })
  const retries = new Counter({
    name: 'toolwright_job_retries_total',
    help: 'Jobs that were tried again: after an error, or since the worker that had them died',
    labelNames: ['queue', 'cause'],
    registers: [registry],
  })
  return (queue) => {
    // Zeros, so that a first one is an increase.
    for (const cause of ['error', 'worker-died']) retries.inc({ queue, cause }, 0)
    return {
      observe: (event) => {
        run.observe({ queue, outcome: event.outcome }, event.runMs / 1000)
        wait.observe({ queue }, event.waitMs / 1000)
        if (event.lines !== null) lines.observe({ queue }, event.lines)
        if (event.outcome === 'retried') retries.inc({ queue, cause: 'error' })
      },
      observeTakenUp: () => retries.inc({ queue, cause: 'worker-died' }),
    }
  }
}
