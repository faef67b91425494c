import { type Bucket, hashOf, type LineResult, shownUsd } from '@toolwright/contracts'
import { LaterError, type Queues, type RedisConnection, startWorker, type WorkerOptions } from '@toolwright/queues'
import { openKindIndex, type Registry, type RunRecord, type Sums } from '@toolwright/registry'
import type { Log } from '@toolwright/runtime'
import { setTimeout as delay } from 'node:timers/promises'
import { type Progress, progressStyle, startProgress } from './client/progress.ts'
import type { ProgressState } from './client/progress-text.ts'
import { createOutageTalk, ENDPOINT_WORDS } from './client/outage-talk.ts'
import { tellOfRedis } from './client/redis-outage.ts'
import { OutputClosed } from './client/result-sink.ts'
import { openResultWriter, type ResultWriter } from './client/result-writer.ts'
import { renderSummary, type RunTotals, summaryJson } from './client/summary.ts'
import { createTally, Tally, tallyAll, tallyMark, tallyResult } from './client/tally.ts'
import { UsageError } from './client/usage-error.ts'
import type { Money } from './client/money.ts'
import { ingest } from './ingest.ts'
import type { RunRequest } from './run-request.ts'

interface Services {
  redis: RedisConnection
  /** Where it is, as a person may read it. */
  place: string
  queues: Queues
  registry: Registry
  log: Log
  observe: NonNullable<WorkerOptions<'results'>['observe']>
  noColor: string | undefined
  term: string | undefined
}

/** Lines that a run may have read and not yet written; at most half of them may be waiting for tools. */
const CREDIT_LINES = 20_000
const CREDIT_BYTES = 64_000_000
const CHECK_MS = 250
/** How long the end of a run waits for makes that it has begun to pay for. */
const MAKES_GRACE_MS = 120_000
/** Shorter than this, it is not worth a line. */
const MAKES_SAID_MS = 2_000

const EXIT = { ok: 0, someFailed: 3, halted: 5, redisDown: 6, interrupted: 130 }

/** Redis came back without its data, or somebody has forgotten the run while it went on. */
class RunGone extends Error {
  override name = 'RunGone'
  readonly exitCode = EXIT.redisDown

  constructor(run: string) {
    super(
      `Redis no longer knows run ${run}: it was restarted without its data, or the run was forgotten. What is written stays; the same command with --run-id ${run} completes it, and pays for all requests again`,
    )
  }
}

/** One run from its first line to its summary: reads and enqueues, collects and writes, shows how it goes. Returns the exit code. */
export async function followRun(services: Services, request: RunRequest, interrupted: AbortSignal): Promise<number> {
  const { registry, queues, log } = services
  const startedAt = performance.now()
  const tally = createTally()
  const streamed = await openStreamed(registry, request.run)
  tallyAll(tally, streamed.tally)
  const writer = await openResultWriter({
    run: request.run,
    output: request.output ?? process.stdout,
    ...(request.errors !== null && { errors: request.errors }),
    onFound: (mark) => tallyMark(tally, mark),
    streamed: streamed.seqs,
    log: say,
  })
  let record: RunRecord
  try {
    record = await openRecord(registry, request, writer.size, streamed.seqs.length)
  } catch (error) {
    await writer.close()
    throw error
  }
  const follow = openFollow(services, request, { record, writer, tally, streamedTally: streamed.tally })
  const stop = new AbortController()
  const onInterrupt = () => stop.abort(interrupted.reason)
  interrupted.addEventListener('abort', onInterrupt, { once: true })
  if (interrupted.aborted) onInterrupt()

  const collector = startWorker({
    queue: 'results',
    run: request.run,
    redis: services.redis,
    queues,
    concurrency: 16,
    log,
    observe: services.observe,
    handle: async (job) => {
      await follow.write(job.results)
      return null
    },
  })
  const watching = follow.watch(stop)
  const hush = tellOfRedis(services.redis, services.place, (line) => follow.progress.event(line))
  try {
    // A file may have grown since, or its limit been raised; a pipe that has ended is not asked for again.
    const end =
      record.ingest.isDone && request.input === '-'
        ? record.ingest
        : await ingest({
            registry,
            queues,
            request,
            from: record.ingest,
            credit: (read) => follow.credit(read, stop.signal),
            refuse: (result) => follow.write([result]),
            onRead: follow.noteRead,
            signal: stop.signal,
          })
    if (end.isDone) {
      follow.noteEnd(end.seq)
      if (end.seq === 0) {
        await registry.runs.forget(request.run)
        const input = request.input === '-' ? 'standard input' : request.input
        throw new UsageError(`${input} holds no requests: each line is one, such as {"input": "…"}`)
      }
      await follow.allWritten(end.seq, stop.signal)
    }
    if (!stop.signal.aborted) await follow.makesSettled(stop.signal)
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    stop.abort(new Error('the run has ended'))
    await watching
    await collector.close(2_000)
    await writer.close()
    hush()
    follow.progress.stop()
  }
  return await conclude(services, request, follow, tally, interrupted, performance.now() - startedAt)
}

