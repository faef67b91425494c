import { Redis } from 'ioredis'
import { CommandError, EXIT } from '../exit-codes.ts'

export interface RedisFacts {
  product: 'Redis' | 'Valkey'
  version: string
  runId: string
  evictionPolicy: string
  isAppendOnly: boolean
  maxMemoryBytes: number
  usedMemoryBytes: number
}

/** Asks a Redis who it is. Throws what the connection threw (refused, wrong password, still loading) within `timeoutMs`. */
export async function inspectRedis(url: string, timeoutMs = 3_000): Promise<RedisFacts> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: () => null,
  })
  // Without a listener ioredis prints what the rejected promise already says.
  let firstError: Error | undefined
  redis.on('error', (error: Error) => (firstError ??= error))
  try {
    await redis.connect()
    return readInfo(await redis.info())
  } catch (error) {
    throw firstError ?? error
  } finally {
    redis.disconnect()
  }
}

/** The facts in the text that INFO answers. */
export function readInfo(info: string): RedisFacts {
  const fields = new Map(info.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
  const field = (name: string) => fields.get(name) ?? ''
  return {
    product: fields.has('valkey_version') ? 'Valkey' : 'Redis',
    version: fields.get('valkey_version') ?? field('redis_version'),
    runId: field('run_id'),
    evictionPolicy: field('maxmemory_policy'),
    isAppendOnly: field('aof_enabled') === '1',
    maxMemoryBytes: Number(field('maxmemory')),
    usedMemoryBytes: Number(field('used_memory')),
  }
}

/** BullMQ's scripts need 6.2; every Valkey has them. */
export function isRecentEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 6 || (major === 6 && minor >= 2)
}

/** Refuses a Redis that would lose work or cannot run the queues; returns its facts. */
export async function checkRedis(url: string): Promise<RedisFacts> {
  let facts: RedisFacts
  try {
    facts = await inspectRedis(url)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(EXIT.dependencyDown, `the Redis of REDIS_URL (${withoutPassword(url)}) does not answer: ${reason}`, {
      cause: error,
    })
  }
  if (!isRecentEnough(facts.version)) {
    throw new CommandError(EXIT.configuration, `the Redis of REDIS_URL is version ${facts.version}, and the queues need 6.2 or later`)
  }
  if (facts.evictionPolicy !== 'noeviction') {
    throw new CommandError(
      EXIT.configuration,
      `the Redis of REDIS_URL evicts keys when its memory is full (${facts.evictionPolicy}), which loses work: set maxmemory-policy to noeviction`,
    )
  }
  return facts
}

/** The URL as it may be shown. */
export function withoutPassword(url: string): string {
  try {
    const shown = new URL(url)
    if (shown.password) shown.password = '***'
    return shown.href
  } catch {
    return 'not a URL'
  }
}
