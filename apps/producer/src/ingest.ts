import { bytesOf, type Frame, type Line, type LineResult, MAX_BATCH_BYTES } from '@toolwright/contracts'
import type { Queues } from '@toolwright/queues'
import type { Ingest, Registry } from '@toolwright/registry'
import { type ContentHash, createContentHash } from './client/content-hash.ts'
import { createCustomIds, type CustomIds } from './client/duplicate-ids.ts'
import type { Duplicates } from './client/duplicates.ts'
import { resumeCommand } from './client/going-on.ts'
import { defaultCustomId, frameIdOf, parseInputLine, type RequestLine } from './client/input-line.ts'
import { openInput } from './client/open-input.ts'
import { LinesLost } from './client/lines-lost.ts'
import { type InputText, readLines } from './client/read-lines.ts'
import { RunGone } from './client/run-gone.ts'
import { UsageError } from './client/usage-error.ts'
import type { RunRequest } from './run-request.ts'
import type { Readable } from 'node:stream'

/** A line that comes alone is sent on after this, in milliseconds. */
const FLUSH_MS = 1

export interface IngestOptions {
  registry: Registry
  queues: Queues
  request: RunRequest
  /** Read where the request's input is `-`. */
  stdin: Readable
  from: Ingest
  /** What the input was called when `from` was written down. */
  inputBefore: string
  /** Null unless requests that are the same are answered once. */
  duplicates: Duplicates | null
  /** Called when the input has turned out to be what it was. */
  onPassedOver(): Promise<void>
  /** Resolves when the run may read on: no more than its credit is on the way. */
  credit(): Promise<void>
  /** Results of lines that need not be sent, or cannot become requests; resolves once they cannot be lost. */
  settle: (results: LineResult[]) => Promise<void>
  /** Whether a line's result has been settled. */
  hasResult: (seq: number) => boolean
  /** Does writes that may be done again, and resolves once they outlive a fail-over. */
  keep: (write: () => Promise<void>) => Promise<void>
  onRead(read: number, byteLength: number): void
  /** So many lines are in the queues, and kept. */
  onHandedOver(lines: number): void
  /** Stops reading; what has been read is sent on. */
  signal: AbortSignal
}

/** Reads the stream with back-pressure and enqueues it in batches, each before the checkpoint moves past it. Returns where it ended. */
export async function ingest(options: IngestOptions): Promise<Ingest> {
  const { queues, request, from, duplicates, signal } = options
  const ids = createCustomIds()
  const content = createContentHash()
  const input = await openInput(request.input, options.stdin, signal)
  let batch = newBatch()
  let checkpoint: Ingest = from
  let pending: Pending = from
  let isCreditDue = true

  // A process that died over a batch may have enqueued it: it is sent once more as it was, so that its job is the same one.
  const isSentBefore = () => pending.seq < from.sendingTo
  const flush = async () => {
    if (pending.seq === checkpoint.seq) return
    const { offset, seq, lineNumber, refused } = pending
    const sendingTo = isSentBefore() ? from.sendingTo : 0
    const next = { offset, seq, lineNumber, refused, isDone: false, sha256: content.digest(), sendingTo }
    let isAgain = seq <= from.sendingTo
    await options.keep(async () => {
      const again = isAgain
      isAgain = true
      await send(options, batch, { checkpoint, to: seq, isAgain: again })
      await saveIngest(options, next, checkpoint.seq)
    })
    checkpoint = next
    options.onHandedOver(seq)
    batch = newBatch()
    isCreditDue = true
  }
  const noteCaughtUp = () => {
    if (!isSentBefore()) duplicates?.caughtUp()
  }

  try {
    const source = readLines(input.chunks)[Symbol.asyncIterator]()
    await passOver(source, options, { ids, content })
    await options.onPassedOver()
    noteCaughtUp()
    let next = source.next()
    next.catch(() => undefined)
    while (!signal.aborted) {
      const step = (await atOnce(next)) ?? (await soon(next, batch.size > 0 && !isSentBefore() ? FLUSH_MS : null, signal))
      if (step === 'late') {
        await flush()
        continue
      }
      if (step === 'aborted' || step.done === true) break
      const text = step.value
      if (request.limit !== null && text.seq >= request.limit) break
      // Only for a line that is there: the end of the input is seen without.
      if (isCreditDue) await options.credit()
      isCreditDue = false
      if (signal.aborted) break
      next = source.next()
      // Looked at again when it is awaited; until then its failure must not count as unhandled.
      next.catch(() => undefined)
      const read = readOne(request.run, ids, text)
      if (read.ok) {
        const line = lineOf(read.line, text.seq, batch.frames)
        if (batch.size > 0 && batch.bytes + bytesOf(line) > MAX_BATCH_BYTES && !isSentBefore()) await flush()
        add(batch, line, duplicates === null || duplicates.isFirst(line))
      } else {
        batch.refused.push(read.result)
        batch.size++
      }
      // Not before: the flush above must not move the checkpoint past a line that it did not enqueue.
      const refused = pending.refused + (read.ok ? 0 : 1)
      pending = { offset: text.endOffset, seq: text.seq + 1, lineNumber: text.lineNumber + 1, refused }
      content.add(text)
      options.onRead(text.seq + 1, text.endOffset - text.offset)
      noteCaughtUp()
      if (pending.seq === from.sendingTo || (batch.size >= queues.batchLines && !isSentBefore())) await flush()
    }
    if (!signal.aborted || !isSentBefore()) await flush()
    if (!signal.aborted) {
      const end = { ...checkpoint, isDone: true }
      await options.keep(() => saveIngest(options, end, end.seq))
      checkpoint = end
    }
    return checkpoint
  } catch (error) {
    if (!(error instanceof UsageError) || pending.seq === from.seq) throw error
    await flush()
    const kept = `the ${pending.seq} requests before that are kept: mend it, then ${resumeCommand(request, true)}`
    throw new UsageError(`${error.message}; ${kept}`, { cause: error })
  } finally {
    await input.close()
  }
}

