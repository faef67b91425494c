import { resolve as resolvePath } from 'node:path'
import type { Writable } from 'node:stream'
import type { LineResult } from '@toolwright/contracts'
import { outputLine, type OutputMark } from './output-line.ts'
import { lineAt } from './read-back.ts'
import { openResultFile } from './result-file.ts'
import { streamSink, type ResultSink } from './result-sink.ts'
import { spooled } from './spool.ts'
import { createWrittenSet } from './written-set.ts'

export interface ResultWriterOptions {
  run: string
  /** A path, or a stream such as stdout. */
  output: string | Writable
  /** Where failed lines go; left out: to the output. */
  errors?: string
  /** Called for each line that the files hold from an earlier process of the same run. */
  onFound?: (mark: OutputMark) => void
  /** Lines that an earlier process has written to a stream. */
  streamed?: readonly number[]
  /**
   * Called for each result once it is there, found or written, with where its line begins in the output: null for one that failed, or where it cannot be read again. Of a
   * stream, what is written from now on can: a copy of it is kept in `spoolFolder`.
   */
  places?: { note: (seq: number, offset: number | null) => void; spoolFolder: string }
  log: (message: string) => void
}

export interface ResultWriter {
  /**
   * Appends the results that are not written yet and resolves once they are on disk. `written` are those of this call, `repeated` counts the others.
   * Calls made while the disk is busy share the next sync. Rejects with what the disk says (full, broken), and then nothing of the call is in the files:
   * it may be made again. Rejects with OutputClosed once nobody reads a stream any more.
   */
  write(results: LineResult[]): Promise<{ written: LineResult[]; repeated: number }>
  has(seq: number): boolean
  /** Whether it goes where it cannot be looked up again: a pipe, a terminal. */
  isStreamed(result: LineResult): boolean
  /** The line of the output at a place of `read-back.ts`. */
  readLine(place: number): Promise<string>
  /** Lines in the files, those of earlier processes included. */
  readonly size: number
  /** Waits for the writes under way, closes the files and gives up their leases. */
  close(): Promise<void>
}

/**
 * Opens the one writer of a run's files. Each seq is written once, whatever dies when: the files themselves say what they hold (`toolwright.seq`), and are read again at every start.
 * On a stream a line may repeat after a crash. Throws UsageError as `openResultFile` does.
 */
