import { z } from 'zod'

/** Files in PEM: `ca` to trust instead of the system's, `cert` and `key` for a server that asks for them; `servername`: whom certificates must name, where that is not the host. */
export interface RedisTls {
  ca?: string
  cert?: string
  key?: string
  servername?: string
}

export interface RedisHost {
  host: string
  port: number
}

/** '' where a URL names none. */
export interface RedisLogin {
  username: string
  password: string
}

/** Where a Redis is, as its URL says. */
export type RedisAddress =
  | { form: 'socket'; path: string; login: RedisLogin; database: number; tls: null }
  | { form: 'server'; at: RedisHost; login: RedisLogin; database: number; tls: RedisTls | null }
  | { form: 'cluster'; nodes: RedisHost[]; login: RedisLogin; tls: RedisTls | null }
  | {
      form: 'sentinel'
      sentinels: RedisHost[]
      /** The name under which the Sentinels watch the master. */
      master: string
      sentinelLogin: RedisLogin
      login: RedisLogin
      database: number
      tls: RedisTls | null
    }

/** A URL is not one of a Redis. The message says what is wrong, without any part of it that could be a password. */
class RedisUrlError extends Error {
  override name = 'RedisUrlError'
}

const FORMS =
  'expected redis://host:port, redis-cluster://host:port,host:port, redis-sentinel://host:port,host:port?master=NAME (rediss… with TLS) or the path of a socket'
