import { bytesOf, type Frame, hashOf, type Line, type LineResult, MAX_BATCH_BYTES, MAX_BATCH_LINES } from '@toolwright/contracts'
import type { Queues } from '@toolwright/queues'
import type { Ingest, Registry } from '@toolwright/registry'
import { createCustomIds } from './client/duplicate-ids.ts'
import { defaultCustomId, parseInputLine, type RequestLine } from './client/input-line.ts'
import { openInput } from './client/open-input.ts'
import { type InputText, readLines } from './client/read-lines.ts'
import { UsageError } from './client/usage-error.ts'
import type { RunRequest } from './run-request.ts'

/** A line that comes alone is sent on after this, in milliseconds. */
const FLUSH_MS = 20

export interface IngestOptions {
  registry: Registry
  queues: Queues
  request: RunRequest
  from: Ingest
  /** Resolves when the run may read on: no more than its credit is on the way. */
  credit(read: number): Promise<void>
  /** A line that cannot become a request ends here. */
  refuse(result: LineResult): Promise<void>
  onRead(read: number, byteLength: number): void
  signal: AbortSignal
}

/** Reads the stream with back-pressure and enqueues it in batches, each before the checkpoint moves past it. Returns where it ended. */
export async function ingest(options: IngestOptions): Promise<Ingest> {
  const { registry, queues, request, signal } = options
  const run = request.run
  const ids = createCustomIds()
  const input = await openInput(request.input, process.stdin)
  let checkpoint: Ingest = options.from
  let lines: Line[] = []
  let frames = new Map<string, Frame>()
  let bytes = 0
  let pending = checkpoint

  const flush = async () => {
    if (lines.length > 0) {
      await registry.runs.saveFrames(run, frames)
      await queues.add('requests', [{ id: queues.idFor('requests', run, lines[0]!.seq, lines.at(-1)!.seq), data: { v: 1, run, lines } }])
    }
    lines = []
    frames = new Map()
    bytes = 0
    checkpoint = pending
    await registry.runs.saveIngest(run, checkpoint)
  }

  try {
    const source = readLines(input.chunks)[Symbol.asyncIterator]()
    await passOver(source, options, (text) => void readOne(run, ids, text))
    let next = source.next()
    while (!signal.aborted) {
      const step = await soon(next, lines.length > 0 ? FLUSH_MS : null, signal)
      if (step === 'late') {
        await flush()
        continue
      }
      if (step === 'aborted' || step.done === true) break
      const text = step.value
      if (request.limit !== null && text.seq >= request.limit) break
      next = source.next()
      // Looked at again when it is awaited; until then its failure must not count as unhandled.
      next.catch(() => undefined)
      const read = readOne(run, ids, text)
      if (read.ok) {
        const line = lineOf(read.line, text.seq, frames)
        if (lines.length > 0 && bytes + bytesOf(line) > MAX_BATCH_BYTES) await flush()
        lines.push(line)
        bytes += bytesOf(line)
      } else {
        await options.refuse(read.result)
      }
      // Not before: the flush above must not move the checkpoint past a line that it did not enqueue.
      const refused = pending.refused + (read.ok ? 0 : 1)
      pending = { offset: text.endOffset, seq: text.seq + 1, lineNumber: text.lineNumber + 1, refused, isDone: false }
      options.onRead(text.seq + 1, text.endOffset - text.offset)
      if (lines.length >= MAX_BATCH_LINES) {
        await flush()
        await options.credit(text.seq + 1)
      }
    }
    await flush()
    if (!signal.aborted) {
      checkpoint = { ...checkpoint, isDone: true }
      await registry.runs.saveIngest(run, checkpoint)
    }
    return checkpoint
  } catch (error) {
    if (!(error instanceof UsageError) || pending.seq === options.from.seq) throw error
    await flush()
    const kept = `the ${pending.seq} requests before that are kept: mend it, then go on with the same command and --run-id ${run}`
    throw new UsageError(`${error.message}; ${kept}`, { cause: error })
  } finally {
    await input.close()
  }
}

/**
 * Reads what an earlier process of the run has read: its ids must not come again, and it must still be what it was, or results would be taken for those of other requests.
 * Throws UsageError where it is not.
 */
async function passOver(lines: AsyncIterator<InputText, void>, { request, from, signal }: IngestOptions, note: (text: InputText) => void) {
  let last: InputText | undefined
  while ((last?.seq ?? -1) + 1 < from.seq && !signal.aborted) {
    const step = await lines.next()
    if (step.done === true) break
    last = step.value
    note(last)
  }
  if (signal.aborted || from.seq === 0) return
  if (last?.seq === from.seq - 1 && last.lineNumber === from.lineNumber - 1) {
    // The last line of a file may have got its newline since.
    if (last.endOffset === from.offset || (last.isTerminated && last.endOffset === from.offset + 1)) return
  }
  const source = request.input === '-' ? 'standard input' : request.input
  throw new UsageError(
    `${source} is not what it was when run ${request.run} read it: give that again (more may follow), or leave --run-id out to answer all requests anew`,
  )
}

type Read = { ok: true; line: RequestLine } | { ok: false; result: LineResult }

function readOne(run: string, ids: ReturnType<typeof createCustomIds>, text: InputText): Read {
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
  let frame = ''
  if (request.frame !== null) {
    frame = hashOf(JSON.stringify(request.frame)).slice(0, 32)
    frames.set(frame, request.frame)
  }
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
