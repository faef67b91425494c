import type { Writable } from 'node:stream'
import type { ReadBack } from './read-back.ts'

/** Where output lines end up. Used by one commit at a time. */
export interface ResultSink {
  /** Appends whole lines; when it resolves they are there to stay. When it rejects with anything but OutputClosed, nothing of them is left and the same call may be made again. */
  append(lines: string): Promise<void>
  /** Takes the last append back, where `canUndo`. */
  undo(): Promise<void>
  readonly canUndo: boolean
  /** What has been appended, where it can be read again. */
  readonly back: ReadBack | null
  close(): Promise<void>
}

/** Nobody reads the output any more (`… | head`): nothing further can be delivered, and nothing is wrong. */
export class OutputClosed extends Error {
  override name = 'OutputClosed'
}

/** A pipe or a terminal: what has been handed over cannot be looked up again, so a line may repeat after a crash. */
export function streamSink(stream: Writable, isOurs: boolean): ResultSink {
  // The callback of each write reports its error; without a listener the same error would end the process.
  stream.on('error', () => {})
  return {
    append: (lines) =>
      new Promise((resolve, reject) => {
        stream.write(lines, (error: NodeJS.ErrnoException | null | undefined) => {
          if (!error) resolve()
          else if (GONE.has(error.code ?? '')) reject(new OutputClosed('the output was closed by its reader', { cause: error }))
          else reject(error)
        })
      }),
    undo: async () => {},
    canUndo: false,
    back: null,
    close: () => new Promise((resolve) => (isOurs && !stream.destroyed ? stream.end(resolve) : resolve())),
  }
}

const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'])
