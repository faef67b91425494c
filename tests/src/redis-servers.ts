import { findServer } from '@toolwright/cli/src/redis/find-server.ts'
import { connectRedis, type RedisConnection } from '@toolwright/queues'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { until } from './pipeline.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** Downloads are shared with the checkout's own private Redis: apt is asked once. */
const CACHE = process.env['TOOLWRIGHT_CACHE'] ?? join(ROOT, '.toolwright/cache')

/**
 * A certificate for 127.0.0.1, localhost and redis.test, good until 2120 for servers and clients, and its authority, whose key was thrown away. Kept as files, since neither
 * Node nor a fresh machine can issue one, and a package for it would be one more dependency.
 */
const TLS = join(ROOT, 'tests/fixtures/tls')
export const CERTIFICATES = { ca: join(TLS, 'authority.pem'), cert: join(TLS, 'server.pem'), key: join(TLS, 'server.key') }

export interface RedisServer {
  port: number
  process: ChildProcess
  /** Of this server alone. */
  url: string
  /** For commands of the test. */
  redis: RedisConnection
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
  /** The same server again, on its port and with what it has on disk. */
  restart(): Promise<void>
}

export interface RedisServers {
  /** Lines of its configuration, beside where it listens and keeps its data. `isSecure`: it speaks TLS only. */
  start(lines?: string[], options?: { isSecure?: boolean }): Promise<RedisServer>
  /** Watches a master as `name`; a fail-over begins half a second after its death. Returns the port. */
  startSentinel(name: string, master: RedisServer, quorum: number, options?: { isSecure?: boolean }): Promise<number>
  /** What a Sentinel knows of the master that it watches. */
  askSentinel(port: number, name: string): Promise<Record<string, string>>
  close(): Promise<void>
}

