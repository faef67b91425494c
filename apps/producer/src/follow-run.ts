import {
  type JobObserver,
  LaterError,
  type Link,
  type Queues,
  type RedisConnection,
  type Replication,
  type RunningWorker,
  startWorker,
} from '@toolwright/queues'
import type { Ingest, Registry, RunRecord } from '@toolwright/registry'
import type { Log } from '@toolwright/runtime'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { conclude } from './client/conclude.ts'
import { openCredit } from './client/credit.ts'
import { type Delivery, openDelivery } from './client/delivery.ts'
import { failedRequests } from './client/failed-requests.ts'
import type { RunLag } from './client/run-metrics.ts'
import { type Progress, progressStyle, startProgress } from './client/progress.ts'
import type { ProgressState } from './client/progress-text.ts'
import { tellOfRedis } from './client/redis-outage.ts'
import { memoryOf, watchRoom } from './client/redis-room.ts'
import { createReadTimes, type ReadTimes } from './client/read-times.ts'
import { findRun, inputOf, noteFiles, openRun } from './client/run-record.ts'
import { type Standing, standingOf } from './client/standing.ts'
import { UsageError } from './client/usage-error.ts'
import { makesSettled, watchRun } from './client/watch.ts'
import { resultsTaken, withdraw } from './client/withdraw.ts'
import { ingest } from './ingest.ts'
import type { RunRequest } from './run-request.ts'

interface Services {
  redis: RedisConnection
  /** One of the space's, for what is asked of the server that has them. */
  anyKey: string
  link: Link
  replication: Replication
  /** Where it is, as a person may read it. */
  place: string
  queues: Queues
  registry: Registry
  log: Log
  /** What is measured of the jobs that bring results; null where nothing is. */
  observing: JobObserver | null
  /** Shows how far the run's client is behind. */
  showLag: (lag: () => RunLag) => void
  /** The data folder. */
  home: string
  noColor: string | undefined
  term: string | undefined
}

/** How a run is told to end early. */
interface Interruption {
  /** To read no further, and to wait a while for what is under way. */
  stop: AbortSignal
  /** Not to wait either. */
  leave: AbortSignal
}

const LOOK_MS = 50
const COLLECTED_AT_ONCE = 16

/** One run from its first line to its summary: reads and enqueues, collects and writes, shows how it goes. Returns the exit code. */
export async function followRun(services: Services, request: RunRequest, interruption: Interruption): Promise<number> {
  const { registry, queues } = services
  const startedAt = performance.now()
  const earlier = await findRun(services, request.run)
  const standing = standingOf(earlier?.ingest ?? null)
  const over = new AbortController()
  const readTimes = createReadTimes(now)
  const delivery = await openDelivery({
    registry,
    queues,
    run: request.run,
    settings: earlier?.settings ?? request.settings,
    output: request.output ?? process.stdout,
    errors: request.errors,
    spoolFolder: join(services.home, 'runs'),
    say,
    readTimes,
    onFailure: (error) => {
      standing.fatal ??= error
      over.abort()
    },
  })
  try {
    const written = { all: delivery.size, streamed: delivery.streamedBefore }
    const record = await openRun(registry, request, { earlier, written, say })
    services.showLag(() => lagOf(standing, delivery))
    await follow({ services, request, record, delivery, readTimes, standing, over, cancelled: new AbortController(), interruption })
  } finally {
    await delivery.close()
  }
  const durationMs = performance.now() - startedAt
  return await conclude({ registry, queues, request, standing, delivery, isInterrupted: interruption.stop.aborted, durationMs, say })
}

