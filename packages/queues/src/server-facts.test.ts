import { expect, test } from 'vitest'
import { isRecentEnough, judgeServers, readInfo } from './server-facts.ts'

const FACTS = {
  at: '127.0.0.1:6379',
  runId: 'abc',
  product: 'Redis' as const,
  version: '7.0.15',
  role: 'master' as const,
  isOfCluster: false,
  replicas: 0,
  evictionPolicy: 'noeviction',
  isAppendOnly: true,
  hasSnapshots: false as boolean | null,
  maxMemoryBytes: 0,
  usedMemoryBytes: 1,
}

test('reads what INFO says', () => {
  const info =
    '# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.0.1\r\nrun_id:abc\r\n# Memory\r\nused_memory:10\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\ncluster_enabled:1\r\nrole:slave\r\nconnected_slaves:2\r\n'
  expect(readInfo(info)).toEqual({
    product: 'Valkey',
    version: '8.0.1',
    runId: 'abc',
    role: 'replica',
    isOfCluster: true,
    replicas: 2,
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

test.each([
  [{}, null, null],
  [{ version: '6.0.16' }, 'the Redis of REDIS_URL is version 6.0.16, and the queues need 6.2 or later', null],
  [
    { evictionPolicy: 'allkeys-lru' },
    'the Redis of REDIS_URL evicts keys when its memory is full (allkeys-lru), which loses work: set maxmemory-policy to noeviction',
    null,
  ],
  [
    { isAppendOnly: false },
    'the Redis of REDIS_URL writes nothing to disk, so a restart of it loses every run under way: set appendonly to yes (or TOOLWRIGHT_REDIS_PERSISTENCE to none, where that may be)',
    null,
  ],
  [
    { isAppendOnly: false, replicas: 1 },
    null,
    'the Redis of REDIS_URL writes nothing to disk, so a restart of it loses every run under way, on its replicas too: set appendonly to yes',
  ],
  [
    { isAppendOnly: false, hasSnapshots: true },
    null,
    'the Redis of REDIS_URL writes snapshots alone, so a crash of it loses the latest minutes of queued work: set appendonly to yes',
  ],
  [
    { isAppendOnly: false, hasSnapshots: null },
    null,
    'the Redis of REDIS_URL writes no append-only file, and does not say whether it writes snapshots: a crash of it may lose queued work; set appendonly to yes',
  ],
])('of a server with %o it says what to set', (facts, refusal, warning) =>
  expect(judgeServers('redis://h', [{ ...FACTS, ...facts }], 'needed')).toEqual({ refusal, warnings: warning === null ? [] : [warning] }),
)

test('takes one that writes nothing to disk where that may be', () => {
  expect(judgeServers('redis://h', [{ ...FACTS, isAppendOnly: false }], 'none')).toEqual({
    refusal: null,
    warnings: ['the Redis of REDIS_URL writes nothing to disk, so a restart of it loses every run under way: set appendonly to yes'],
  })
})

test('names the one of several servers that is wrong', () => {
  const servers = [FACTS, { ...FACTS, at: '127.0.0.1:7002', evictionPolicy: 'volatile-ttl' }, FACTS]
  expect(judgeServers('redis-cluster://h', servers, 'needed').refusal).toMatch(/^the server 127\.0\.0\.1:7002 of REDIS_URL evicts keys/)
})

test('one of a Cluster is not used as if it were alone', () => {
  const servers = [{ ...FACTS, isOfCluster: true }]
  expect(judgeServers('redis://h', servers, 'needed').refusal).toMatch(/begin the URL with redis-cluster/)
  expect(judgeServers('redis-cluster://h', servers, 'needed').refusal).toBeNull()
})

test('one that Sentinels look after may be the last of its kind', () => {
  const servers = [{ ...FACTS, isAppendOnly: false }]
  expect(judgeServers('redis://h', servers, 'needed').refusal).not.toBeNull()
  expect(judgeServers('redis-sentinel://h?master=m', servers, 'needed')).toMatchObject({ refusal: null, warnings: [expect.anything()] })
})
