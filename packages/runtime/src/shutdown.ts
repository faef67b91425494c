import { openLog, type Log } from './log.ts'

/** What a process' `start` gets: how to say what must be closed, and when to stop. */
export interface Lifetime {
  /** Aborted as soon as the process is to stop, before anything is closed. */
  readonly signal: AbortSignal
  /** Has `close` called at the end; what was opened last is closed first. `name` is for the log. */
  closeLater(name: string, close: () => unknown): void
  /** Stops the process from inside. */
  stop(reason: string, exitCode?: number): void
}

interface Options {
  stage: string
  /** How long everything may take to close, in milliseconds; default 10 s. Past it the process exits with 1. */
  deadlineMs?: number
  /** Stop when the parent that opened an IPC channel is gone, however it died. Without such a channel there is nobody to follow. */
  followParent?: boolean
}

/** `exitCode` after a clean stop, `exitCodeAtOnce` when it is the second signal. */
const SIGNALS = [
  { name: 'SIGTERM', exitCode: 0, exitCodeAtOnce: 143 },
  { name: 'SIGHUP', exitCode: 0, exitCodeAtOnce: 129 },
  { name: 'SIGINT', exitCode: 130, exitCodeAtOnce: 130 },
] as const

/**
 * Runs a process: `start` opens things, then they work until SIGTERM, SIGINT, SIGHUP, `stop` or the parent's end; then all is closed in reverse order and the
 * process exits. A second signal exits at once. Exit codes: 0, or 130 after SIGINT; the `exitCode` of an error that `start` threw (5 for a ConfigurationError), else 1;
 * 1 after an unhandled rejection or exception, a close that failed, or a missed deadline.
 * Returns when `start` has; only an app's main calls it.
 */
export async function runUntilStopped(options: Options, start: (lifetime: Lifetime) => Promise<void>): Promise<void> {
  const log = openLog({ stage: options.stage, level: 'info' })
  const closers: { name: string; close: () => unknown }[] = []
  const controller = new AbortController()
  let starting: Promise<void> = Promise.resolve()

  const stop = (reason: string, exitCode: number) => {
    if (controller.signal.aborted) return
    log.info({ reason }, 'stopping')
    controller.abort(new Error(`stopping: ${reason}`))
    void finish(exitCode)
  }
  const finish = async (exitCode: number) => {
    const waitingFor = { name: 'start' }
    setTimeout(() => {
      log.error({ waitingFor: waitingFor.name }, 'did not close in time')
      process.exit(1)
    }, options.deadlineMs ?? 10_000)
    // A start that is cut short may fail: it has been told why, and its error is nothing new.
    await Promise.allSettled([starting])
    const isClosed = await closeInReverse(closers, waitingFor, log)
    process.exit(exitCode === 0 && !isClosed ? 1 : exitCode)
  }

  for (const { name, exitCode, exitCodeAtOnce } of SIGNALS) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCodeAtOnce)
      stop(name, exitCode)
    })
  }
  process.on('unhandledRejection', (error) => die(log, error, 'unhandled rejection'))
  process.on('uncaughtException', (error) => die(log, error, 'uncaught exception'))
  // A parent that is gone leaves broken pipes behind: no reason to die before everything is closed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreBrokenPipe)
  if (options.followParent && process.send !== undefined) {
    const follow = () => stop('the parent is gone', 0)
    process.once('disconnect', follow)
    if (!process.connected) follow()
  }

  starting = start({
    signal: controller.signal,
    closeLater: (name, close) => void closers.push({ name, close }),
    stop: (reason, exitCode = 0) => stop(reason, exitCode),
  })
  try {
    await starting
  } catch (error) {
    if (controller.signal.aborted) return
    report(log, error)
    stop('it could not start', exitCodeOf(error) ?? 1)
  }
}

/** True when all went well. A close that fails is logged and does not keep the others from theirs. */
async function closeInReverse(closers: { name: string; close: () => unknown }[], waitingFor: { name: string }, log: Log): Promise<boolean> {
  let isClosed = true
  for (let closer = closers.pop(); closer; closer = closers.pop()) {
    waitingFor.name = closer.name
    try {
      await closer.close()
    } catch (error) {
      isClosed = false
      log.error({ error, name: closer.name }, 'could not close')
    }
  }
  return isClosed
}

/** Somebody reads an error that sets an exit code in a terminal: it is a sentence there, not JSON. */
function report(log: Log, error: unknown): void {
  if (error instanceof Error && exitCodeOf(error) !== null) process.stderr.write(`${error.message}\n`)
  else log.error({ error }, 'could not start')
}

function exitCodeOf(error: unknown): number | null {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number' ? error.exitCode : null
}

function die(log: Log, error: unknown, what: string): never {
  log.error({ error }, what)
  process.exit(1)
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