/** What an earlier process of the run has written where nobody can look it up. */
async function openStreamed(registry: Registry, run: string): Promise<{ seqs: number[]; tally: Tally }> {
  const streamed = await registry.runs.streamed(run)
  return streamed === null ? { seqs: [], tally: createTally() } : { seqs: streamed.seqs, tally: Tally.parse(streamed.tally) }
}

/** The run's record: a new one, or that of a run that goes on. Throws UsageError where the id is that of a run that cannot go on so. `writtenHere`: results of which it is known where they went, `streamed` of them to a stream. */
async function openRecord(registry: Registry, request: RunRequest, writtenHere: number, streamed: number): Promise<RunRecord> {
  const { run, output, settings } = request
  const earlier = await registry.runs.get(run)
  if (earlier !== null) {
    if (earlier.source !== sourceOf(request)) {
      throw new UsageError(`run ${run} reads another input (${inputOf(earlier.source)}); choose another --run-id`)
    }
    if (earlier.written > writtenHere) {
      throw new UsageError(
        `not all of the ${earlier.written} results that run ${run} has written are in ${output ?? 'standard output'}: name the file that has them with -o (and --errors), or leave --run-id out to answer all requests again`,
      )
    }
    const { whileMaking, make } = earlier.settings
    if (whileMaking !== settings.whileMaking || make !== settings.make)
      say(`run ${run} goes on as it was begun, with --while-making ${whileMaking} and --make ${make}`)
    if (earlier.state === 'done') say(`run ${run} is done already; looking for requests that have been added since`)
    else if (streamed > 0) say(`${streamed} results of run ${run} went to a stream before, and are kept nowhere else; the others follow`)
  }
  return await registry.runs.open(run, settings, sourceOf(request))
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

interface Follow {
  progress: Progress
  write(results: LineResult[]): Promise<void>
  credit(read: number, signal: AbortSignal): Promise<void>
  noteRead: (read: number, bytes: number) => void
  noteEnd(total: number): void
  allWritten(total: number, signal: AbortSignal): Promise<void>
  makesSettled(signal: AbortSignal): Promise<void>
  /** Looks after the run until it ends: tools made, money spent, a halt. Aborts `stop` where the run cannot go on. */
  watch(stop: AbortController): Promise<void>
  haltedBy(): string | null
  fatal(): Error | null
  toolsMade(): number
  isComplete(): boolean
}

interface Following {
  record: RunRecord
  writer: ResultWriter
  tally: Tally
  /** The part of it that went to a stream. */
  streamedTally: Tally
}

function openFollow(services: Services, request: RunRequest, { record, writer, tally, streamedTally }: Following): Follow {
  const { registry, queues } = services
  let read = record.ingest.seq
  let bytesRead = 0
  let total: number | null = record.ingest.isDone ? record.ingest.seq : null
  let halted: string | null = null
  let fatal: Error | null = null
  let toolsBeingMade = 0
  let spent: Money = { nano: 0, unknown: 0 }
  const made = new Map<string, number>()

  const state = (): ProgressState => ({
    done: writer.size,
    read,
    total,
    failed: tally.failed,
    tiers: {
      extracted: tally.tiers.extracted.lines,
      called: tally.tiers.called.lines,
      direct: tally.tiers.direct.lines,
    },
    toolsMade: [...made.values()].reduce((sum, versions) => sum + versions, 0),
    toolsBeingMade,
    spent,
    baseline: tally.baseline,
  })
  const progress = startProgress(process.stderr, progressStyle(process.stderr, services), state, () => performance.now())

  return {
    progress,
    write: async (results) => {
      let written: LineResult[]
      try {
        ;({ written } = await writer.write(results))
      } catch (error) {
        // Nothing of it is in the file, and the job keeps it: the run stops here and can be taken up again.
        fatal ??= error instanceof Error ? error : new Error(String(error))
        throw new LaterError('the results could not be written', 1_000, { cause: error })
      }
      const streamed = written.filter((result) => writer.isStreamed(result))
      for (const result of written) tallyResult(tally, result)
      for (const result of streamed) tallyResult(streamedTally, result)
      await registry.runs.noteWritten(request.run, written.length, { seqs: streamed.map(({ seq }) => seq), tally: streamedTally })
      await registry.totals.addResults(written)
    },
    credit: async (readNow, signal) => {
      for (;;) {
        const lines = Math.min(CREDIT_LINES, Math.max(100, Math.floor(CREDIT_BYTES / Math.max(1, bytesRead / Math.max(1, readNow)))))
        if (readNow - writer.size < lines / 2) return
        if (readNow - writer.size < lines && (await registry.runs.waiting(request.run)) < lines / 2) return
        await delay(CHECK_MS / 5, undefined, { signal })
      }
    },
    noteRead: (readNow, bytes) => {
      read = readNow
      bytesRead += bytes
    },
    noteEnd: (lines) => {
      total = lines
    },
    allWritten: async (lines, signal) => {
      while (writer.size < lines) await delay(50, undefined, { signal })
    },
    makesSettled: async (signal) => {
      const begunAt = performance.now()
      for (let isSaid = false; ;) {
        // Only those that this run pays for: another run's may take as long as they like.
        const makes = await queues.countOf('maker', request.run)
        const waitedMs = performance.now() - begunAt
        if (makes === 0 || waitedMs > MAKES_GRACE_MS) return
        if (!isSaid && waitedMs > MAKES_SAID_MS) {
          progress.event('every request is answered; waiting for tools that are still being made, for requests to come (Ctrl-C: end now)')
          isSaid = true
        }
        await delay(CHECK_MS, undefined, { signal })
      }
    },
    watch: async (stop) => {
      const index = openKindIndex(registry.kinds)
      await index.refresh()
      for (const kind of index.all()) made.set(kind.id, 0)
      const before = new Map(index.all().map((kind) => [kind.id, kind.versions]))
      const outageTalk = createOutageTalk(() => performance.now(), ENDPOINT_WORDS)
      while (!stop.signal.aborted) {
        await index.refresh()
        for (const kind of index.all()) {
          const versions = kind.versions - (before.get(kind.id) ?? 0)
          const known = made.get(kind.id) ?? 0
          for (let at = known + 1; at <= versions; at++)
            progress.event(await describeTool(registry, kind.id, (before.get(kind.id) ?? 0) + at))
          made.set(kind.id, versions)
        }
        toolsBeingMade = makesIn(await queues.depth('maker'))
        spent = sumOf(await registry.money.sums(request.run))
        const known = await registry.runs.get(request.run)
        if (known === null) fatal ??= new RunGone(request.run)
        halted = known?.haltedBy ?? null
        const refusal = await registry.runs.refusal(request.run)
        const isHeld = refusal !== null && halted === null && (await registry.endpoints.isHeld(refusal.endpoint))
        const talk = outageTalk(isHeld ? refusal.message : null)
        if (talk !== null) progress.event(talk)
        if (halted !== null || fatal !== null) stop.abort(new Error('the run cannot go on'))
        await delay(CHECK_MS, undefined, { signal: stop.signal }).catch(() => undefined)
      }
    },
    haltedBy: () => halted,
    fatal: () => fatal,
    toolsMade: () => [...made.values()].reduce((sum, versions) => sum + versions, 0),
    isComplete: () => total !== null && writer.size >= total,
  }
}

async function conclude(
  services: Services,
  request: RunRequest,
  follow: Follow,
  tally: Tally,
  interrupted: AbortSignal,
  durationMs: number,
): Promise<number> {
  const { registry, queues } = services
  const cost = costByBucket(await registry.money.sums(request.run))
  const totals: RunTotals = {
    run: request.run,
    durationMs,
    tally,
    cost,
    toolsMade: follow.toolsMade(),
    output: request.output,
    errors: request.errors,
  }
  const again = `go on with the same command and --run-id ${request.run}`
  const fatal = follow.fatal()
  if (fatal instanceof OutputClosed) return EXIT.ok
  if (fatal instanceof RunGone) throw fatal
  if (fatal !== null) {
    say(`the results cannot be written: ${fatal.message}\nNothing is lost: mend it, then ${again}`)
    return 1
  }
  const haltedBy = follow.haltedBy()
  if (haltedBy !== null) {
    say(`the run has stopped: ${haltedBy}\nNothing is lost: mend it, then ${again}`)
    return EXIT.halted
  }
  if (!follow.isComplete()) {
    const hint = request.output === null ? ' (which writes the rest: append it, with >>)' : ''
    say(`interrupted; what is done is written. To finish, ${again}${hint}`)
    return interrupted.aborted ? EXIT.interrupted : 1
  }
  const uncertain = await registry.money.uncertain(request.run)
  if (uncertain.calls > 0)
    say(`${uncertain.calls} model calls were begun and never settled: they may have been billed, and are not in the sums`)
  await registry.runs.finish(request.run, summaryJson(totals))
  await queues.dropResults(request.run)
  if (request.json) process[request.output === null ? 'stderr' : 'stdout'].write(`${JSON.stringify(summaryJson(totals))}\n`)
  else process.stderr.write(`\n${renderSummary(totals)}`)
  return tally.failed > 0 ? EXIT.someFailed : EXIT.ok
}

async function describeTool(registry: Registry, kind: string, version: number): Promise<string> {
  const tool = await registry.tools.get(kind, version)
  const tiers = [tool.tiers.extracted && 'extracted', tool.tiers.called && 'called'].filter((one) => one !== false).join(' and ')
  const cost = tool.costNano === null ? 'cost unknown' : shownUsd(tool.costNano)
  return `tool made: ${kind} v${version} (${tiers}), ${tool.evidence.proposedFrom + tool.evidence.heldBack} examples, ${cost}`
}

function makesIn(depth: Awaited<ReturnType<Queues['depth']>>): number {
  return depth.waiting + depth.active + depth.delayed + depth.waitingChildren
}

function sumOf(sums: Sums[]): Money {
  return sums.reduce((sum, row) => ({ nano: sum.nano + row.costNano, unknown: sum.unknown + row.unpriced }), { nano: 0, unknown: 0 })
}

function costByBucket(sums: Sums[]): Record<Bucket, Money> {
  const of = (bucket: Bucket) => sumOf(sums.filter((row) => row.bucket === bucket))
  return { results: of('results'), makes: of('makes'), overhead: of('overhead'), waste: of('waste') }
}

/** Says what a run reads, so that a run id is not taken up with another input. */
function sourceOf(request: RunRequest): string {
  return `${request.input} ${hashOf(request.input).slice(0, 8)}`
}

function inputOf(source: string): string {
  return source.replace(/ [0-9a-f]{8}$/, '')
}
