import { inspectRedis } from '@toolwright/queues'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { totalmem } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { memoryShare, serverConfig } from './server-config.ts'
import type { ServerProgram } from './server-program.ts'
import { passwordOf, urlOf, writeState, type RedisFolder } from './state.ts'
import { writeUsersFile } from './users-file.ts'

const START_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 15_000

export interface ServerProcess {
  port: number
  hasExited(): boolean
  stop(): Promise<void>
}

export interface ServerStart {
  folder: RedisFolder
  program: ServerProgram
  environment: NodeJS.ProcessEnv
  /** Tried first, so that clients find the server again. */
  lastPort: number | undefined
  /** How long to wait for that port if another process has it just now: those who use the server know no other. */
  waitForPortMs: number
}

/** Starts the folder's server, waits until it answers with its data loaded, and writes its state. */
export async function startServer({ folder, program, environment, lastPort, waitForPortMs }: ServerStart): Promise<ServerProcess> {
  const password = passwordOf(folder)
  writeUsersFile(folder, password)
  for (const wanted of [lastPort, undefined, undefined, undefined]) {
    const port = wanted !== undefined && (await isFreeWithin(wanted, waitForPortMs)) ? wanted : await freePort()
    const server = launch({ folder, program, environment, port })
    const runId = await untilAnswers(urlOf(port, password), server)
    // It ended before it answered: mostly because another process took the port in between.
    if (runId === null) continue
    writeState(folder, { v: 1, port, runId, program: program.name })
    return server
  }
  throw new Error(`${program.name} does not start, see ${folder.log}`)
}

interface Launch extends Omit<ServerStart, 'lastPort' | 'waitForPortMs'> {
  port: number
}

function launch({ folder, program, environment, port }: Launch): ServerProcess {
  const log = openSync(folder.log, 'a', 0o600)
  const inContainer = program.runs === 'container'
  const child = spawn(program.command, inContainer ? containerArguments(folder.data, port) : ['-'], {
    stdio: ['pipe', log, log],
    cwd: folder.path,
    env: inContainer ? environment : { ...environment, ...program.env },
  })
  closeSync(log)
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  let isOver = false
  void exited.then(() => (isOver = true))
  const place = inContainer ? { bind: '0.0.0.0', dataFolder: '/data' } : { bind: '127.0.0.1', dataFolder: folder.data }
  // A child that did not start closes its input; its exit tells.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(serverConfig({ ...place, port, maxMemoryBytes: memoryShare(totalmem(), process.constrainedMemory()) }))
  return { port, hasExited: () => isOver, stop: () => stopChild(child, exited) }
}

/** Arguments of docker and podman alike. The data folder belongs to this user, so the server runs as this user. */
function containerArguments(dataFolder: string, port: number): string[] {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  const published = `127.0.0.1:${port}:${port}`
  return [
    'run',
    '--rm',
    '--interactive',
    '--user',
    user,
    '--publish',
    published,
    '--volume',
    `${dataFolder}:/data`,
    'valkey/valkey:8',
    'valkey-server',
    '-',
  ]
}

async function untilAnswers(url: string, server: ServerProcess): Promise<string | null> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!server.hasExited()) {
    try {
      return (await inspectRedis(url))[0]!.runId
    } catch (error) {
      if (Date.now() > deadline) {
        await server.stop()
        throw new Error('the server does not answer', { cause: error })
      }
      await delay(25)
    }
  }
  return null
}

async function stopChild(child: ChildProcess, exited: Promise<void>): Promise<void> {
  // SIGTERM makes a server write what it holds, then end.
  child.kill('SIGTERM')
  const isSlow = await Promise.race([exited.then(() => false), delay(STOP_TIMEOUT_MS, true, { ref: false })])
  if (!isSlow) return
  child.kill('SIGKILL')
  await exited
}

/**
 * A port of the loopback address that nobody listens on. Below those that systems hand to outgoing connections (from 32,768 on Linux, 49,152 elsewhere): one of them could be
 * any connection's own by the time the server is started again.
 */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(10_000, 32_768)
    if (await isFree(port)) return port
  }
  throw new Error('of 100 ports of 127.0.0.1 between 10,000 and 32,767 none is free')
}

async function isFreeWithin(port: number, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs
  for (;;) {
    if (await isFree(port)) return true
    if (performance.now() >= deadline) return false
    await delay(100)
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
