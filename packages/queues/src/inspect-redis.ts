import { type RedisAddress, readRedisUrl } from '@toolwright/runtime'
import { Cluster } from 'ioredis'
import { setTimeout as delay } from 'node:timers/promises'
import { serversOf } from './connect.ts'
import { openRedis, type RedisConnection } from './open-redis.ts'
import { type ServerFacts, serverFacts } from './server-facts.ts'

/** Asks a Redis who it is, and every master of a Cluster. Throws why it cannot be used (refused, wrong password, still loading, no such master) within a few times `timeoutMs`. */
export async function inspectRedis(url: string, timeoutMs = 3_000): Promise<ServerFacts[]> {
  const redis = openRedis(url, {
    retry: () => null,
    maxRetriesPerRequest: 0,
    maxRedirections: 1,
    connectTimeoutMs: timeoutMs,
    commandTimeoutMs: timeoutMs,
    socketTimeoutMs: timeoutMs,
    isLazy: true,
  })
  const told = listenForReasons(redis)
  try {
    return await Promise.race([
      look(redis),
      delay(4 * timeoutMs, null, { ref: false }).then(() => Promise.reject(new Error('it does not answer in time'))),
    ])
  } catch (error) {
    throw new Error(reasonOf(readRedisUrl(url), told, error), { cause: error })
  } finally {
    redis.disconnect()
  }
}

async function look(redis: RedisConnection): Promise<ServerFacts[]> {
  await redis.connect()
  const facts = await serverFacts(redis, { asksForSnapshots: true })
  if (!(redis instanceof Cluster)) return facts
  for (const master of await serversOf(redis, 'master')) {
    const info = await master.cluster('INFO')
    if (info.includes('cluster_state:fail')) throw new Error('the Cluster is down (cluster_state:fail): not all of its slots are served')
  }
  return facts
}

/** What went wrong on the way, first things first: what a command throws in the end mostly says no more than that the connection is closed. */
function listenForReasons(redis: RedisConnection): string[] {
  const reasons: string[] = []
  redis.on('error', (error: Error) => reasons.push(messageOf(error)))
  redis.on('sentinelError', (error: Error) => reasons.push(messageOf(error)))
  redis.on('node error', (error: Error, node: string) => reasons.push(`${node}: ${messageOf(error)}`))
  return reasons
}

function reasonOf(address: RedisAddress, told: string[], error: unknown): string {
  if (address.form === 'sentinel') {
    if (told.some((one) => /got an invalid reply: null|No such master/.test(one)))
      return `its Sentinels know no master named "${address.master}"`
    if (told.length > 0 && told.every((one) => /sentinels? .*Connection is closed/.test(one))) return 'none of its Sentinels answers'
  }
  const reason = told.find((one) => !one.includes('Connection is closed.')) ?? told[0] ?? messageOf(error)
  if (reason.includes('NOAUTH')) return 'it wants a password: redis://:PASSWORD@… or redis://USER:PASSWORD@…'
  const hint = hintFor(address, reason)
  return hint === null ? reason : `${reason} (${hint})`
}

function hintFor({ tls }: RedisAddress, reason: string): string | null {
  if (tls === null)
    return /ECONNRESET|Connection is closed/.test(reason) ? 'if it speaks TLS, the URL begins with rediss instead of redis' : null
  if (/wrong version number|packet length too long|before secure TLS|ECONNRESET|ETIMEDOUT/.test(reason))
    return 'if it speaks no TLS, the URL begins with redis instead of rediss'
  if (/certificate/.test(reason) && tls.ca === undefined) return 'name the file of its certificate authority in the URL: ?ca=/path/ca.pem'
  return null
}

/** An address that resolves to several has an error of several, whose own message is empty. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error instanceof AggregateError && error.errors.length > 0 ? messageOf(error.errors[0]) : error.message
}
