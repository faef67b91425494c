import { z } from 'zod'
import { guard } from './guardian.ts'
import type { GuardianReport } from './guardian-report.ts'
import { ServerProgram } from './server-program.ts'
import { openRedisFolder } from './state.ts'

// Started by use-redis.ts, detached and with a few entries of its environment. Reports to whoever started it, for as long as that process listens.
const { home, program } = z.object({ home: z.string(), program: ServerProgram }).parse(JSON.parse(process.argv[2] ?? 'null'))

const stopped = new AbortController()
process.on('SIGTERM', () => stopped.abort())
process.on('SIGINT', () => stopped.abort())
process.on('SIGHUP', () => undefined)

let exitCode = 0
try {
  const onReady = () => report({ status: 'ready' })
  await guard({ folder: openRedisFolder(home), program, environment: process.env, onReady, signal: stopped.signal })
} catch (error) {
  await report({ status: 'failed', message: error instanceof Error ? error.message : String(error) })
  exitCode = 1
}
// Not left to the event loop: connections that were refused keep timers for two seconds.
process.exit(exitCode)

function report(message: GuardianReport): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected && process.send) process.send(message, () => resolve())
    else resolve()
  })
}