type Pending = Pick<Ingest, 'offset' | 'seq' | 'lineNumber' | 'refused'>

/** Lines that have been read and not yet sent on. */
interface Batch {
  /** How many, of all sorts. */
  size: number
  bytes: number
  lines: Line[]
  frames: Map<string, Frame>
  /** Lines that are the same as an earlier one. */
  duplicates: Line[]
  refused: LineResult[]
}

function newBatch(): Batch {
  return { size: 0, bytes: 0, lines: [], frames: new Map(), duplicates: [], refused: [] }
}

function add(batch: Batch, line: Line, isFirst: boolean): void {
  ;(isFirst ? batch.lines : batch.duplicates).push(line)
  batch.bytes += bytesOf(line)
  batch.size++
}

/** Throws RunGone or LinesLost where Redis has forgotten what had been read `after` the latest checkpoint. */
async function saveIngest({ registry, request }: IngestOptions, reached: Ingest, after: number): Promise<void> {
  if (await registry.runs.saveIngest(request.run, reached, after)) return
  throw (await registry.runs.get(request.run)) === null ? new RunGone(request.run) : new LinesLost(request, after)
}

/** `isAgain`: an earlier attempt, or an earlier process, may have sent it. */
async function send(
  options: IngestOptions,
  batch: Batch,
  { checkpoint, to, isAgain }: { checkpoint: Ingest; to: number; isAgain: boolean },
): Promise<void> {
  const { registry, queues, request, duplicates, settle, hasResult } = options
  const { run } = request
  const { lines } = batch
  await registry.runs.saveFrames(run, batch.frames)
  if (lines.length > 0) {
    const unsent = isAgain
      ? (await registry.runs.undispatched(run, lines)).filter(({ seq }) => !hasResult(seq))
      : await withoutResult(options, lines)
    // Where the batch ends is known before it is sent.
    if (!isAgain) await saveIngest(options, { ...checkpoint, sendingTo: to }, checkpoint.seq)
    const id = queues.idFor('requests', run, lines[0]!.seq, lines.at(-1)!.seq)
    if (unsent.length > 0) await queues.add('requests', [{ id, data: { v: 1, run, lines: unsent } }])
  }
  const copies = duplicates === null || batch.duplicates.length === 0 ? [] : await duplicates.join(batch.duplicates)
  if (copies.length > 0 || batch.refused.length > 0) await settle([...batch.refused, ...copies])
  // Not before they are safe: what is dispatched is not sent again.
  await registry.runs.noteDispatched(run, copies)
}

/**
 * The lines that have no result: where Redis knows nothing of the run any more, its file does, and nobody pays for these again. What is the same as another request is sent all the same: nobody would bring its copies
 * an answer.
 */
async function withoutResult({ registry, request, duplicates, hasResult }: IngestOptions, lines: Line[]): Promise<Line[]> {
  if (duplicates !== null) return lines
  const answered = lines.filter(({ seq }) => hasResult(seq))
  if (answered.length === 0) return lines
  await registry.runs.noteDispatched(request.run, answered)
  return lines.filter(({ seq }) => !hasResult(seq))
}

