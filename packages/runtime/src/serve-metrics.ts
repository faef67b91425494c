import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { ConfigurationError } from './environment.ts'

export interface MetricsServer {
  port: number
  /** Where the process' own metrics are registered; null where metrics are off, and nothing is to be measured. */
  registry: Registry | null
  close(): Promise<void>
}

/** A probe that takes longer has its answer. */
const READY_TIMEOUT_MS = 2000

/** Gauges of prom-client that are named like counters, which promtool objects to; each is the sum of one that has labels. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/**
 * Serves `/metrics` (the registry, with Node's process metrics), `/healthz` (200 while the process runs) and `/readyz` (200 or 503, as `isReady` says; it
 * may reject), and lists itself for Prometheus' file_sd in `<home>/metrics/<stage>-<pid>.json` until it is closed or the process exits.
 * `port` 0 is a free one. `host`, an IP address, is loopback by default: what a stage counts is nobody else's business. `metrics` off (default on): health only, listed nowhere.
 * Throws ConfigurationError where the port is another process', or may not be had, or the address is not this machine's.
 */
export async function serveMetrics(options: {
  stage: string
  home: string
  port: number
  isReady: () => boolean | Promise<boolean>
  host?: string
  metrics?: 'on' | 'off'
}): Promise<MetricsServer> {
  const registry = options.metrics === 'off' ? null : processMetrics()
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (path === '/healthz') answer(response, 200, 'ok\n')
    else if (path === '/readyz') void answerReady(response, options.isReady)
    else if (path === '/metrics') void answerMetrics(response, registry)
    else answer(response, 404, 'there are /metrics, /healthz and /readyz here\n')
  })
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(refusalOf(error, host, options.port)))
    server.listen(options.port, host, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the metrics server has no port')
  const unlist = registry === null ? () => undefined : list(options.home, options.stage, targetOf(host, address.port))
  return {
    port: address.port,
    registry,
    async close() {
      unlist()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      registry?.clear()
    },
  }
}

/** What every process shows of itself and of Node; its own metrics come beside them. */
export function processMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  return registry
}

function refusalOf(error: Error, host: string, port: number): Error {
  const mend = 'choose another, or leave the variable out and each process takes a free one'
  if (isCoded(error, 'EADDRINUSE'))
    return new ConfigurationError([`TOOLWRIGHT_METRICS_PORT is wrong: port ${port} of ${host} is another process'; ${mend}`])
  if (isCoded(error, 'EACCES'))
    return new ConfigurationError([`TOOLWRIGHT_METRICS_PORT is wrong: this user may not listen on port ${port}; ${mend}`])
  if (isCoded(error, 'EADDRNOTAVAIL'))
    return new ConfigurationError([`TOOLWRIGHT_METRICS_HOST is wrong: this machine has no address ${host}; 0.0.0.0 is all that it has`])
  return new Error(`cannot serve metrics on ${host}:${port}`, { cause: error })
}

function answer(response: ServerResponse, status: number, body: string, contentType = 'text/plain; charset=utf-8') {
  response.writeHead(status, { 'content-type': contentType }).end(body)
}

async function answerMetrics(response: ServerResponse, registry: Registry | null): Promise<void> {
  if (registry === null) return answer(response, 404, 'metrics are off (TOOLWRIGHT_METRICS)\n')
  try {
    answer(response, 200, await registry.metrics(), registry.contentType)
  } catch (error) {
    answer(response, 500, `${String(error)}\n`)
  }
}

async function answerReady(response: ServerResponse, isReady: () => boolean | Promise<boolean>): Promise<void> {
  try {
    const asked = new AbortController()
    const tooLate = delay(READY_TIMEOUT_MS, false, { signal: asked.signal, ref: false }).catch(() => false)
    const ready = await Promise.race([isReady(), tooLate])
    asked.abort()
    answer(response, ready ? 200 : 503, ready ? 'ready\n' : 'not ready\n')
  } catch (error) {
    answer(response, 503, `not ready: ${String(error)}\n`)
  }
}

/** Writes the entry and returns what removes it. */
function list(home: string, stage: string, target: string): () => void {
  const folder = join(home, 'metrics')
  mkdirSync(folder, { recursive: true })
  removeDeadEntries(folder)
  const path = join(folder, `${stage}-${process.pid}.json`)
  // Prometheus watches *.json: it must never see half a file.
  writeFileSync(`${path}.tmp`, `${JSON.stringify([{ targets: [target], labels: { stage } }])}\n`)
  renameSync(`${path}.tmp`, path)
  const remove = () => rmSync(path, { force: true })
  process.once('exit', remove)
  return () => {
    process.off('exit', remove)
    remove()
  }
}

/** Where a Prometheus on this machine finds it. */
function targetOf(host: string, port: number): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`
  if (host === '::') return `[::1]:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Processes that were killed left their entries behind. */
function removeDeadEntries(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /-(\d+)\.json$/.exec(name)?.[1]
    const path = join(folder, name)
    if (pid !== undefined && !isAlive(Number(pid)) && isOfThisMachine(path)) rmSync(path, { force: true })
  }
}

/** Whether an entry is of a process here: only of those can it be told that they are gone. */
function isOfThisMachine(path: string): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  try {
    const entry = readFileSync(path, 'utf8')
    return entry.includes('"127.') || addresses.some(({ address }) => entry.includes(`"${targetOf(address, 0).slice(0, -1)}`))
  } catch (error) {
    if (isCoded(error, 'ENOENT')) return false
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, under another user.
    return !isCoded(error, 'ESRCH')
  }
}

function isCoded(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
