import { openRegistry } from '@toolwright/registry'
import { connectRedis, keyPrefixes, observeJobs, openLink, openQueues, openReplication } from '@toolwright/queues'
import { openLog, openTraces, readRedisUrl, serveMetrics, shownRedisUrl } from '@toolwright/runtime'
import { resumeCommand } from './client/going-on.ts'
import { awayOnceAborted } from './client/redis-outage.ts'
import { OutputClosed } from './client/result-sink.ts'
import { openRunMetrics } from './client/run-metrics.ts'
import { readEnvironment } from './env.ts'
import { followRun } from './follow-run.ts'
import { RunRequest } from './run-request.ts'

/**
 * The client of one run: `run-main.ts <RunRequest as JSON>`. A signal, or any message of its parent, ends the run in order; a second signal, or a parent that is gone, at once.
 * Exit codes: 0, 2 usage, 3 some lines failed or the run was cancelled, 4 paused at a budget, 5 the models refuse, 6 Redis came back without the run, 130 interrupted.
 */
const stop = new AbortController()
const leave = new AbortController()
/** How long an interrupted run waits for a Redis that is away. */
const LEAVE_AFTER_MS = 2_000
let isTraced = false
const request = RunRequest.parse(JSON.parse(process.argv[2] ?? 'null'))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) goAtOnce('left at once')
    stop.abort()
  })
}
process.on('message', () => stop.abort())
process.once('disconnect', () => {
  // Whoever started the run has started its stages too: nothing more comes of them.
  leave.abort()
  stop.abort()
})

try {
  process.exitCode = await main()
} catch (error) {
  if (error instanceof OutputClosed) process.exitCode = 0
  else {
    const hasCode = error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number'
    process.stderr.write(
      `toolwright: ${hasCode ? error.message : `this should not have happened\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`}\n`,
    )
    process.exitCode = hasCode ? Number(error.exitCode) : 1
  }
}
if (process.connected) process.disconnect?.()
// Spans that cannot be sent would hold the process up for as long as they are tried.
if (isTraced) process.exit()

async function main(): Promise<number> {
  const environment = readEnvironment()
  const prefixes = keyPrefixes(environment.prefix, environment.space)
  // A person reads along: what goes on is told in sentences, and only what nobody expects in log lines.
  const log = openLog({ stage: 'run', level: environment.logLevel === 'info' ? 'error' : environment.logLevel })
  const traces = await openTraces({ stage: 'run', environment, log })
  isTraced = traces !== undefined
  const redis = connectRedis(environment.redisUrl, { patient: true, name: 'toolwright-run' })
  const anyKey = `${prefixes.queues}:requests:meta`
  const link = openLink(redis, anyKey)
  const place = shownRedisUrl(environment.redisUrl)
  // Nothing can be wound up without Redis.
  void awayOnceAborted(link, LEAVE_AFTER_MS, stop.signal).then(() => goAtOnce(`interrupted while Redis (${place}) does not answer`))
  const queues = openQueues({ redis, prefix: prefixes.queues, space: environment.space, batchLines: environment.batchLines, traces })
  try {
    const metrics = await serveMetrics({
      stage: 'run',
      home: environment.home,
      port: environment.metricsPort,
      host: environment.metricsHost,
      metrics: environment.metrics,
      isReady: async () => (await redis.exists(anyKey)) >= 0,
    })
    const services = {
      redis,
      anyKey,
      link,
      replication: openReplication(redis, anyKey, { expectsReplica: readRedisUrl(environment.redisUrl).form === 'sentinel' }),
      place,
      queues,
      registry: openRegistry({ redis, keyPrefix: prefixes.registry }),
      log,
      observing: metrics.registry === null ? null : observeJobs(metrics.registry)('results'),
      showLag: metrics.registry === null ? () => undefined : openRunMetrics(metrics.registry),
      home: environment.home,
      noColor: environment.noColor,
      term: environment.term,
    }
    return await followRun(services, request, { stop: stop.signal, leave: leave.signal }).finally(() => metrics.close())
  } finally {
    link.close()
    await queues.close()
    redis.disconnect()
    await traces?.close()
  }
}

/** Nothing needs to be wound up: what is not in the files is in Redis, or was never begun. */
function goAtOnce(why: string): never {
  process.stderr.write(`${why}; what is done is written. To finish: ${resumeCommand(request, true)}\n`)
  process.exit(130)
}