export async function openResultWriter(options: ResultWriterOptions): Promise<ResultWriter> {
  const { run, log } = options
  const written = createWrittenSet()
  const notePlace = options.places?.note
  const onFound = (mark: OutputMark, offset: number | null) => {
    if (written.has(mark.seq)) return
    written.add(mark.seq)
    notePlace?.(mark.seq, mark.tier === null ? null : offset)
    options.onFound?.(mark)
  }
  for (const seq of options.streamed ?? []) {
    written.add(seq)
    notePlace?.(seq, null)
  }
  const { output, errors, all } = await openSinks(options, (path, isOutput) =>
    openResultFile({ path, run, onFound: (mark, offset) => onFound(mark, isOutput ? offset : null), log }),
  )
  let waiting: Call[] = []
  let busy: Promise<void> | null = null
  let isClosed = false

  async function commitAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = takeGroup()
      try {
        const lines = group.flatMap((prepared) => prepared.lines)
        const start = output.back?.length() ?? null
        await append(lines)
        for (const { result } of lines) written.add(result.seq)
        if (notePlace !== undefined) notePlaces(lines, start, notePlace)
        for (const prepared of group) {
          const fresh = prepared.lines.map(({ result }) => result)
          prepared.call.resolve({ written: fresh, repeated: prepared.call.results.length - fresh.length })
        }
      } catch (error) {
        for (const { call } of group) call.reject(error)
      }
    }
    busy = null
  }

  /** The calls that fit into one commit, each with its lines as text. */
  function takeGroup(): Prepared[] {
    const group: Prepared[] = []
    const seqs = new Set<number>()
    let size = 0
    let taken = 0
    for (const call of waiting) {
      if (size >= GROUP_CHARACTERS) break
      taken++
      const prepared = prepare(call, seqs)
      if (prepared === null) continue
      group.push(prepared)
      for (const { text } of prepared.lines) size += text.length
    }
    waiting = waiting.slice(taken)
    return group
  }

  /** Null where a result cannot be put into words: its call alone is rejected, not all that share the commit. */
  function prepare(call: Call, seqs: Set<number>): Prepared | null {
    const created = Math.floor(Date.now() / 1000)
    const prepared: Prepared = { call, lines: [] }
    const own = new Set<number>()
    try {
      for (const result of call.results) {
        if (written.has(result.seq) || seqs.has(result.seq) || own.has(result.seq)) continue
        prepared.lines.push({ result, text: `${JSON.stringify(outputLine(result, run, created))}\n` })
        own.add(result.seq)
      }
    } catch (error) {
      call.reject(error)
      return null
    }
    for (const seq of own) seqs.add(seq)
    return prepared
  }

  function sinkOf(result: LineResult): ResultSink {
    return result.status === 'failed' ? errors : output
  }

  async function append(lines: PreparedLine[]): Promise<void> {
    const appended: ResultSink[] = []
    try {
      for (const sink of all) {
        const texts = lines.filter(({ result }) => sinkOf(result) === sink).map(({ text }) => text)
        if (texts.length === 0) continue
        await sink.append(texts.join(''))
        appended.push(sink)
      }
    } catch (error) {
      for (const sink of appended) await sink.undo()
      throw error
    }
  }

  /** `start`: where the first of them stands in the output. */
  function notePlaces(lines: PreparedLine[], start: number | null, note: (seq: number, offset: number | null) => void): void {
    let offset = start
    for (const { result, text } of lines) {
      note(result.seq, result.status === 'failed' ? null : offset)
      if (offset !== null && sinkOf(result) === output) offset += Buffer.byteLength(text)
    }
  }

  return {
    write(results) {
      if (isClosed) return Promise.reject(new Error('the result writer is closed'))
      return new Promise((resolve, reject) => {
        waiting.push({ results, resolve, reject })
        busy ??= commitAll()
      })
    },
    has: (seq) => written.has(seq),
    isStreamed: (result) => !sinkOf(result).canUndo,
    readLine: async (place) => {
      if (output.back === null) throw new Error('these results cannot be read again')
      return await lineAt(output.back, place)
    },
    get size() {
      return written.size
    },
    async close() {
      isClosed = true
      await busy
      const closings = await Promise.allSettled(all.map((sink) => sink.close()))
      for (const closing of closings) if (closing.status === 'rejected') throw closing.reason
    },
  }
}

/** About what one commit may hold in memory beside the results themselves. */
const GROUP_CHARACTERS = 16_000_000

interface Call {
  results: LineResult[]
  resolve: (outcome: { written: LineResult[]; repeated: number }) => void
  reject: (error: unknown) => void
}

interface Prepared {
  call: Call
  lines: PreparedLine[]
}

interface PreparedLine {
  result: LineResult
  text: string
}

/** `all`: each sink once, files before streams, since only a file can take back what it has when a later one fails. */
async function openSinks(
  { output, errors, places }: ResultWriterOptions,
  openFile: (path: string, isOutput: boolean) => Promise<ResultSink>,
): Promise<{ output: ResultSink; errors: ResultSink; all: ResultSink[] }> {
  let first = typeof output === 'string' ? await openFile(output, true) : streamSink(output, false)
  const isShared = errors === undefined || (typeof output === 'string' && resolvePath(errors) === resolvePath(output))
  try {
    if (places !== undefined && first.back === null) first = await spooled(first, places.spoolFolder)
    if (isShared) return { output: first, errors: first, all: [first] }
    const second = await openFile(errors, false)
    return { output: first, errors: second, all: first.canUndo ? [first, second] : [second, first] }
  } catch (error) {
    await first.close()
    throw error
  }
}