const SHAPE = /^(redis|rediss)(?:-(cluster|sentinel))?:\/\/(?:([^/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/
const HOST = /^(\[[\da-fA-F:.]+\]|[^:[\]@\s]+)?(?::(\d{1,5}))?$/

const TLS_PARAMETERS = ['ca', 'cert', 'key', 'servername']
const PARAMETERS = {
  server: [],
  cluster: [],
  sentinel: ['master', 'sentinelUsername', 'sentinelPassword'],
  socket: ['db', 'username', 'password'],
} as const satisfies Record<RedisAddress['form'], string[]>

/** The URL of a Redis, as a setting. */
export const RedisUrl = z.string().superRefine((url, context) => {
  try {
    readRedisUrl(url)
  } catch (error) {
    if (!(error instanceof RedisUrlError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
  }
})

/**
 * Reads `redis://user:password@host:port/database`, `redis-cluster://…@host:port,host:port`, `redis-sentinel://…@host:port,host:port/database?master=NAME`, each with
 * `rediss` for TLS, and the path of a socket. Parameters: `ca`, `cert`, `key`, `servername` with TLS; `sentinelUsername`, `sentinelPassword`. Throws RedisUrlError.
 */
export function readRedisUrl(url: string): RedisAddress {
  if (url.startsWith('/')) return readSocket(url)
  const [, scheme, form = 'server', login = '', hosts = '', path = '', query = ''] = SHAPE.exec(url) ?? []
  if (scheme === undefined) throw new RedisUrlError(FORMS)
  const isSecure = scheme === 'rediss'
  switch (form) {
    case 'cluster': {
      const parameters = readParameters(query, form, isSecure)
      if (readDatabase(path) !== 0) throw new RedisUrlError('a Redis Cluster has no database but 0')
      return { form, nodes: readHosts(hosts, 6379), login: readLogin(login), tls: readTls(parameters, isSecure) }
    }
    case 'sentinel': {
      const parameters = readParameters(query, form, isSecure)
      const master = parameters.get('master') ?? ''
      if (master === '') throw new RedisUrlError('expected ?master=NAME in it, the name under which the Sentinels watch the master')
      return {
        form,
        sentinels: readHosts(hosts, 26_379),
        master,
        sentinelLogin: { username: parameters.get('sentinelUsername') ?? '', password: parameters.get('sentinelPassword') ?? '' },
        login: readLogin(login),
        database: readDatabase(path),
        tls: readTls(parameters, isSecure),
      }
    }
    default: {
      const parameters = readParameters(query, 'server', isSecure)
      const [at, ...others] = readHosts(hosts === '' || hosts.startsWith(':') ? `localhost${hosts}` : hosts, 6379)
      if (at === undefined || others.length > 0)
        throw new RedisUrlError(`expected one host in it, or ${scheme}-cluster://… or ${scheme}-sentinel://… for several`)
      return { form: 'server', at, login: readLogin(login), database: readDatabase(path), tls: readTls(parameters, isSecure) }
    }
  }
}

/** The same URL for another user; of a socket too. Throws RedisUrlError. */
export function redisUrlFor(url: string, { username, password }: RedisLogin): string {
  const address = readRedisUrl(url)
  if (address.form === 'socket') {
    const query = new URLSearchParams({ ...(address.database > 0 && { db: String(address.database) }), username, password })
    return `${address.path}?${query.toString()}`
  }
  const login = `${encodeURIComponent(username)}${password === '' ? '' : `:${encodeURIComponent(password)}`}`
  return url.replace(/:\/\/(?:[^/?#]*@)?/, () => (login === '' ? '://' : `://${login}@`))
}

/** The URL as it may be shown: without what is secret in it. */
export function shownRedisUrl(url: string): string {
  try {
    readRedisUrl(url)
  } catch (error) {
    if (!(error instanceof RedisUrlError)) throw error
    return 'not a URL of a Redis'
  }
  return url.replace(/:\/\/([^/?#:]*):[^/?#]*@/, '://$1:***@').replace(/([?&](?:password|sentinelPassword)=)[^&]+/g, '$1***')
}

function readSocket(url: string): RedisAddress {
  const [, path = url, query = ''] = /^([^?]*)(?:\?(.*))?$/.exec(url) ?? []
  const parameters = readParameters(query, 'socket', false)
  const login = { username: parameters.get('username') ?? '', password: parameters.get('password') ?? '' }
  return { form: 'socket', path, login, database: readDatabase(parameters.get('db') ?? ''), tls: null }
}

function readLogin(login: string): RedisLogin {
  const end = login.includes(':') ? login.indexOf(':') : login.length
  return { username: decoded(login.slice(0, end)), password: decoded(login.slice(end + 1)) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    throw new RedisUrlError('its user or password has a % that is not written %25')
  }
}

function readHosts(hosts: string, defaultPort: number): RedisHost[] {
  return hosts.split(',').map((text) => {
    const [isHost, host, port] = HOST.exec(text.trim()) ?? []
    const at = { host: (host ?? '').replace(/^\[|\]$/g, ''), port: Number(port ?? defaultPort) }
    if (isHost === undefined || at.host === '' || at.port < 1 || at.port > 65_535)
      throw new RedisUrlError('expected host:port in it, and in a password %40 for @, %2F for / and the like')
    return at
  })
}

function readDatabase(path: string): number {
  if (!/^\d{0,5}$/.test(path)) throw new RedisUrlError('expected the number of a database after its host, or nothing')
  return Number(path)
}

function readParameters(query: string, form: RedisAddress['form'], isSecure: boolean): URLSearchParams {
  const parameters = new URLSearchParams(query)
  const known: string[] = [...PARAMETERS[form], ...(isSecure ? TLS_PARAMETERS : [])]
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue
    if (TLS_PARAMETERS.includes(name)) throw new RedisUrlError(`the parameter "${name}" in it is for TLS, so it must begin with rediss`)
    const what = /^\w+$/.test(name) ? `its parameter "${name}"` : 'one of its parameters'
    throw new RedisUrlError(`${what} is not known${known.length === 0 ? '' : `; known are ${known.join(', ')}`}`)
  }
  return parameters
}

function readTls(parameters: URLSearchParams, isSecure: boolean): RedisTls | null {
  if (!isSecure) return null
  const tls = Object.fromEntries(TLS_PARAMETERS.flatMap((name) => (parameters.get(name) ? [[name, parameters.get(name)!]] : [])))
  if ((tls['cert'] === undefined) !== (tls['key'] === undefined))
    throw new RedisUrlError('cert and key in it are the two files of one certificate: name both')
  return tls
}
