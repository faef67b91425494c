import type { Persistence } from '@toolwright/queues'
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CommandError, EXIT } from '../exit-codes.ts'
import { lockWithin, tryOwnFile, tryShareFile } from './file-lock.ts'
import { GuardianReport } from './guardian-report.ts'
import { checkRedis } from './check-redis.ts'
import { findServer } from './find-server.ts'
import type { ServerProgram } from './server-program.ts'
import { findRunning, openRedisFolder, type RedisFolder } from './state.ts'

export interface UsedRedis {
  url: string
  isPrivate: boolean
  /** Lets go of it; the last user's release stops a private server and waits until it has stopped. */
  release(): Promise<void>
}

export interface RedisWish {
  /** The data folder whose private Redis is meant. */
  home: string
  /** Where downloads are kept; default: `<home>/cache`. */
  cacheFolder?: string
  /** Used instead of a private server when given. */
  redisUrl?: string | undefined
  /** `none`: one that forgets all when it restarts is taken, without a warning. Default: `needed`. */
  persistence?: Persistence
  /** For the programs that are started; its PATH is where they are looked for. */
  environment: NodeJS.ProcessEnv
  /** That a private server starts is not worth a line, nor is what a given one may lose: it is only looked into. */
  startsQuietly?: boolean
  log: (line: string) => void
}

/**
 * A Redis to work with: the one of `redisUrl`, else the data folder's private one, which is found running or started, and stopped by its guardian process
 * when the last user is gone, however it went. Throws CommandError when there is none to be had.
 */
export async function useRedis({
  home,
  cacheFolder = join(home, 'cache'),
  redisUrl,
  persistence = 'needed',
  environment,
  startsQuietly = false,
  log,
}: RedisWish): Promise<UsedRedis> {
  if (redisUrl) {
    const { warnings } = await checkRedis(redisUrl, { persistence })
    if (!startsQuietly && persistence === 'needed') for (const warning of warnings) log(`warning: ${warning}`)
    return { url: redisUrl, isPrivate: false, release: () => Promise.resolve() }
  }
  const folder = openRedisFolder(home)
  // Held from before the server is looked for, so that its guardian does not stop it in between; the kernel lets go of it when this process dies.
  const lease = await lockWithin(() => tryShareFile(folder.users), 30_000)
  if (!lease)
    throw new CommandError(EXIT.dependencyDown, `the private Redis of ${home} has been stopping for 30 seconds: see ${folder.log}`)
  try {
    const url =
      (await findGuarded(folder)) ??
      (await startPrivate({
        home,
        folder,
        program: await findServer({ cacheFolder, environment, log }),
        environment,
        log: startsQuietly ? () => undefined : log,
      }))
    let isReleased = false
    const release = async () => {
      if (isReleased) return
      isReleased = true
      lease.release()
      await untilStoppedOrShared(folder)
    }
    return { url, isPrivate: true, release }
  } catch (error) {
    lease.release()
    throw error
  }
}

/** The running server, if somebody is there to stop it in the end. */
async function findGuarded(folder: RedisFolder): Promise<string | null> {
  const unguarded = tryOwnFile(folder.guardian)
  unguarded?.release()
  return unguarded ? null : findRunning(folder)
}

interface PrivateStart {
  home: string
  folder: RedisFolder
  program: ServerProgram
  environment: NodeJS.ProcessEnv
}

async function startPrivate({ log, ...start }: PrivateStart & { log: (line: string) => void }): Promise<string> {
  log(`starting a private Redis (${start.program.name})`)
  for (let attempt = 0; attempt < 3; attempt++) {
    const report = await startGuardian(start)
    if (report.status === 'failed') throw new CommandError(EXIT.dependencyDown, `the private Redis did not start: ${report.message}`)
    const url = await findRunning(start.folder)
    if (url) return url
  }
  throw new CommandError(EXIT.dependencyDown, `the private Redis started and went away again: see ${start.folder.log}`)
}

/** Resolves when a server is ready or could not be started; the guardian lives on by itself. */
function startGuardian({ home, folder, program, environment }: PrivateStart): Promise<GuardianReport> {
  const log = openSync(folder.log, 'a', 0o600)
  // Detached: a Ctrl-C in the terminal is for the command, which may still need its Redis to end well.
  const guardian = spawn(
    process.execPath,
    [fileURLToPath(new URL('guardian-main.ts', import.meta.url)), JSON.stringify({ home, program })],
    {
      cwd: folder.path,
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: pick(environment, ['PATH', 'HOME', 'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'XDG_RUNTIME_DIR', 'XDG_DATA_HOME']),
    },
  )
  closeSync(log)
  return new Promise<GuardianReport>((resolve) => {
    guardian.once('message', (report) => resolve(GuardianReport.parse(report)))
    guardian.once('error', (error) => resolve({ status: 'failed', message: error.message }))
    guardian.once('exit', () => resolve({ status: 'failed', message: `see ${folder.log}` }))
  }).finally(() => {
    if (guardian.connected) guardian.disconnect()
    guardian.unref()
  })
}

/** What a server or a container engine needs: the guardian outlives this command, and has no use for keys. */
function pick(environment: NodeJS.ProcessEnv, names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.filter((name) => environment[name] !== undefined).map((name) => [name, environment[name]]))
}

/** After a release: waits until the guardian has stopped the server, or until it is plain that others use it. */
async function untilStoppedOrShared(folder: RedisFolder): Promise<void> {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    const post = tryOwnFile(folder.guardian)
    if (post) return post.release()
    const alone = tryOwnFile(folder.users)
    if (alone) {
      alone.release()
    } else {
      const shared = tryShareFile(folder.users)
      if (shared) return shared.release()
    }
    await delay(50)
  }
}
