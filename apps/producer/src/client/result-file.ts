import { constants, createWriteStream } from 'node:fs'
import { open, realpath, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { errorCode } from './error-code.ts'
import { takeLease } from './file-lease.ts'
import { OutputMark } from './output-line.ts'
import { readChunks } from './read-chunks.ts'
import { readAt } from './read-back.ts'
import { INPUT_START, readLines, type InputText } from './read-lines.ts'
import { streamSink, type ResultSink } from './result-sink.ts'
import { UsageError } from './usage-error.ts'

export interface ResultFileOptions {
  path: string
  run: string
  /** Called for every line that the file already holds, with where it begins. */
  onFound: (mark: OutputMark, offset: number) => void
  log: (message: string) => void
}

/**
 * Opens a file of results for appending, as its only writer. Lines of the same run that are there stay and are reported; what a crash left of a last line is cut off.
 * A path that is no ordinary file (/dev/null, a named pipe) is written to as a stream.
 * Throws UsageError for a missing folder, for content that is not this run's, and while another process writes the file.
 */
export async function openResultFile(options: ResultFileOptions): Promise<ResultSink> {
  const path = await canonicalPath(options.path)
  try {
    const found = await stat(path).catch(absentAsNull)
    if (found?.isDirectory()) throw new UsageError(`cannot write ${options.path}: it is a folder`)
    if (found !== null && !found.isFile()) return streamSink(createWriteStream(path), true)
    const lease = await takeLease(path, options.run)
    try {
      const file = await open(path, constants.O_RDWR | constants.O_CREAT)
      try {
        if (found === null) await syncFolder(dirname(path))
        const length = await scan(file, options)
        return fileSink(file, length, options.path, lease.release)
      } catch (error) {
        await file.close()
        throw error
      }
    } catch (error) {
      await lease.release()
      throw error
    }
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      throw new UsageError(`cannot write ${options.path} or its lock file: no permission`, { cause: error })
    }
    // A folder that takes no new files (/proc), a name that is too long: another place will do.
    if (code !== undefined) {
      throw new UsageError(`cannot write ${options.path} or its lock file (${code}): choose another file`, { cause: error })
    }
    throw error
  }
}

/** One name for a file, however it was spelt, so that its lock is found. */
async function canonicalPath(path: string): Promise<string> {
  const whole = await realpath(path).catch(absentAsNull)
  if (whole !== null) return whole
  const folder = await realpath(dirname(path)).catch(absentAsNull)
  if (folder === null) throw new UsageError(`cannot write ${path}: the folder ${dirname(path)} does not exist; make it first`)
  return join(folder, basename(path))
}

function absentAsNull(error: unknown): null {
  const code = errorCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return null
  throw error
}

/** A new file's name is the folder's data: without this a power cut could lose the file with all that was synced into it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Reports the lines that are there, cuts off what a crash left, and returns the length of what is good. */
async function scan(file: FileHandle, { path, run, onFound, log }: ResultFileOptions): Promise<number> {
  const { size } = await file.stat()
  let length = 0
  let isTerminated = true
  for await (const line of readLines(readChunks(file, 0), INPUT_START, LONGEST_RESULT)) {
    const mark = markOf(line)
    if (mark === null && isTorn(line, run, length > 0)) break
    if (mark === null || mark.run !== run) throw foreign(path, run, line.lineNumber, mark?.run ?? null)
    onFound(mark, line.offset)
    length = line.endOffset
    isTerminated = line.isTerminated
  }
  if (length < size) {
    await file.truncate(length)
    await file.datasync()
    log(`${path}: cut off ${size - length} bytes of a line that an earlier process had not finished; its result will come again`)
  }
  if (!isTerminated) {
    await file.write('\n', length)
    await file.datasync()
    length++
  }
  return length
}

const LONGEST_RESULT = 64 * 1024 * 1024

const Marked = z.object({ toolwright: OutputMark })

function markOf(line: InputText): OutputMark | null {
  if (line.status !== 'text') return null
  let value: unknown
  try {
    value = JSON.parse(line.text)
  } catch {
    // Torn or foreign: the caller tells which.
    return null
  }
  return Marked.safeParse(value).data?.toolwright ?? null
}

/**
 * Whether a crash explains this line: the beginning of one of ours without its end, or, after a power cut, a hole of zeros in the last, unsynced group.
 * Anything else is somebody's data and is not touched.
 */
function isTorn(line: InputText, run: string, isAfterOurs: boolean): boolean {
  const text = line.status === 'text' ? line.text : line.head
  const beginning = `{"id":"${run}-`
  if (text.includes('\0')) return isAfterOurs || text.startsWith(beginning) || /^\0+$/.test(text)
  return !line.isTerminated && (text.startsWith(beginning) || beginning.startsWith(text))
}

function foreign(path: string, run: string, lineNumber: number, otherRun: string | null): UsageError {
  return otherRun === null
    ? new UsageError(
        `${path} already exists; its line ${lineNumber} is not a result of run ${run}. Choose another file, or delete this one`,
      )
    : new UsageError(
        `${path} already exists; it holds results of run ${otherRun}. Choose another file, delete this one, or go on with that run: --run-id ${otherRun}`,
      )
}

function fileSink(file: FileHandle, goodLength: number, path: string, release: () => Promise<void>): ResultSink {
  let length = goodLength
  let lengthBefore = goodLength
  // Whether bytes may lie past `length`: they go before anything else is written, or a shorter retry would leave some of them.
  let isDirty = false

  const clean = async () => {
    await file.truncate(length)
    isDirty = false
  }
  return {
    canUndo: true,
    back: { length: () => length, read: (offset, byteLength) => readAt(file, offset, byteLength) },
    async append(lines) {
      const bytes = Buffer.from(lines)
      lengthBefore = length
      try {
        if (isDirty) await clean()
        isDirty = true
        for (let done = 0; done < bytes.length;) {
          const { bytesWritten } = await file.write(bytes, done, bytes.length - done, length + done)
          done += bytesWritten
        }
        await file.datasync()
        length += bytes.length
        isDirty = false
      } catch (cause) {
        // Kept dirty where even this fails, and tried again before the next write.
        await clean().catch(() => {})
        throw new Error(`cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      }
    },
    async undo() {
      length = lengthBefore
      isDirty = true
      await clean().catch(() => {})
    },
    async close() {
      try {
        await file.close()
      } finally {
        await release()
      }
    },
  }
}
