import type { KindId, LedgerEntry } from '@toolwright/contracts'
import {
  allowExecutor,
  connectRedis,
  executorUser,
  keyPrefixes,
  openQueues,
  type Queues,
  type RedisConnection,
  urlOfExecutor,
} from '@toolwright/queues'
import { openRegistry, type Registry } from '@toolwright/registry'
import { IMAGE_FOLDER } from '@toolwright/sandbox/testing'
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'

const ROOT = resolve(import.meta.dirname, '../..')

/** None is started as an `exporter` unless a test does. */
export type Stage = 'producer' | 'user' | 'maker' | 'executor' | 'exporter'

/** One line of a run's output, as far as tests look at it. */
const ResultLine = z.object({
  custom_id: z.string(),
  response: z
    .object({
      status_code: z.number(),
      body: z.looseObject({
        model: z.string().optional(),
        choices: z.array(z.object({ message: z.object({ content: z.string() }) })).optional(),
      }),
    })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  toolwright: z.object({
    run: z.string(),
    seq: z.number(),
    kind: z.string().nullable(),
    tier: z.enum(['extracted', 'called', 'direct']).nullable(),
    tool: z.string().nullable(),
    version: z.number().nullable(),
    decided_by: z.string().nullable(),
    cost_usd: z.string().nullable(),
    baseline_usd: z.string().nullable(),
    correct: z.boolean().nullable(),
  }),
})
export type ResultLine = z.infer<typeof ResultLine>

export interface RunEnd {
  code: number
  results: ResultLine[]
  /** What the client said on stderr. */
  talk: string
}

/** What the client is to read: a file's whole content, requests that are written to one, or the path of one that the test looks after. */
export type RunInput = string | Uint8Array | object[] | { path: string }

export interface RunOptions {
  run?: string
  settings?: Record<string, unknown>
  /** What it may cost in all, nano-dollars; null lifts an earlier limit. */
  maxCostNano?: number | null
  /** Environment of the client beside the pipeline's. */
  environment?: Record<string, string>
  /** The largest file that the client may write, in blocks of 512 bytes: what it meets then is what a full disk is to it. */
  maxFileBlocks?: number
}

export interface StartedRun {
  run: string
  process: ChildProcess
  output: string
  ended: Promise<RunEnd>
}

export interface Pipeline {
  registry: Registry
  queues: Queues
  simulator: { url: string; control: (path: string, body?: unknown) => Promise<unknown> }
  environment: Record<string, string>
  /** Processes of a stage that live, oldest first. */
  processes(stage: Stage): ChildProcess[]
  start(stage: Stage, environment?: Record<string, string>): ChildProcess
  /** kill -9, and waits until the process is gone. */
  kill(process: ChildProcess): Promise<void>
  begin(input: RunInput, options?: RunOptions): StartedRun
  run(input: RunInput, options?: RunOptions): Promise<RunEnd>
  ledger(run: string): Promise<LedgerEntry[]>
  publishedVersions(): Promise<Map<KindId, number>>
  /** Log lines of all stages so far, for messages of failed expectations. */
  log(): string
  close(): Promise<void>
}

export interface PipelineOptions {
  settings?: Record<string, unknown>
  stages?: Partial<Record<Stage, number>>
  /** Of every stage and client beside the pipeline's own. */
  environment?: Record<string, string>
  /** A Redis of the test's own, which it throws away; the executors' user is made on each of its servers. */
  redis?: { url: string; servers: RedisConnection[] }
}

/**
 * The whole pipeline as separate processes over the test's Redis (REDIS_URL), with a key prefix of its own and the simulator as a process that stands in for the
 * model endpoint. Everything is stopped by `close`.
 */