function now(): number {
  return performance.now()
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

interface Following {
  services: Services
  request: RunRequest
  record: RunRecord
  delivery: Delivery
  readTimes: ReadTimes
  standing: Standing
  /** Aborted when the run has ended, or cannot go on in this process. */
  over: AbortController
  /** Aborted when somebody ends the run for good. */
  cancelled: AbortController
  interruption: Interruption
}

/** Keeps everything going that a run needs while its lines are read and answered. */
async function follow(following: Following): Promise<void> {
  const { services, request, delivery, standing, over, cancelled } = following
  const { registry, queues, redis } = services
  const { run } = request
  const state = () => progressOf(standing, delivery)
  const progress = startProgress(process.stderr, progressStyle(process.stderr, services), state, now)
  const watching = watchRun(
    {
      registry,
      queues,
      request,
      standing,
      event: progress.event,
      stop: () => over.abort(),
      onCancelled: () => cancelled.abort(),
      needsCalls: request.readsOn,
    },
    over.signal,
  )
  // Thrown below, where it is awaited.
  watching.catch(() => over.abort())
  const hush = tellOfRedis(services.link, services.replication, services.place, progress.event)
  let collector: RunningWorker | undefined
  try {
    await patiently(() => delivery.begin(), over.signal)
    collector = startWorker({
      queue: 'results',
      run,
      redis,
      queues,
      concurrency: COLLECTED_AT_ONCE,
      log: services.log,
      ...services.observing,
      handle: async (job) => {
        await delivery.take(job.results)
        return null
      },
      // However many clients have died over it: a result is a result.
      bury: (job) => delivery.take(job.results),
    })
    await answerAll(following, progress)
  } catch (error) {
    if (!over.signal.aborted) throw error
  } finally {
    over.abort()
    await collector?.close(2_000)
    hush()
    progress.stop()
    await watching
  }
}

/** Reads what there is to read, and waits until all of it is written, or until the run has to end before. */
async function answerAll(following: Following, progress: Progress): Promise<void> {
  const { services, request, record, delivery, standing, over, cancelled, interruption } = following
  const { registry, queues } = services
  const stopped = AbortSignal.any([interruption.stop, over.signal])
  if (record.isCancelled) return await windUp(following, progress)
  if (!request.readsOn) return await resultsTaken({ queues, run: request.run }, stopped)
  const reading = AbortSignal.any([stopped, cancelled.signal])
  const end = await read(following, progress, reading)
  if (end.isDone) {
    standing.total = end.seq
    if (end.seq === 0) {
      await registry.runs.forget(request.run)
      const input = request.input === '-' ? 'standard input' : request.input
      throw new UsageError(`${input} holds no requests: each line is one, such as {"input": "…"}`)
    }
  }
  const isWritten = () => delivery.size >= end.seq
  await until(isWritten, reading)
  if (cancelled.signal.aborted) return await windUp(following, progress)
  if (isWritten()) {
    if (standing.total !== null) await makesSettled({ queues, request, event: progress.event }, reading)
    if (cancelled.signal.aborted) await windUp(following, progress)
  } else if (!over.signal.aborted && !interruption.leave.aborted && request.graceMs > 0) {
    const count = end.seq - delivery.size
    progress.event(
      `reading no further; waiting up to ${request.graceMs / 1000} s for ${count === 1 ? 'the request' : `the ${count} requests`} under way (Ctrl-C again: at once)`,
    )
    await until(isWritten, AbortSignal.any([over.signal, interruption.leave, AbortSignal.timeout(request.graceMs)]))
  }
}

/** Ends a cancelled run: what is answered is written, and the rest is dropped. */
async function windUp({ services, request, delivery, standing, over, interruption }: Following, progress: Progress): Promise<void> {
  const ofRun = { ...services, run: request.run }
  const signal = AbortSignal.any([over.signal, interruption.stop])
  standing.isCancelled = true
  progress.event('the run is cancelled: calls that are under way may end, what is answered is written, the rest is dropped')
  const isWithdrawn = await withdraw(ofRun, signal)
  await resultsTaken(ofRun, signal)
  if (signal.aborted) return
  await delivery.deliverAll()
  standing.isWithdrawn = isWithdrawn
}

/** Reads the input as far as `signal` lets it; returns how far that was. */
async function read(
  { services, request, record, delivery, readTimes, standing }: Following,
  progress: Progress,
  signal: AbortSignal,
): Promise<Ingest> {
  const { registry, queues, redis } = services
  // A file may have grown since, or its limit been raised; a pipe that has ended is not asked for again.
  if (record.ingest.isDone && request.input === '-') {
    await noteFiles(registry, request)
    return record.ingest
  }
  const memory = () => memoryOf(redis, services.anyKey)
  const room = watchRoom({ memory, bytesRead: () => standing.bytesRead, say: progress.event, now })
  const credit = openCredit({
    standing: () => ({ ...standing, written: delivery.size, answered: delivery.size + delivery.early }),
    waiting: () => registry.runs.waiting(request.run),
    isIdle: () => queues.isIdle(),
    room,
    now,
  })
  return await ingest({
    registry,
    queues,
    request,
    stdin: request.retries === null ? process.stdin : failedRequests(registry, request.retries),
    from: record.ingest,
    inputBefore: inputOf(record),
    duplicates: delivery.duplicates,
    onPassedOver: () => noteFiles(registry, request),
    credit: () => credit(signal),
    settle: (results) => patiently(() => delivery.take(results), signal),
    hasResult: delivery.has,
    keep: (write) => room.whenLeft(() => services.replication.keep(write, signal), signal),
    onHandedOver: (lines) => {
      standing.handedOver = lines
      standing.unsentSince = lines < standing.read ? now() : null
    },
    onRead: (lines, bytes) => {
      standing.unsentSince ??= now()
      readTimes.note(lines - 1)
      standing.read = lines
      standing.bytesRead += bytes
    },
    signal,
  })
}

function lagOf({ read: linesRead, handedOver, unsentSince }: Standing, { size, early }: Delivery): RunLag {
  return {
    unsent: linesRead - handedOver,
    // Of a run that goes on, results are taken up before its input has been passed over.
    unanswered: Math.max(0, handedOver - size - early),
    early,
    unsentSeconds: unsentSince === null ? 0 : (now() - unsentSince) / 1000,
  }
}

function progressOf(standing: Standing, { tally, size }: Delivery): ProgressState {
  const { read: linesRead, total, toolsMade, toolsBeingMade, spent } = standing
  const { extracted, called, direct } = tally.tiers
  return {
    done: size,
    read: linesRead,
    total,
    failed: tally.failed,
    tiers: { extracted: extracted.lines, called: called.lines, direct: direct.lines },
    toolsMade,
    toolsBeingMade,
    spent,
    baseline: tally.baseline,
  }
}

/** Resolves when something holds, or `signal` is aborted. */
async function until(holds: () => boolean, signal: AbortSignal): Promise<void> {
  while (!holds() && !signal.aborted) await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
}

/** Does what may only be possible later, unless the run ends before: then it throws what stood in the way. */
async function patiently(act: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof LaterError) || signal.aborted) throw error
      await delay(error.delayMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