/**
 * Reads what an earlier process of the run has read: its ids must not come again, and it must still be what it was, or results would be taken for those of other requests.
 * Throws UsageError where it is not.
 */
async function passOver(
  lines: AsyncIterator<InputText, void>,
  { request, from, inputBefore, duplicates, signal }: IngestOptions,
  { ids, content }: { ids: CustomIds; content: ContentHash },
) {
  let last: InputText | undefined
  while ((last?.seq ?? -1) + 1 < from.seq && !signal.aborted) {
    const step = await lines.next()
    if (step.done === true) break
    last = step.value
    content.add(last)
    const read = readOne(request.run, ids, last)
    if (read.ok && duplicates !== null) duplicates.recall(lineOf(read.line, last.seq, new Map()))
  }
  if (signal.aborted || from.seq === 0) return
  if (last?.seq === from.seq - 1 && last.lineNumber === from.lineNumber - 1) {
    // The last line of a file may have got its newline since.
    const isAsLong = last.endOffset === from.offset || (last.isTerminated && last.endOffset === from.offset + 1)
    if (isAsLong && (from.sha256 === '' || from.sha256 === content.digest())) return
  }
  const source = request.input === '-' ? 'standard input' : request.input
  const before = inputBefore === request.input ? '' : ` (${inputBefore === '-' ? 'standard input' : inputBefore})`
  throw new UsageError(
    `${source} is not what it was when run ${request.run} read it${before}, in its first ${from.seq} requests: give that again (more may follow), or answer all requests in a run of another id`,
  )
}

type Read = { ok: true; line: RequestLine } | { ok: false; result: LineResult }

function readOne(run: string, ids: CustomIds, text: InputText): Read {
  const parsed = parseInputLine(text)
  const refused = (customId: string, code: string, message: string): Read => ({
    ok: false,
    result: {
      status: 'failed',
      seq: text.seq,
      customId,
      kind: null,
      kindName: null,
      decidedBy: null,
      costNano: 0,
      baseline: { costNano: null, basis: 'unknown' },
      statusCode: 0,
      error: { code, message },
    },
  })
  if (!parsed.ok) return refused(parsed.customId ?? defaultCustomId(text.lineNumber), parsed.code, parsed.message)
  const { customId } = parsed.line
  const first = ids.firstLineOf(customId, text.lineNumber)
  if (first === null) return { ok: true, line: parsed.line }
  return refused(
    customId,
    'duplicate_custom_id',
    `line ${text.lineNumber} has the id ${JSON.stringify(customId)} of line ${first}: give every request of run ${run} an id of its own`,
  )
}

function lineOf(request: RequestLine, seq: number, frames: Map<string, Frame>): Line {
  const frame = frameIdOf(request.frame)
  if (request.frame !== null) frames.set(frame, request.frame)
  return {
    seq,
    customId: request.customId,
    text: request.text,
    frame,
    hop: 0,
    ...(request.body !== undefined && { body: request.body }),
    ...(request.target !== undefined && { target: request.target }),
    ...(request.kindName !== undefined && { kindName: request.kindName }),
  }
}

/** So many turns a line takes at most that has been read with its chunk. */
const TURNS = 6

/** The promise's value where it needs nothing from outside, else null: most lines come with a chunk of many, and for these a timer each would cost more than all else. */
async function atOnce<T>(promise: Promise<T>): Promise<T | null> {
  const arrived: T[] = []
  promise.then(
    (value) => arrived.push(value),
    () => undefined,
  )
  for (let turn = 0; turn < TURNS && arrived.length === 0; turn++) await Promise.resolve()
  return arrived[0] ?? null
}

/** The promise's value, or `late` when it takes longer than that (null: wait), or `aborted`. */
async function soon<T>(promise: Promise<T>, ms: number | null, signal: AbortSignal): Promise<T | 'late' | 'aborted'> {
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const aborted = new Promise<'aborted'>((resolve) => {
    onAbort = () => resolve('aborted')
    if (signal.aborted) resolve('aborted')
    signal.addEventListener('abort', onAbort, { once: true })
  })
  const late = new Promise<'late'>((resolve) => {
    if (ms !== null) timer = setTimeout(() => resolve('late'), ms)
  })
  try {
    return await Promise.race([promise, aborted, late])
  } finally {
    clearTimeout(timer)
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
}
