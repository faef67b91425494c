import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'

/**
 * Locks between processes that no death leaves behind: the kernel drops them with the process, kill -9 included, so there is nothing stale to detect.
 * Node has no file locks of its own; SQLite's, on an empty database that is never written, are these. They bind processes of one machine.
 */
export interface FileLock {
  release(): void
}

/** Holds the file together with others who share it; null while somebody owns it. */
export function tryShareFile(path: string): FileLock | null {
  return tryLock(path, (file) => {
    file.exec('BEGIN')
    // A read inside a transaction is what takes the shared lock.
    file.prepare('SELECT count(*) FROM sqlite_schema').get()
  })
}

/** Holds the file alone; null while anybody else holds it, be it shared. */
export function tryOwnFile(path: string): FileLock | null {
  return tryLock(path, (file) => file.exec('BEGIN EXCLUSIVE'))
}

/** Tries until the lock is there; null when it was not within `timeoutMs`. */
export async function lockWithin(attempt: () => FileLock | null, timeoutMs: number): Promise<FileLock | null> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const lock = attempt()
    if (lock || Date.now() > deadline) return lock
    await delay(20)
  }
}

function tryLock(path: string, take: (file: DatabaseSync) => void): FileLock | null {
  let file: DatabaseSync | undefined
  try {
    const opened = new DatabaseSync(path, { timeout: 0 })
    file = opened
    take(opened)
    return { release: () => opened.close() }
  } catch (error) {
    file?.close()
    if (isBusy(error)) return null
    throw new Error(`cannot lock ${path}`, { cause: error })
  }
}

const SQLITE_BUSY = 5

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
