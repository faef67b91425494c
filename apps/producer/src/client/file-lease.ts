import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { errorCode } from './error-code.ts'
import { UsageError } from './usage-error.ts'

/** Who writes a file. `started` tells the process from a later one with the same number. */
const Holder = z.object({ pid: z.int().positive(), started: z.string().nullable(), host: z.string(), run: z.string(), token: z.string() })
type Holder = z.infer<typeof Holder>

export interface FileLease {
  release: () => Promise<void>
}

/**
 * Makes this process the only writer of a file, by `<path>.lock` beside it. A lock whose process is gone (killed, or the machine restarted) is taken over.
 * Throws UsageError while another process holds it, or one on another machine, which cannot be asked.
 */
export async function takeLease(path: string, run: string): Promise<FileLease> {
  const lock = `${path}.lock`
  const own: Holder = { pid: process.pid, started: await processStart(process.pid), host: hostname(), run, token: randomUUID() }
  for (;;) {
    if (await create(lock, own)) return { release: () => release(lock, own) }
    const held = await readLock(lock)
    if (held === null) continue
    if (held.holder !== null && (await isAlive(held.holder))) throw refusal(path, lock, held.holder)
    await takeAway(lock, held.text)
  }
}

async function create(lock: string, own: Holder): Promise<boolean> {
  const file = await open(lock, 'wx').catch((error: unknown) => {
    if (errorCode(error) === 'EEXIST') return null
    throw error
  })
  if (file === null) return false
  try {
    await file.writeFile(JSON.stringify(own))
  } catch (error) {
    await rm(lock, { force: true })
    throw error
  } finally {
    await file.close()
  }
  return true
}

/** Null for a lock that is gone by now; `holder` null where what is in it was never finished. */
async function readLock(lock: string): Promise<{ text: string; holder: Holder | null } | null> {
  for (let patience = 20; ; patience--) {
    const text = await readFile(lock, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return null
      throw error
    })
    if (text === null) return null
    const holder = holderOf(text)
    if (holder !== null || patience === 0) return { text, holder }
    // Between creating a lock and writing into it lies a moment; longer than that, and its writer has died in it.
    await delay(50)
  }
}

function holderOf(text: string): Holder | null {
  try {
    return Holder.parse(JSON.parse(text))
  } catch {
    // Not a lock of ours, or half of one: the caller decides.
    return null
  }
}

/** Removes a dead lock. Renaming picks one winner among those who found it dead; whoever got a fresh lock instead puts it back. */
async function takeAway(lock: string, deadText: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`
  try {
    await rename(lock, aside)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  if ((await readFile(aside, 'utf8')) === deadText) await rm(aside)
  else await rename(aside, lock)
}

async function release(lock: string, own: Holder): Promise<void> {
  const held = await readLock(lock)
  if (held?.holder?.token === own.token) await rm(lock, { force: true })
}

async function isAlive(holder: Holder): Promise<boolean> {
  // Another machine's processes cannot be seen from here: take it for alive, and let the user decide.
  if (holder.host !== hostname()) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it is there, and another user's.
    if (errorCode(error) === 'ESRCH') return false
  }
  const started = await processStart(holder.pid)
  return started === null || holder.started === null || started === holder.started
}

/** When a process started, in whatever words the system has for it (`gone` for a zombie); null where the system does not tell. */
async function processStart(pid: number): Promise<string | null> {
  try {
    if (process.platform === 'linux') {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      // The command name stands in brackets and may hold anything; after it come the state and, as the 20th, ticks since boot.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (fields[0] === 'Z' || fields[0] === 'X') return 'gone'
      const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
      return `${boot.trim()} ${fields[19]}`
    }
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { LC_ALL: 'C', TZ: 'UTC' } })
    return stdout.trim() || null
  } catch {
    // Hidden from this user, or no such source of knowledge: the process number has to do.
    return null
  }
}

function refusal(path: string, lock: string, holder: Holder): UsageError {
  return holder.host === hostname()
    ? new UsageError(`${path} is being written by process ${holder.pid} (run ${holder.run}); wait for it or stop it first`)
    : new UsageError(
        `${path} is being written by process ${holder.pid} on ${holder.host} (run ${holder.run}); if that is surely gone, delete ${lock} and try again`,
      )
}
