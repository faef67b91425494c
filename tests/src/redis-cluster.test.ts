import { familyNamed, generateStream } from '@toolwright/families'
import { connectRedis, inspectRedis } from '@toolwright/queues'
import { openAdministration } from '@toolwright/registry'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, readResults, type RunEnd, seqsOf, until } from './pipeline.ts'
import { joinCluster, masterOf, openRedisServers, type RedisServer, type RedisServers, replicate } from './redis-servers.ts'

const LINES = [...generateStream({ families: [familyNamed('unit-conversion')!], count: 520, seed: 51, mix: true, typoShare: 0 })]
const COLD = LINES.slice(0, 120)
const WARM = LINES.slice(120)

let servers: RedisServers
let nodes: RedisServer[]
/** Not of the Cluster yet. */
let spare: RedisServer
let url: string
let pipeline: Pipeline
let tag: string

beforeAll(async () => {
  servers = await openRedisServers()
  const started = await Promise.all([1, 2, 3, 4].map(() => servers.start(['cluster-enabled yes', 'cluster-node-timeout 1000'])))
  nodes = started.slice(0, 3)
  spare = started[3]!
  await joinCluster(nodes)
  // Two will do to find the third.
  url = `redis-cluster://127.0.0.1:${nodes[0]!.port},127.0.0.1:${nodes[1]!.port}`
  pipeline = await openPipeline({ redis: { url, servers: started.map(({ redis }) => redis) } })
  tag = `{${pipeline.environment['TOOLWRIGHT_PREFIX']}:default}:`
}, 60_000)
afterAll(async () => {
  await pipeline.close()
  await servers.close()
}, 60_000)

function requests(lines: typeof LINES): object[] {
  return lines.map((line) => ({ input: line.text, kind: 'unit conversion', target: line.target }))
}

function expectAnswered({ code, results, talk }: RunEnd, count: number): void {
  expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(results)).toEqual(Array.from({ length: count }, (_, at) => at))
  const extracted = results.filter((result) => result.toolwright.tier === 'extracted')
  expect(extracted.length).toBeGreaterThan(count / 2)
  expect(extracted.every((result) => result.toolwright.correct)).toBe(true)
}

test(
  'on a Cluster of three a tool is made, every line has its one result, and a space is on one server',
  { timeout: 120_000 },
  async () => {
    expect((await inspectRedis(url)).map(({ at }) => at).toSorted()).toEqual(nodes.map(({ port }) => `127.0.0.1:${port}`).toSorted())
    expectAnswered(await pipeline.run(requests(COLD)), COLD.length)
    const sizes = await Promise.all(nodes.map(({ redis }) => redis.dbsize()))
    expect(sizes.filter((size) => size > 0)).toHaveLength(1)
    const workers = (['requests', 'user', 'maker', 'execution'] as const).map((queue) => pipeline.queues.workersOf(queue))
    expect(await Promise.all(workers)).toEqual([1, 1, 1, 1])
    expect(await Promise.all(nodes.map(({ redis }) => redis.acl('LOG'))), 'what the executors were refused').toEqual([[], [], []])
  },
)

test('a run goes on when the server that has its space is killed (-9) and its replica takes over', { timeout: 120_000 }, async () => {
  const master = await masterOf(nodes, tag)
  await replicate(master, spare)
  const started = pipeline.begin(requests(WARM))
  await until('some results are written', () => readResults(started.output).length >= 5)
  await master.kill()
  expectAnswered(await started.ended, WARM.length)
  expect((await inspectRedis(url)).map(({ at }) => at)).toContain(`127.0.0.1:${spare.port}`)
  expect(pipeline.log()).toContain('Redis is away; the work goes on once it answers')
  expect(pipeline.log()).toContain('Redis answers again')
})

test('all keys of a space are found and deleted, on whichever server they are', async () => {
  const redis = connectRedis(url, { patient: false })
  expect(await openAdministration({ redis, keyPrefix: `${tag}r:` }).forgetKeys(`${tag}r:`)).toBeGreaterThan(10)
  expect((await spare.redis.keys('*')).filter((name) => name.startsWith(`${tag}r:`))).toEqual([])
  redis.disconnect()
})
