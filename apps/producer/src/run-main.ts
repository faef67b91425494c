import { openRegistry } from '@toolwright/registry'
import { connectRedis, keyPrefixes, observeJobs, openQueues } from '@toolwright/queues'
import { openLog, redact, serveMetrics } from '@toolwright/runtime'
import { awayOnceAborted } from './client/redis-outage.ts'
import { OutputClosed } from './client/result-sink.ts'
import { readEnvironment } from './env.ts'
import { followRun } from './follow-run.ts'
import { RunRequest } from './run-request.ts'

/** The client of one run: `run-main.ts <RunRequest as JSON>`. Exit codes: 0, 2 usage, 3 some lines failed, 5 the models refuse, 6 Redis came back without the run, 130 interrupted. */
const interrupted = new AbortController()
/** How long an interrupted run waits for a Redis that is away. */
const LEAVE_AFTER_MS = 2_000
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(130)
    interrupted.abort(new Error('interrupted'))
  })
}
process.once('disconnect', () => interrupted.abort(new Error('interrupted')))

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

async function main(): Promise<number> {
  const environment = readEnvironment()
  const request = RunRequest.parse(JSON.parse(process.argv[2] ?? 'null'))
  const prefixes = keyPrefixes(environment.prefix, environment.space)
  const redis = connectRedis(environment.redisUrl, { patient: true, name: 'toolwright-run' })
  const place = redact(environment.redisUrl)
  void awayOnceAborted(redis, LEAVE_AFTER_MS, interrupted.signal).then(() => leave(request.run, place))
  const queues = openQueues({ redis, prefix: prefixes.queues, space: environment.space })
  try {
    const metrics = await serveMetrics({
      stage: 'run',
      home: environment.home,
      port: environment.metricsPort,
      isReady: async () => (await redis.ping()) === 'PONG',
    })
    const services = {
      redis,
      place,
      queues,
      registry: openRegistry({ redis, keyPrefix: prefixes.registry }),
      // A person reads along: what goes on is told in sentences, and only what nobody expects in log lines.
      log: openLog({ stage: 'run', level: environment.logLevel === 'info' ? 'error' : environment.logLevel }),
      observe: observeJobs(metrics.registry),
      noColor: environment.noColor,
      term: environment.term,
    }
    return await followRun(services, request, interrupted.signal).finally(() => metrics.close())
  } finally {
    await queues.close()
    redis.disconnect()
  }
}

/** Nothing can be wound up without Redis, and nothing needs to be: what is not in the files is in Redis, or was never begun. */
function leave(run: string, place: string): never {
  process.stderr.write(
    `interrupted while Redis (${place}) does not answer; what is done is written. To finish once it does, go on with the same command and --run-id ${run}\n`,
  )
  process.exit(130)
}
