import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { commonEnvironment, parseEnvironment } from './environment.ts'
import { readRedisUrl, redisUrlFor, shownRedisUrl } from './redis-url.ts'

const NOBODY = { username: '', password: '' }

describe('readRedisUrl', () => {
  test.each([
    ['redis://h', { form: 'server', at: { host: 'h', port: 6379 }, login: NOBODY, database: 0, tls: null }],
    [
      'redis://:p%40ss@h:1/2',
      { form: 'server', at: { host: 'h', port: 1 }, login: { username: '', password: 'p@ss' }, database: 2, tls: null },
    ],
    ['redis://', { form: 'server', at: { host: 'localhost', port: 6379 }, login: NOBODY, database: 0, tls: null }],
    [
      'rediss://me:a:b@[::1]:7/',
      { form: 'server', at: { host: '::1', port: 7 }, login: { username: 'me', password: 'a:b' }, database: 0, tls: {} },
    ],
    ['rediss://h?ca=/etc/ca.pem&servername=r.example', { tls: { ca: '/etc/ca.pem', servername: 'r.example' } }],
    ['/run/redis.sock', { form: 'socket', path: '/run/redis.sock', login: NOBODY, database: 0, tls: null }],
    ['/run/redis.sock?db=3&password=p', { form: 'socket', login: { username: '', password: 'p' }, database: 3 }],
    [
      'redis-cluster://me:p@a:7001,b,[::1]:7003',
      {
        form: 'cluster',
        nodes: [
          { host: 'a', port: 7001 },
          { host: 'b', port: 6379 },
          { host: '::1', port: 7003 },
        ],
        login: { username: 'me', password: 'p' },
        tls: null,
      },
    ],
    ['rediss-cluster://a/0?ca=ca.pem&cert=c.pem&key=k.pem', { form: 'cluster', tls: { ca: 'ca.pem', cert: 'c.pem', key: 'k.pem' } }],
    [
      'redis-sentinel://me:p@a:1,b/4?master=mine&sentinelPassword=s%26t',
      {
        form: 'sentinel',
        sentinels: [
          { host: 'a', port: 1 },
          { host: 'b', port: 26_379 },
        ],
        master: 'mine',
        sentinelLogin: { username: '', password: 's&t' },
        login: { username: 'me', password: 'p' },
        database: 4,
        tls: null,
      },
    ],
  ])('reads %s', (url, address) => expect(readRedisUrl(url)).toMatchObject(address))

  test.each([
    ['localhost:6379', 'expected redis://host:port'],
    ['redis-ring://a', 'expected redis://host:port'],
    ['http://a', 'expected redis://host:port'],
    ['redis-cluster://a,b/3', 'has no database but 0'],
    ['redis-sentinel://a,b', 'expected ?master=NAME'],
    ['redis://a,b', 'expected one host in it, or redis-cluster://… or redis-sentinel://… for several'],
    ['redis-cluster://', 'expected host:port'],
    ['redis-cluster://a,,b', 'expected host:port'],
    ['redis://a:99999', 'expected host:port'],
    ['redis://a/one', 'expected the number of a database'],
    ['redis://a?ca=x', 'must begin with rediss'],
    ['rediss://a?cert=x', 'name both'],
    ['rediss://a?sentinelpassword=x', 'its parameter "sentinelpassword" is not known; known are ca, cert, key, servername'],
    ['redis://:100%@a', '%25'],
  ])('says what is wrong with %s', (url, message) => expect(() => readRedisUrl(url)).toThrow(message))
})

test('a wrong URL is a wrong setting, told without a password, however it is misspelt', () => {
  for (const url of [
    'redis-cluster://me:hun%ter@a',
    'redis://me:hun/ter@a',
    'redis://me:hun?ter@a',
    'redis://me:hun@ter@a b',
    'redis-sentinel://a?sentinelPassword=hunter',
  ]) {
    const read = () => parseEnvironment(z.object(commonEnvironment), { REDIS_URL: url })
    expect(read).toThrow(/^REDIS_URL is wrong: .*; set it to the Redis/)
    expect(read).not.toThrow(/hun|ter@/)
  }
})

test.each([
  ['redis://me:secret@h:1/2', 'redis://me:***@h:1/2'],
  ['redis-sentinel://:secret@a,b?master=m&sentinelPassword=secret', 'redis-sentinel://:***@a,b?master=m&sentinelPassword=***'],
  ['/run/redis.sock?password=secret&db=1', '/run/redis.sock?password=***&db=1'],
  ['nonsense', 'not a URL of a Redis'],
])('shows %s as %s', (url, shown) => expect(shownRedisUrl(url)).toBe(shown))

test('is written for another user in every form', () => {
  const other = { username: 'executor.a.b', password: 'p/@:%' }
  for (const url of ['redis://h:1/2', 'rediss-cluster://me:p@a,b?ca=x', 'redis-sentinel://a,b/1?master=m', '/run/redis.sock?db=4']) {
    expect(readRedisUrl(redisUrlFor(url, other))).toEqual({ ...readRedisUrl(url), login: other })
  }
  expect(redisUrlFor('redis://me:p@h', { username: '', password: '' })).toBe('redis://h')
})
