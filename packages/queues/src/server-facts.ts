import { readRedisUrl } from '@toolwright/runtime'
import type { Redis } from 'ioredis'
import { serversOf } from './connect.ts'
import type { RedisConnection } from './open-redis.ts'

/** What one server says of itself. */
export interface ServerFacts {
  /** host:port, or the path of a socket. */
  at: string
  product: 'Redis' | 'Valkey'
  version: string
  /** Of this start of its process. */
  runId: string
  role: 'master' | 'replica'
  /** Whether it is one of a Cluster's. */
  isOfCluster: boolean
  /** Replicas that are connected to it. */
  replicas: number
  evictionPolicy: string
  isAppendOnly: boolean
  /** Whether it writes snapshots by itself; null where it may not be asked. */
  hasSnapshots: boolean | null
  maxMemoryBytes: number
  usedMemoryBytes: number
}

/** Whether a server that forgets all when it restarts is refused. */
export type Persistence = 'needed' | 'none'

/** What the server of a connection says, or all masters of its Cluster. `asksForSnapshots`: needs the right to CONFIG GET; without it, nobody knows. */
export async function serverFacts(redis: RedisConnection, { asksForSnapshots }: { asksForSnapshots: boolean }): Promise<ServerFacts[]> {
  const servers = await serversOf(redis, 'master')
  return await Promise.all(
    servers.map(async (server) => ({
      ...readInfo(await server.info()),
      at: placeOf(server),
      hasSnapshots: asksForSnapshots ? await hasSnapshots(server) : null,
    })),
  )
}

/** A section of INFO, of the server that has a key. */
export async function infoOf(redis: RedisConnection, key: string, section: string): Promise<string> {
  for (;;) {
    // Commands that travel together go where the key is.
    const [there, info] = (await redis.pipeline().exists(key).info(section).exec()) ?? []
    const error = there?.[0] ?? info?.[0] ?? null
    if (error === null) return String(info?.[1])
    if (!/^(MOVED|ASK) /.test(error.message)) throw error
    // A command by itself is sent to where it has moved, and the next ones with it.
    await redis.exists(key)
  }
}

/** The facts in the text that INFO answers. */
export function readInfo(info: string): Omit<ServerFacts, 'at' | 'hasSnapshots'> {
  const fields = new Map(info.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
  const field = (name: string) => fields.get(name) ?? ''
  return {
    product: fields.has('valkey_version') ? 'Valkey' : 'Redis',
    version: fields.get('valkey_version') ?? field('redis_version'),
    runId: field('run_id'),
    role: field('role') === 'slave' ? 'replica' : 'master',
    isOfCluster: field('cluster_enabled') === '1',
    replicas: Number(field('connected_slaves')),
    evictionPolicy: field('maxmemory_policy'),
    isAppendOnly: field('aof_enabled') === '1',
    maxMemoryBytes: Number(field('maxmemory')),
    usedMemoryBytes: Number(field('used_memory')),
  }
}

async function hasSnapshots(server: Redis): Promise<boolean | null> {
  try {
    const [, points = ''] = await server.config('GET', 'save')
    return points !== ''
  } catch (error) {
    // Hosted servers keep CONFIG to themselves, under other names or from this user.
    if (error instanceof Error && error.name === 'ReplyError') return null
    throw error
  }
}

/** Where a connection goes now: through Sentinels, to the master they named. */
function placeOf({ options, stream }: Redis): string {
  if ('path' in options && typeof options.path === 'string') return options.path
  // What it is connected to at the moment; a stream of TLS has the same two.
  const { remoteAddress, remotePort } = stream as { remoteAddress?: string; remotePort?: number }
  return `${remoteAddress ?? options.host ?? 'localhost'}:${remotePort ?? options.port ?? 6379}`
}

/** BullMQ's scripts need 6.2; every Valkey has them. */
export function isRecentEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 6 || (major === 6 && minor >= 2)
}

/**
 * What is wrong with the servers of REDIS_URL, and what to set: with a `refusal` they would lose work or cannot run the queues; with `warnings` they may lose work when
 * they crash. Replicas are copies too: with some, or with Sentinels that look after them, writing nothing to disk is not refused, so that a fail-over to the last of
 * them ends nobody.
 */
export function judgeServers(
  url: string,
  servers: ServerFacts[],
  persistence: Persistence,
): { refusal: string | null; warnings: string[] } {
  const { form } = readRedisUrl(url)
  if (form !== 'cluster' && servers.some(({ isOfCluster }) => isOfCluster)) {
    const refusal =
      'the Redis of REDIS_URL is one of a Cluster, which takes only a part of the keys: begin the URL with redis-cluster (or rediss-cluster)'
    return { refusal, warnings: [] }
  }
  const hasCopies = form === 'sentinel' || servers.some(({ replicas }) => replicas > 0)
  const judged = servers.map((server) =>
    judge(servers.length === 1 ? 'the Redis of REDIS_URL' : `the server ${server.at} of REDIS_URL`, server, {
      mayForget: hasCopies || persistence === 'none',
      hasCopies,
    }),
  )
  const refusal = judged.find((one) => one.refusal !== null)?.refusal ?? null
  return { refusal, warnings: judged.flatMap(({ warning }) => warning ?? []) }
}

function judge(what: string, facts: ServerFacts, { mayForget, hasCopies }: { mayForget: boolean; hasCopies: boolean }): Judgement {
  if (!isRecentEnough(facts.version)) return refused(`${what} is version ${facts.version}, and the queues need 6.2 or later`)
  if (facts.evictionPolicy !== 'noeviction') {
    const how = `evicts keys when its memory is full (${facts.evictionPolicy}), which loses work`
    return refused(`${what} ${how}: set maxmemory-policy to noeviction`)
  }
  if (facts.isAppendOnly) return { refusal: null, warning: null }
  if (facts.hasSnapshots === null) {
    const how = 'writes no append-only file, and does not say whether it writes snapshots: a crash of it may lose queued work'
    return warned(`${what} ${how}; set appendonly to yes`)
  }
  if (facts.hasSnapshots)
    return warned(`${what} writes snapshots alone, so a crash of it loses the latest minutes of queued work: set appendonly to yes`)
  const forgets = `${what} writes nothing to disk, so a restart of it loses every run under way`
  if (!mayForget) return refused(`${forgets}: set appendonly to yes (or TOOLWRIGHT_REDIS_PERSISTENCE to none, where that may be)`)
  return warned(`${forgets}${hasCopies ? ', on its replicas too' : ''}: set appendonly to yes`)
}

interface Judgement {
  refusal: string | null
  warning: string | null
}

function refused(refusal: string): Judgement {
  return { refusal, warning: null }
}

function warned(warning: string): Judgement {
  return { refusal: null, warning }
}
