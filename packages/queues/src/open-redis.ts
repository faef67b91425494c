import { ConfigurationError, type RedisAddress, type RedisTls, readRedisUrl } from '@toolwright/runtime'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { readFileSync } from 'node:fs'

/** One server, found by Sentinels or not, or a Cluster. */
export type RedisConnection = Redis | Cluster

/** How a connection behaves while Redis does not answer. */
export interface Manner {
  name?: string
  /** Milliseconds until the next attempt to connect; null gives up. */
  retry: (attempt: number) => number | null
  /** After so many attempts to connect a command fails; null: never. */
  maxRetriesPerRequest: number | null
  /** How often a Cluster's command is sent again, 100 ms later or to another node, while the node that it is for is gone. */
  maxRedirections: number
  /** For a connection to be made, and for a Sentinel to answer. */
  connectTimeoutMs: number
  /** For any command; left out: none. */
  commandTimeoutMs?: number
  /** A socket that has owed an answer for so long is closed. */
  socketTimeoutMs: number
  /** Connects when told to. */
  isLazy?: boolean
}

/** A connection to the Redis of a URL. Throws ConfigurationError for a certificate that cannot be read, and what `readRedisUrl` throws. */
export function openRedis(url: string, manner: Manner): RedisConnection {
  const address = readRedisUrl(url)
  const options = optionsOf(address, manner)
  const lazily = { lazyConnect: manner.isLazy === true }
  switch (address.form) {
    case 'socket':
      return new Redis({ ...options, ...lazily, path: address.path, db: address.database })
    case 'server':
      return new Redis({ ...options, ...lazily, ...address.at, db: address.database })
    case 'sentinel':
      return new Redis({
        ...options,
        ...lazily,
        db: address.database,
        sentinels: address.sentinels,
        name: address.master,
        sentinelUsername: address.sentinelLogin.username,
        sentinelPassword: address.sentinelLogin.password,
        sentinelCommandTimeout: manner.connectTimeoutMs,
        sentinelRetryStrategy: manner.retry,
        ...(options.tls !== undefined && { sentinelTLS: options.tls, enableTLSForSentinelMode: true }),
      })
    case 'cluster':
      return new Cluster(address.nodes, {
        ...lazily,
        // With it, a connect() that meets a Cluster in the middle of a fail-over never settles (ioredis 6.0), and BullMQ's workers await theirs. Commands find out by themselves.
        enableReadyCheck: false,
        redisOptions: options,
        clusterRetryStrategy: manner.retry,
        maxRedirections: manner.maxRedirections,
        slotsRefreshTimeout: manner.connectTimeoutMs,
        // A certificate names hosts, not what they resolve to.
        ...(options.tls !== undefined && { dnsLookup: (host, done) => done(null, host) }),
      })
  }
}

function optionsOf({ login, tls }: RedisAddress, manner: Manner) {
  return {
    maxRetriesPerRequest: manner.maxRetriesPerRequest,
    socketTimeout: manner.socketTimeoutMs,
    keepAlive: 10_000,
    connectTimeout: manner.connectTimeoutMs,
    // The executor's user may not say it; a log of what was refused (ACL LOG) should hold nothing but what is worth a look.
    disableClientInfo: true,
    retryStrategy: manner.retry,
    reconnectOnError: afterDemotion,
    ...(login.username !== '' && { username: login.username }),
    ...(login.password !== '' && { password: login.password }),
    ...(manner.commandTimeoutMs !== undefined && { commandTimeout: manner.commandTimeoutMs }),
    ...(manner.name !== undefined && { connectionName: manner.name }),
    ...(tls !== null && { tls: readFiles(tls) }),
  } satisfies RedisOptions
}

/**
 * A master that has been demoted refuses writes: its connections are made anew, to the master that there is now. A script is sent again (2): it is refused before its first
 * change, and is never part of a transaction's queue. Any other command may be, so it fails (1).
 */
function afterDemotion(error: Error): false | 1 | 2 {
  if (!error.message.includes('READONLY')) return false
  const name =
    'command' in error && typeof error.command === 'object' && error.command !== null && 'name' in error.command && error.command.name
  return name === 'evalsha' || name === 'eval' ? 2 : 1
}

function readFiles({ ca, cert, key, servername }: RedisTls) {
  return {
    ...(ca !== undefined && { ca: readPem('ca', ca) }),
    ...(cert !== undefined && { cert: readPem('cert', cert) }),
    ...(key !== undefined && { key: readPem('key', key) }),
    ...(servername !== undefined && { servername }),
  }
}

function readPem(parameter: string, path: string): Buffer {
  let content: Buffer
  try {
    content = readFileSync(path)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new ConfigurationError([`the file that "${parameter}" of the URL of Redis names cannot be read (${reason}): ${path}`])
  }
  if (!content.includes('-----BEGIN '))
    throw new ConfigurationError([`the file that "${parameter}" of the URL of Redis names is not PEM: ${path}`])
  return content
}
