import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandError, EXIT } from './exit-codes.ts'

export interface Folders {
  /** The checkout. */
  root: string
  /** The data folder that the command works on: with `--demo`, the demo's. */
  home: string
  /** Downloads, shared by all data folders. */
  cache: string
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/, '')

/** Where things are. `dataFolder`: TOOLWRIGHT_HOME, if it is set. */
export function foldersOf({ dataFolder, isDemo }: { dataFolder: string | undefined; isDemo: boolean }): Folders {
  const base = dataFolder ? resolve(dataFolder) : join(ROOT, '.toolwright')
  return { root: ROOT, home: isDemo ? join(base, 'demo') : base, cache: join(base, 'cache') }
}

/** Makes a folder of the data folder, for this user alone; `isEmpty`: without what was in it. Throws a sentence when that is not allowed. */
export function makeDataFolder(path: string, { isEmpty = false } = {}): void {
  try {
    if (isEmpty) rmSync(path, { recursive: true, force: true })
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code)))) throw error
    const message = `cannot write to the data folder (${path}): set TOOLWRIGHT_HOME to a folder of yours`
    throw new CommandError(EXIT.configuration, message, { cause: error })
  }
}
