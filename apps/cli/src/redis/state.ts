import { inspectRedis } from '@toolwright/queues'
import { createHmac, randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { makeDataFolder } from '../folders.ts'

/** Which private server runs on a data folder; written by its guardian, read by every command. */
export const ServerState = z.object({ v: z.literal(1), port: z.int().positive(), runId: z.string(), program: z.string() })
export type ServerState = z.infer<typeof ServerState>

/** The files of one private Redis. `users`: shared by all who use it; `guardian`: owned by the process that keeps it. */
export interface RedisFolder {
  path: string
  data: string
  log: string
  /** The server's file of its own users, beside its data. */
  acl: string
  users: string
  guardian: string
}

/** The name of the file of users, in the data folder as the server sees it. */
export const ACL_FILE = 'users.acl'

export function openRedisFolder(home: string): RedisFolder {
  const path = join(home, 'redis')
  const data = join(path, 'data')
  makeDataFolder(data)
  return {
    path,
    data,
    log: join(path, 'redis.log'),
    acl: join(data, ACL_FILE),
    users: join(path, 'users.lock'),
    guardian: join(path, 'guardian.lock'),
  }
}

export function readState(folder: RedisFolder): ServerState | null {
  const text = readIfThere(join(folder.path, 'state.json'))
  return text === null ? null : ServerState.parse(JSON.parse(text))
}

export function writeState(folder: RedisFolder, state: ServerState): void {
  const path = join(folder.path, 'state.json')
  writeFileSync(`${path}.new`, JSON.stringify(state))
  renameSync(`${path}.new`, path)
}

export function clearState(folder: RedisFolder): void {
  rmSync(join(folder.path, 'state.json'), { force: true })
}

/** The server's password, made on first use and readable by its owner alone. */
export function passwordOf(folder: RedisFolder): string {
  const path = join(folder.path, 'password')
  const known = readIfThere(path)
  if (known !== null) return known
  // Linked into place when it is whole: of several that start at once, one wins and all read the same.
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, randomBytes(24).toString('hex'), { mode: 0o600 })
  try {
    linkSync(draft, path)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(draft)
  }
  return readFileSync(path, 'utf8')
}

/**
 * The password of one of the server's executor users. Derived, so that every command knows it that knows the server's; one-way, so that an executor learns
 * neither the server's password nor another space's.
 */
export function executorPasswordOf(serverPassword: string, userName: string): string {
  return createHmac('sha256', serverPassword).update(userName).digest('hex')
}

export function urlOf(port: number, password: string): string {
  return `redis://:${password}@127.0.0.1:${port}`
}

/** The URL of the server that the state file tells of, if that very server answers. */
export async function findRunning(folder: RedisFolder): Promise<string | null> {
  const state = readState(folder)
  if (!state) return null
  const url = urlOf(state.port, passwordOf(folder))
  try {
    const [server] = await inspectRedis(url)
    return server?.runId === state.runId ? url : null
  } catch {
    // Gone, or another process has its port now: for the caller both are "not running".
    return null
  }
}

/** A file's text; null where there is none. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