export async function openPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const redisUrl = options.redis?.url ?? process.env['REDIS_URL']
  if (redisUrl === undefined) throw new Error('REDIS_URL is not set: run the tests with ./toolwright test')
  const home = mkdtempSync(join(tmpdir(), 'toolwright-e2e-'))
  const prefix = `e2e-${Math.random().toString(36).slice(2, 10)}`
  const logs: string[] = []
  const living = new Map<Stage | 'simulator', ChildProcess[]>()

  const launch = (stage: Stage | 'simulator', args: string[], environment: Record<string, string>): ChildProcess => {
    const child = fork(join(ROOT, 'apps', stage, 'src', 'main.ts'), args, { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    child.stderr?.on('data', (chunk: Buffer) => logs.push(`${stage} ${child.pid}: ${chunk.toString()}`))
    child.once('exit', () => {
      living.set(
        stage,
        (living.get(stage) ?? []).filter((one) => one !== child),
      )
    })
    living.set(stage, [...(living.get(stage) ?? []), child])
    return child
  }

  const cache = process.env['NODE_COMPILE_CACHE']
  // A third of a short-lived process' time is compiling what every other has compiled before it.
  const base = { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: tmpdir(), ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }) }
  const simulatorProcess = launch('simulator', ['--port', '0'], {
    ...base,
    TOOLWRIGHT_SIMULATOR_SETTINGS: JSON.stringify(options.settings ?? {}),
  })
  const { url } = z.object({ url: z.string() }).parse(JSON.parse(await firstLine(simulatorProcess)))
  const controlUrl = url.replace(/\/v1$/, '/control')

  const environment = {
    ...base,
    REDIS_URL: redisUrl,
    // What a server writes to disk is the concern of tests that restart it.
    TOOLWRIGHT_REDIS_PERSISTENCE: 'none',
    TOOLWRIGHT_PREFIX: prefix,
    TOOLWRIGHT_HOME: home,
    TOOLWRIGHT_IMAGE_FOLDER: IMAGE_FOLDER,
    TOOLWRIGHT_STRONG_BASE_URL: url,
    TOOLWRIGHT_LIGHT_BASE_URL: url,
    TOOLWRIGHT_STRONG_MODEL: 'sim-strong',
    TOOLWRIGHT_LIGHT_MODEL: 'sim-light',
    OPENAI_API_KEY: 'test',
    TOOLWRIGHT_PRICES: join(ROOT, 'apps/simulator/prices.json'),
    ...options.environment,
  }
  const redis = connectRedis(redisUrl, { patient: true, name: 'tests' })
  const executor = await openExecutorUser(options.redis?.servers ?? [redis], redisUrl, prefix)
  const start = (stage: Stage, more: Record<string, string> = {}) =>
    launch(stage, [], { ...environment, ...(stage === 'executor' && { REDIS_URL: executor.url, TOOLWRIGHT_CONCURRENCY: '1' }), ...more })
  const stages = { producer: 1, user: 1, maker: 1, executor: 1, ...options.stages }
  for (const [stage, count] of Object.entries(stages)) for (let n = 0; n < count; n++) start(stage as Stage)

  const prefixes = keyPrefixes(prefix, 'default')
  const queues = openQueues({ redis, prefix: prefixes.queues, space: 'default' })
  const registry = openRegistry({ redis, keyPrefix: prefixes.registry })

  const begin = (input: RunInput, runOptions: RunOptions = {}): StartedRun => {
    const run = runOptions.run ?? `r-${randomBase32()}`
    const inputPath = typeof input === 'object' && 'path' in input ? input.path : join(home, `${run}.in.jsonl`)
    if (!(typeof input === 'object' && 'path' in input) && !existsSync(inputPath))
      writeFileSync(inputPath, Array.isArray(input) ? input.map((line) => `${JSON.stringify(line)}\n`).join('') : input)
    const output = join(home, `${run}.out.jsonl`)
    const { maxCostNano } = runOptions
    const settings = { v: 1, ...runOptions.settings }
    const request = { input: inputPath, output, errors: null, run, limit: null, settings, maxCostNano, json: false }
    const program = [join(ROOT, 'apps/producer/src/run-main.ts'), JSON.stringify(request)]
    const { maxFileBlocks } = runOptions
    const command = maxFileBlocks === undefined ? [process.execPath, ...program] : limited(maxFileBlocks, [process.execPath, ...program])
    const child = spawn(command[0]!, command.slice(1), {
      env: { ...environment, ...runOptions.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    let talk = ''
    child.stderr?.on('data', (chunk: Buffer) => (talk += chunk.toString()))
    const ended = new Promise<RunEnd>((resolveEnd) => {
      child.once('close', (code) => resolveEnd({ code: code ?? -1, results: readResults(output), talk }))
    })
    return { run, process: child, output, ended }
  }

  return {
    registry,
    queues,
    simulator: {
      url,
      control: async (path, body) => {
        const response = await fetch(`${controlUrl}${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
        const text = await response.text()
        if (!response.ok) throw new Error(`the simulator's control said ${response.status}: ${text}`)
        return text === '' ? null : (JSON.parse(text) as unknown)
      },
    },
    environment,
    processes: (stage) => living.get(stage) ?? [],
    start,
    kill,
    begin,
    run: (input, runOptions) => begin(input, runOptions).ended,
    ledger: (run) => registry.money.ledger(run),
    publishedVersions: async () => {
      const versions = new Map<KindId, number>()
      for (const id of await registry.kinds.list()) {
        const kind = await registry.kinds.get(id)
        if (kind !== null && kind.versions > 0) versions.set(id, kind.versions)
      }
      return versions
    },
    log: () => logs.join('').slice(-8_000),
    close: async () => {
      await Promise.all([...living.values()].flat().map(stop))
      await queues.close()
      if (options.redis === undefined) {
        const keys = await redis.keys(`{${prefix}:*`)
        for (let at = 0; at < keys.length; at += 500) await redis.del(...keys.slice(at, at + 500))
        await executor.remove()
      }
      redis.disconnect()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The executors' own user, kept to the queues; where the Redis of the tests lets nobody make one, they connect as all do. */
async function openExecutorUser(
  servers: RedisConnection[],
  url: string,
  prefix: string,
): Promise<{ url: string; remove(): Promise<void> }> {
  const user = executorUser(prefix, 'default')
  const password = randomBase32()
  try {
    for (const server of servers) await allowExecutor(server, user, password)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOPERM'))) throw error
    return { url, remove: () => Promise.resolve() }
  }
  const remove = async () => {
    for (const server of servers) await server.acl('DELUSER', user.name)
  }
  return { url: urlOfExecutor(url, user, password), remove }
}

/** Waits until something holds, and fails with what it was after `timeoutMs`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await delay(25)
  }
}

export function readResults(path: string): ResultLine[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ResultLine.parse(JSON.parse(line)))
}

/** The text that a result line answers with, null for an error. */
export function answerOf(result: ResultLine): string | null {
  return result.response?.body.choices?.[0]?.message.content ?? null
}

/** What must hold of every run whatever happened to it: each request has exactly one result. */
export function seqsOf(results: ResultLine[]): number[] {
  return results.map((result) => result.toolwright.seq).toSorted((a, b) => a - b)
}

/** A command whose files end at so many blocks: the write fails, and no signal ends the process. */
function limited(blocks: number, command: string[]): string[] {
  return ['sh', '-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`, 'sh', ...command]
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((done) => child.once('exit', () => done()))
  child.kill('SIGKILL')
  await gone
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((done) => child.once('exit', () => done()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await gone
  clearTimeout(timer)
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('\n')) done(text.split('\n')[0]!)
    })
    child.once('exit', (code) => fail(new Error(`the simulator ended with ${code}`)))
  })
}

function randomBase32(): string {
  return Array.from({ length: 10 }, () => 'abcdefghijklmnopqrstuvwxyz234567'[Math.floor(Math.random() * 32)]).join('')
}