/** Servers of the test's own: of the program that a private Redis would be. */
export async function openRedisServers(): Promise<RedisServers> {
  const program = await findServer({ cacheFolder: CACHE, environment: process.env, log: () => undefined })
  if (program.runs !== 'program')
    throw new Error('these tests start several servers, for which a container will not do: install redis-server or valkey-server')
  const folder = mkdtempSync(join(tmpdir(), 'toolwright-redis-'))
  const living = new Set<ChildProcess>()
  const open: RedisConnection[] = []
  const sentinels = new Map<number, RedisConnection>()

  const launch = (port: number, lines: string[], args: string[]): ChildProcess => {
    const path = join(folder, `${port}.conf`)
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
    const child = spawn(program.command, [path, ...args], { env: { ...process.env, ...program.env }, stdio: 'ignore', cwd: folder })
    living.add(child)
    child.once('exit', () => living.delete(child))
    return child
  }
  const answers = async (child: ChildProcess, port: number, redis: RedisConnection) => {
    const ended = new Promise<never>((_, fail) =>
      child.once('exit', () =>
        fail(new Error(`${program.name} does not start on port ${port}: ${lastWords(join(folder, `${port}.log`))}`)),
      ),
    )
    ended.catch(() => undefined)
    await Promise.race([redis.ping(), ended])
  }

  return {
    start: async (more = [], { isSecure = false } = {}) => {
      const port = await freePort()
      const lines = [
        ...listening(port, isSecure),
        `dir ${folder}`,
        `logfile ${port}.log`,
        `dbfilename ${port}.rdb`,
        `cluster-config-file ${port}.nodes`,
        `appendfilename ${port}.aof`,
        'save ""',
        'appendonly yes',
        'repl-diskless-sync-delay 0',
        ...more,
      ]
      const url = urlOf(port, isSecure)
      const redis = connectRedis(url, { patient: true, name: 'tests' })
      open.push(redis)
      const server: RedisServer = {
        port,
        url,
        redis,
        process: launch(port, lines, []),
        kill: () => kill(server.process),
        restart: async () => {
          server.process = launch(port, lines, [])
          await answers(server.process, port, redis)
        },
      }
      await answers(server.process, port, redis)
      return server
    },
    startSentinel: async (name, master, quorum, { isSecure = false } = {}) => {
      const port = await freePort()
      const lines = [
        ...listening(port, isSecure),
        ...(isSecure ? ['tls-replication yes'] : []),
        `dir ${folder}`,
        `logfile ${port}.log`,
        `sentinel monitor ${name} 127.0.0.1 ${master.port} ${quorum}`,
        `sentinel down-after-milliseconds ${name} 500`,
        `sentinel failover-timeout ${name} 5000`,
      ]
      const redis = connectRedis(urlOf(port, isSecure), { patient: true })
      open.push(redis)
      sentinels.set(port, redis)
      await answers(launch(port, lines, ['--sentinel']), port, redis)
      return port
    },
    askSentinel: async (port, name) => {
      // Pairs of names and values, or a map, as the protocol has it.
      const found: unknown = await sentinels.get(port)!.call('SENTINEL', 'MASTER', name)
      const flat = Array.isArray(found)
        ? found.map(String)
        : Object.entries(found as object)
            .flat()
            .map(String)
      return Object.fromEntries(flat.flatMap((value, at) => (at % 2 === 0 ? [[value, flat[at + 1] ?? '']] : [])))
    },
    close: async () => {
      for (const redis of open) redis.disconnect()
      await Promise.all([...living].map(kill))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function listening(port: number, isSecure: boolean): string[] {
  if (!isSecure) return ['bind 127.0.0.1', `port ${port}`]
  const { ca, cert, key } = CERTIFICATES
  return ['bind 127.0.0.1', 'port 0', `tls-port ${port}`, `tls-ca-cert-file ${ca}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`]
}

function urlOf(port: number, isSecure: boolean): string {
  const { ca, cert, key } = CERTIFICATES
  return isSecure ? `rediss://127.0.0.1:${port}?ca=${ca}&cert=${cert}&key=${key}` : `redis://127.0.0.1:${port}`
}

/** Joins servers that were started with `cluster-enabled yes` to a Cluster of masters, and waits until each of them says that it works. */
export async function joinCluster(servers: RedisServer[]): Promise<void> {
  const share = shareOf(servers.length)
  for (const [at, { redis }] of servers.entries()) {
    const slots = Array.from({ length: Math.min(share, 16_384 - at * share) }, (_, index) => at * share + index)
    await redis.call('CLUSTER', 'ADDSLOTS', ...slots)
    await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1)
  }
  for (const { port } of servers.slice(1)) await servers[0]!.redis.call('CLUSTER', 'MEET', '127.0.0.1', port)
  for (const { redis, port } of servers) {
    await until(`the Cluster works, as the server on port ${port} sees it`, async () => {
      const info = String(await redis.call('CLUSTER', 'INFO'))
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${servers.length}\r`)
    })
  }
}

/** The server of a Cluster that has the keys with this hash tag. */
export async function masterOf(servers: RedisServer[], tag: string): Promise<RedisServer> {
  const slot = Number(await servers[0]!.redis.call('CLUSTER', 'KEYSLOT', tag))
  return servers[Math.floor(slot / shareOf(servers.length))]!
}

/** Takes a server into the Cluster as a replica of another, and waits until it is in step. */
export async function replicate(master: RedisServer, replica: RedisServer): Promise<void> {
  const id = String(await master.redis.call('CLUSTER', 'MYID'))
  await master.redis.call('CLUSTER', 'MEET', '127.0.0.1', replica.port)
  await until('the replica knows its master', async () => String(await replica.redis.call('CLUSTER', 'NODES')).includes(id))
  await replica.redis.call('CLUSTER', 'REPLICATE', id)
  await until('the replica is in step', async () => (await replica.redis.info('replication')).includes('master_link_status:up'))
}

function shareOf(servers: number): number {
  return Math.ceil(16_384 / servers)
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((done) => child.once('exit', () => done()))
  child.kill('SIGKILL')
  await gone
}

function lastWords(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(-3).join('\n')
  } catch (error) {
    return String(error)
  }
}

/** One that leaves room for a Cluster's own port, 10,000 above. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((done, fail) => {
      const probe = createServer()
      probe.once('error', fail)
      probe.listen(0, '127.0.0.1', () => {
        const address = probe.address()
        probe.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
      })
    })
    if (port > 0 && port <= 55_535) return port
  }
}
