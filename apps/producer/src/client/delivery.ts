import type { Writable } from 'node:stream'
import type { LineResult, RunSettings } from '@toolwright/contracts'
import { LaterError, onceNotFull, type Queues } from '@toolwright/queues'
import type { Registry } from '@toolwright/registry'
import { openDuplicates, type Duplicates } from './duplicates.ts'
import { createInOrder } from './in-order.ts'
import type { ReadTimes } from './read-times.ts'
import { openResultWriter, type ResultWriter } from './result-writer.ts'
import { RunGone } from './run-gone.ts'
import { createSameRequests } from './same-requests.ts'
import { createTally, Tally, tallyAll, tallyMark, tallyResult } from './tally.ts'

/** The way of results from their queue into the run's files. */
export interface Delivery {
  /** Of all that is written, earlier processes' part included. */
  readonly tally: Tally
  /** Lines that are written. */
  readonly size: number
  /** Results that are there, and wait for those of earlier lines; only where the run is ordered. */
  readonly early: number
  /** Of the lines that were written before, those that went to a stream. */
  readonly streamedBefore: number
  /** Null unless requests that are the same are answered once. */
  readonly duplicates: Duplicates | null
  /** Takes up what an earlier process of the run has left undelivered. To be called before `take`, and once it is clear that the run goes on. */
  begin(): Promise<void>
  /** Resolves once the results can no longer be lost: they are in the files, or kept until those before them are. Throws LaterError where that does not work now; then it may be tried again. */
  take(results: LineResult[]): Promise<void>
  /** Writes all that waits for results of earlier lines, in order: those will not come. To be called when nothing is taken any more. */
  deliverAll(): Promise<void>
  /** Whether `take` has had a line's result. */
  has: (seq: number) => boolean
  close(): Promise<void>
}

export interface DeliveryOptions {
  registry: Registry
  queues: Queues
  run: string
  settings: RunSettings
  output: string | Writable
  errors: string | null
  /** For copies of what goes to a stream, where they are needed. */
  spoolFolder: string
  say: (text: string) => void
  /** When requests were read, as far as this process has read them. */
  readTimes: ReadTimes
  /** The results cannot be written: the run must stop. */
  onFailure: (error: Error) => void
}

const AGAIN_MS = 1_000

/** Opens the files of a run's results. Throws UsageError as `openResultWriter` does. */
export async function openDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { registry, queues, run, settings, spoolFolder } = options
  const tally = createTally()
  const streamed = await readStreamed(registry, run)
  tallyAll(tally, streamed.tally)
  const same = settings.dedupe ? createSameRequests() : null
  const writer = await openResultWriter({
    run,
    output: options.output,
    ...(options.errors !== null && { errors: options.errors }),
    onFound: (mark) => tallyMark(tally, mark),
    streamed: streamed.seqs,
    ...(same !== null && { places: { note: (seq, offset) => same.end(seq, offset), spoolFolder } }),
    log: options.say,
  })
  const isWritten = (seq: number) => writer.has(seq)
  const duplicates =
    same === null ? null : openDuplicates({ run, registry, queues, same, isWritten, readLine: (place) => writer.readLine(place) })
  const order = settings.ordered ? createInOrder({ run, undelivered: registry.undelivered, isWritten }) : null
  const commit = committing(options, { writer, tally, streamedTally: streamed.tally })
  /** Written, and not yet looked at for others that wait for their answers. */
  const unsettled: number[] = []
  let isProceeding = false

  const write = async (results: LineResult[], held: readonly number[] = []) => {
    await commit(results, held)
    if (duplicates !== null) unsettled.push(...results.map(({ seq }) => seq))
  }
  const put = (results: LineResult[]) => (order === null ? write(results) : order.hold(results))

  /** Does all that what has come allows. One call at a time does it for all: whatever comes meanwhile is seen before it ends. */
  const proceed = async () => {
    if (isProceeding) return
    isProceeding = true
    try {
      for (;;) {
        const seqs = order?.next() ?? []
        if (duplicates !== null && unsettled.length > 0) {
          const settling = unsettled.slice()
          const copies = await duplicates.settle(settling)
          if (copies.length > 0) await put(copies)
          unsettled.splice(0, settling.length)
        } else if (order !== null && seqs.length > 0) {
          const results = await order.read(seqs)
          if (results.length < seqs.length) throw new RunGone(run)
          await write(results, seqs)
        } else return
      }
    } finally {
      isProceeding = false
    }
  }
  const take = async (results: LineResult[]) => {
    try {
      if (results.length > 0) await put(results)
      await proceed()
    } catch (error) {
      if (error instanceof LaterError) throw error
      if (error instanceof RunGone) options.onFailure(error)
      throw new LaterError('the results could not be taken over', AGAIN_MS, { cause: error })
    }
  }

  return {
    tally,
    get size() {
      return writer.size
    },
    get early() {
      return order?.size ?? 0
    },
    streamedBefore: streamed.seqs.length,
    duplicates,
    begin: async () => {
      await order?.restore()
      await duplicates?.restore(take)
      await take([])
    },
    take,
    deliverAll: async () => {
      for (;;) {
        const seqs = (await order?.nextOfAll()) ?? []
        if (order === null || seqs.length === 0) return
        await write(await order.read(seqs), seqs)
        // Others may have waited for these answers.
        await proceed()
      }
    },
    has: (seq) => isWritten(seq) || order?.has(seq) === true,
    close: () => writer.close(),
  }
}

/** What an earlier process of the run has written where nobody can look it up. */
async function readStreamed(registry: Registry, run: string): Promise<{ seqs: number[]; tally: Tally }> {
  const streamed = await registry.runs.streamed(run)
  return streamed === null ? { seqs: [], tally: createTally() } : { seqs: streamed.seqs, tally: Tally.parse(streamed.tally) }
}

interface Books {
  writer: ResultWriter
  tally: Tally
  /** The part of it that went to a stream. */
  streamedTally: Tally
}

/** Writes results into the files and then counts them, and lets go of those that were `held`. */
function committing({ registry, run, readTimes, onFailure }: DeliveryOptions, { writer, tally, streamedTally }: Books) {
  return async (results: LineResult[], held: readonly number[]): Promise<void> => {
    let written: LineResult[]
    try {
      ;({ written } = await writer.write(results))
    } catch (error) {
      // Nothing of it is in the files, and it is still where it was: the run stops here and can be taken up again.
      onFailure(error instanceof Error ? error : new Error(String(error)))
      throw new LaterError('the results could not be written', AGAIN_MS, { cause: error })
    }
    const streamed = written.filter((result) => writer.isStreamed(result))
    const took = readTimes.take(written)
    for (const result of written) tallyResult(tally, result)
    for (const result of streamed) tallyResult(streamedTally, result)
    const marks = { seqs: streamed.map(({ seq }) => seq), tally: streamedTally }
    // They are in the files by now: doing it all again would count none.
    await onceNotFull(() => registry.runs.noteWritten(run, written.length, marks, held))
    await onceNotFull(() => registry.totals.addResults(run, written, took))
  }
}
