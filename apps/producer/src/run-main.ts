import { openRegistry } from '@toolwright/registry'
import { connectRedis, keyPrefixes, openQueues } from '@toolwright/queues'
import { openLog } from '@toolwright/runtime'
import { OutputClosed } from './client/result-sink.ts'
import { readEnvironment } from './env.ts'
import { followRun } from './follow-run.ts'
import { RunRequest } from './run-request.ts'

/** The client of one run: `run-main.ts <RunRequest as JSON>`. Exit codes: 0, 2 usage, 3 some lines failed, 5 the models refuse, 6 Redis is away, 130 interrupted. */
const interrupted = new AbortController()
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
    process.exitCode = hasCode ? Number(error.exitCode) : isRedisAway(error) ? 6 : 1
  }
}
if (process.connected) process.disconnect?.()

async function main(): Promise<number> {
  const environment = readEnvironment()
  const request = RunRequest.parse(JSON.parse(process.argv[2] ?? 'null'))
  const prefixes = keyPrefixes(environment.prefix, environment.space)
  const redis = connectRedis(environment.redisUrl, { patient: true, name: 'toolwright-run' })
  const queues = openQueues({ redis, prefix: prefixes.queues, space: environment.space })
  try {
    return await followRun(
      {
        redis,
        queues,
        registry: openRegistry({ redis, keyPrefix: prefixes.registry }),
        log: openLog({ stage: 'run', level: environment.logLevel === 'info' ? 'warn' : environment.logLevel }),
        noColor: environment.noColor,
        term: environment.term,
      },
      request,
      interrupted.signal,
    )
  } finally {
    await queues.close()
    redis.disconnect()
  }
}

function isRedisAway(error: unknown): boolean {
  return error instanceof Error && ['MaxRetriesPerRequestError', 'ConnectionClosedError'].includes(error.name)
}
