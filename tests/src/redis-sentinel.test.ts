import { familyNamed, generateStream } from '@toolwright/families'
import { connectRedis, inspectRedis, openReplication } from '@toolwright/queues'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openPipeline, type Pipeline, readResults, seqsOf, until } from './pipeline.ts'
import { openRedisServers, type RedisServer, type RedisServers } from './redis-servers.ts'

const LINES = [...generateStream({ families: [familyNamed('unit-conversion')!], count: 400, seed: 52, mix: true, typoShare: 0 })]

interface Watched {
  master: RedisServer
  replica: RedisServer
  url: string
}

let servers: RedisServers
let pipeline: Pipeline | undefined

beforeAll(async () => {
  servers = await openRedisServers()
}, 60_000)
afterAll(async () => {
  await pipeline?.close()
  await servers.close()
}, 60_000)

/** A master and its replica, with three Sentinels that know them as `name`. */
async function watched(name: string): Promise<Watched> {
  const master = await servers.start()
  const replica = await servers.start([`replicaof 127.0.0.1 ${master.port}`])
  const ports = await Promise.all([1, 2, 3].map(() => servers.startSentinel(name, master, 2)))
  await until(
    'the replica is in step',
    async () => (await master.redis.wait(1, 100)) === 1 && (await inspectRedis(master.url))[0]?.replicas === 1,
  )
  await until('the Sentinels know of the replica and each other', async () => {
    const known = await Promise.all(ports.map((port) => servers.askSentinel(port, name)))
    return known.every((one) => one['num-slaves'] === '1' && one['num-other-sentinels'] === '2')
  })
  return { master, replica, url: `redis-sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}?master=${name}` }
}

test(
  'a run goes on through a fail-over: the master is killed (-9), its replica takes over, and every line has its one result',
  { timeout: 120_000 },
  async () => {
    const { master, replica, url } = await watched('e2e')
    pipeline = await openPipeline({ redis: { url, servers: [master.redis, replica.redis] } })
    const started = pipeline.begin(LINES.map((line) => ({ input: line.text, kind: 'unit conversion', target: line.target })))
    await until('some results are written', () => readResults(started.output).length >= 5)
    await master.kill()
    const end = await started.ended
    expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(0)
    expect(seqsOf(end.results)).toEqual(LINES.map((_, at) => at))
    expect(end.results.filter((result) => result.toolwright.correct === false && result.toolwright.tier === 'extracted')).toEqual([])
    expect((await inspectRedis(url)).map(({ at, role }) => ({ at, role }))).toEqual([{ at: `127.0.0.1:${replica.port}`, role: 'master' }])
  },
)

test('what is kept waits for a replica that lags, and outlives a fail-over to it', { timeout: 60_000 }, async () => {
  const { master, replica, url } = await watched('kept')
  const redis = connectRedis(url, { patient: true })
  const replication = openReplication(redis, 'any', { expectsReplica: true })
  const never = new AbortController().signal
  const kept: number[] = []
  const keep = async (at: number) => {
    await replication.keep(async () => void (await redis.set(`line:${at}`, at)), never)
    kept.push(at)
  }
  await keep(0)

  replica.process.kill('SIGSTOP')
  const lagging = keep(1)
  await vi.waitUntil(() => replication.state() === 'waiting')
  expect(await master.redis.get('line:1'), 'it is written').toBe('1')
  expect(kept).toEqual([0])
  replica.process.kill('SIGCONT')
  await lagging

  // From here on nothing reaches the replica.
  replica.process.kill('SIGSTOP')
  await master.redis.client('KILL', 'TYPE', 'REPLICA')
  const cutOff = keep(2)
  await vi.waitUntil(() => replication.state() === 'waiting')
  expect(await master.redis.set('line:3', 'not kept')).toBe('OK')
  await master.kill()
  replica.process.kill('SIGCONT')
  await cutOff
  expect(kept).toEqual([0, 1, 2])
  expect(await replica.redis.mget('line:0', 'line:1', 'line:2', 'line:3')).toEqual(['0', '1', '2', null])
  redis.disconnect()
})
