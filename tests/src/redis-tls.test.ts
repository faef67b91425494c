import { familyNamed, generateStream } from '@toolwright/families'
import { connectRedis, inspectRedis } from '@toolwright/queues'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, seqsOf, until } from './pipeline.ts'
import { CERTIFICATES, joinCluster, openRedisServers, type RedisServer, type RedisServers } from './redis-servers.ts'

const LINES = [...generateStream({ families: [familyNamed('unit-conversion')!], count: 150, seed: 53, mix: true, typoShare: 0 })]
const { ca, cert, key } = CERTIFICATES
const ALL = `ca=${ca}&cert=${cert}&key=${key}`

let servers: RedisServers
/** It speaks TLS alone, and wants a certificate of its clients. */
let server: RedisServer
let pipeline: Pipeline | undefined

beforeAll(async () => {
  servers = await openRedisServers()
  server = await servers.start([], { isSecure: true })
}, 60_000)
afterAll(async () => {
  await pipeline?.close()
  await servers.close()
}, 60_000)

test('over TLS a tool is made, and every line has its one result', { timeout: 120_000 }, async () => {
  pipeline = await openPipeline({ redis: { url: `rediss://localhost:${server.port}?${ALL}`, servers: [server.redis] } })
  const end = await pipeline.run(LINES.map((line) => ({ input: line.text, kind: 'unit conversion', target: line.target })))
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(end.results)).toEqual(LINES.map((_, at) => at))
  expect(end.results.filter((result) => result.toolwright.tier === 'extracted').length).toBeGreaterThan(LINES.length / 2)
})

test('a server whose certificate nobody vouches for, or names another, is not spoken to; nor is one that speaks no TLS', async () => {
  const at = `rediss://127.0.0.1:${server.port}`
  expect(await inspectRedis(`${at}?${ALL}&servername=redis.test`)).toMatchObject([{ role: 'master' }])
  await expect(inspectRedis(at)).rejects.toThrow(/certificate.*\(name the file of its certificate authority in the URL: \?ca=/)
  await expect(inspectRedis(`${at}?${ALL}&servername=redis.example`)).rejects.toThrow(/does not match certificate's altnames/)
  await expect(inspectRedis(`${at}?ca=${ca}`)).rejects.toThrow(/certificate required/)
  await expect(inspectRedis(`redis://127.0.0.1:${server.port}`)).rejects.toThrow('begins with rediss instead of redis')
  const plain = await servers.start()
  await expect(inspectRedis(`rediss://127.0.0.1:${plain.port}?${ALL}`)).rejects.toThrow('begins with redis instead of rediss')
  await expect(inspectRedis(`${at}?ca=/no/such/file.pem`)).rejects.toThrow(
    'the file that "ca" of the URL of Redis names cannot be read (ENOENT): /no/such/file.pem',
  )
  await expect(inspectRedis(`${at}?ca=${key.replace('server.key', '../../package.json')}`)).rejects.toThrow('is not PEM')
})

test('Sentinels and a Cluster are spoken to over TLS too', { timeout: 60_000 }, async () => {
  const sentinel = await servers.startSentinel('secure', server, 1, { isSecure: true })
  const url = `rediss-sentinel://localhost:${sentinel}?master=secure&${ALL}`
  await until('the Sentinel has found its master', async () => (await servers.askSentinel(sentinel, 'secure'))['flags'] === 'master')
  expect(await inspectRedis(url)).toMatchObject([{ at: `127.0.0.1:${server.port}` }])

  const nodes = await Promise.all([1, 2, 3].map(() => servers.start(['cluster-enabled yes', 'tls-cluster yes'], { isSecure: true })))
  await joinCluster(nodes)
  const cluster = connectRedis(`rediss-cluster://localhost:${nodes[0]!.port}?${ALL}`, { patient: false })
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await cluster.set(name, 1)
  const sizes = await Promise.all(nodes.map(({ redis }) => redis.dbsize()))
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(6)
  expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(1)
  cluster.disconnect()
})
