import { expect, test } from 'vitest'
import { checkRedis, isRecentEnough, readInfo, withoutPassword } from './inspect-redis.ts'

test('reads what INFO says', () => {
  const info =
    '# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.0.1\r\nrun_id:abc\r\n# Memory\r\nused_memory:10\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n'
  expect(readInfo(info)).toEqual({
    product: 'Valkey',
    version: '8.0.1',
    runId: 'abc',
    evictionPolicy: 'noeviction',
    isAppendOnly: true,
    maxMemoryBytes: 100,
    usedMemoryBytes: 10,
  })
})

test.each([
  ['6.0.16', false],
  ['5.0.7', false],
  ['6.2.0', true],
  ['7.0.15', true],
  ['10.0.0', true],
])('%s is recent enough: %s', (version, expected) => expect(isRecentEnough(version)).toBe(expected))

test('shows a URL without its password', () => {
  expect(withoutPassword('redis://user:secret@host:6379/1')).toBe('redis://user:***@host:6379/1')
  expect(withoutPassword('nonsense')).toBe('not a URL')
})

test('a Redis that is away is told with its address and without its password', async () => {
  const failure = checkRedis('redis://:secret@127.0.0.1:1')
  await expect(failure).rejects.toThrow(/redis:\/\/:\*\*\*@127\.0\.0\.1:1.*ECONNREFUSED/)
  await expect(failure).rejects.toMatchObject({ exitCode: 6 })
})
