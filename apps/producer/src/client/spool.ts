import { randomUUID } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readAt } from './read-back.ts'
import type { ResultSink } from './result-sink.ts'

/**
 * A stream whose lines can be read again: it keeps a copy of them in a file that has no name, and so is gone with the process, however that ends. `folder` is made where it
 * is missing.
 */
export async function spooled(sink: ResultSink, folder: string): Promise<ResultSink> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, `spool-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  await rm(path)
  let length = 0
  return {
    ...sink,
    back: { length: () => length, read: (offset, byteLength) => readAt(file, offset, byteLength) },
    append: async (lines) => {
      const bytes = Buffer.from(lines)
      for (let done = 0; done < bytes.length;) {
        done += (await file.write(bytes, done, bytes.length - done, length + done)).bytesWritten
      }
      await sink.append(lines)
      length += bytes.length
    },
    close: async () => {
      await file.close()
      await sink.close()
    },
  }
}
