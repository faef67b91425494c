import { openTestQueues, openWayToRedis, type TestQueues, type WayToRedis } from '@toolwright/queues/testing'
import { openRegistry } from '@toolwright/registry'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const RUN = 'r-abcdefghij'

let jobs: TestQueues
let home: string
let way: WayToRedis
let client: ChildProcess
let talk: string
let ended: Promise<unknown[]>

beforeEach(async () => {
  jobs = openTestQueues()
  home = mkdtempSync(join(tmpdir(), 'toolwright-client-'))
  writeFileSync(join(home, 'in.jsonl'), '{"id": "a", "input": "hello"}\n')
  way = await openWayToRedis(jobs.redisUrl)
  startClient()
  // No stage is there: the request is enqueued, and stays so.
  await vi.waitUntil(async () => (await jobs.redis.keys(`{${prefix()}:default}*requests:wait`)).length === 1, 15_000)
})
afterEach(async () => {
  client.kill('SIGKILL')
  await way.close()
  for (const key of await jobs.redis.keys(`{${prefix()}:*`)) await jobs.redis.del(key)
  await jobs.close()
  rmSync(home, { recursive: true })
})

test('tells of a Redis that is away and of its return; one that comes back without the run ends it with 6', async () => {
  await way.cut()
  await vi.waitFor(() => expect(talk).toMatch(/waiting for Redis: redis:\S+ does not answer\. Nothing is lost/), 10_000)
  // And nothing of the attempts to reach it, several a second.
  expect(talk).not.toMatch(/ECONN|"level"/)
  await way.restore()
  await vi.waitFor(() => expect(talk).toContain('Redis answers again'), 10_000)
  for (const key of await jobs.redis.keys(`{${prefix()}:default}:r:run:*`)) await jobs.redis.del(key)
  expect((await ended)[0], talk).toBe(6)
  expect(talk).toContain(`Redis no longer knows run ${RUN}`)
})

test('an interrupted run does not wait for a Redis that is away', async () => {
  await way.cut()
  await interrupt()
  expect(talk).toContain('interrupted while Redis (')
  expect(talk).toContain(`To finish: ./toolwright resume ${RUN}`)
})

test('serves its metrics while it goes on, and lists them', async () => {
  const [name] = readdirSync(join(home, 'metrics'))
  expect(name).toBe(`run-${client.pid}.json`)
  const [entry] = JSON.parse(readFileSync(join(home, 'metrics', name!), 'utf8')) as { targets: string[]; labels: object }[]
  expect(entry!.labels).toEqual({ stage: 'run' })
  const get = async (path: string) => await fetch(`http://${entry!.targets[0]}${path}`)
  await vi.waitFor(async () => {
    const metrics = await (await get('/metrics')).text()
    expect(metrics).toContain('# TYPE toolwright_job_run_seconds histogram')
    expect(metrics).toContain('toolwright_run_lines{state="unanswered"} 1\n')
    expect(metrics).toContain('toolwright_ingest_lag_seconds 0\n')
  })
  expect((await get('/healthz')).status).toBe(200)
  expect((await get('/readyz')).status).toBe(200)
  await interrupt()
  expect(readdirSync(join(home, 'metrics'))).toEqual([])
})

test('with metrics off it says that it lives, measures nothing and lists nothing', async () => {
  const [name] = readdirSync(join(home, 'metrics'))
  const [entry] = JSON.parse(readFileSync(join(home, 'metrics', name!), 'utf8')) as { targets: string[] }[]
  const address = entry!.targets[0]!
  await interrupt()
  startClient({}, {}, { TOOLWRIGHT_METRICS: 'off', TOOLWRIGHT_METRICS_PORT: address.split(':')[1] })
  await vi.waitFor(async () => expect((await fetch(`http://${address}/healthz`)).status).toBe(200), 15_000)
  expect((await fetch(`http://${address}/metrics`)).status).toBe(404)
  expect(readdirSync(join(home, 'metrics'))).toEqual([])
})

test('an interrupted run goes on where it was: ids do not come again, and its settings stay', async () => {
  await interrupt()
  writeFileSync(join(home, 'in.jsonl'), '{"id": "a", "input": "hello"}\n\n{"id": "b", "input": "more"}\n{"id": "a", "input": "again"}')
  startClient({ make: 'eager' })
  await vi.waitFor(() => expect(readFileSync(join(home, 'out.jsonl'), 'utf8')).toContain('\n'), 15_000)
  const [line, ...others] = readFileSync(join(home, 'out.jsonl'), 'utf8').trimEnd().split('\n')
  expect(others).toEqual([])
  expect(JSON.parse(line!)).toMatchObject({
    error: { code: 'duplicate_custom_id', message: expect.stringContaining('line 4 has the id "a" of line 1') },
    toolwright: { seq: 2 },
  })
  expect(talk).toContain(`run ${RUN} goes on as it was begun: --make worth`)
})

test('a run whose input is another by now is not gone on with', async () => {
  await interrupt()
  writeFileSync(join(home, 'in.jsonl'), '{"id": "a", "input": "hello, you"}\n{"id": "b", "input": "more"}\n')
  startClient()
  expect((await ended)[0], talk).toBe(2)
  expect(talk).toContain(`in.jsonl is not what it was when run ${RUN} read it`)
})

test('compressed data that is damaged ends the run with what came before it kept; mended, it goes on there', async () => {
  await interrupt()
  // No more lines than a run may read when none is answered.
  const whole = `{"id": "a", "input": "hello"}\n${Array.from({ length: 400 }, (_, n) => `{"id": "${n}", "input": "${incompressible(n)}"}\n`).join('')}`
  const packed = gzipSync(whole)
  writeFileSync(join(home, 'in.jsonl'), packed.subarray(0, packed.length / 2))
  startClient()
  expect((await ended)[0], talk).toBe(2)
  expect(talk).toMatch(
    new RegExp(
      `its gzip data is damaged or ends too early .*; the \\d+ requests before that are kept: mend it, then ./toolwright resume ${RUN}$`,
      'm',
    ),
  )
  const before = await readSoFar()
  expect(before).toBeGreaterThan(100)
  writeFileSync(join(home, 'in.jsonl'), packed)
  startClient()
  await vi.waitFor(async () => expect(await readSoFar()).toBeGreaterThan(before), 15_000)
})

function incompressible(seed: number): string {
  return Array.from({ length: 60 }, (_, at) => Math.sin(60 * seed + at)).join(' ')
}

/** How many requests of the run were enqueued. */
async function readSoFar(): Promise<number> {
  const registry = openRegistry({ redis: jobs.redis, keyPrefix: `{${prefix()}:default}:r:` })
  return (await registry.runs.get(RUN))?.ingest.seq ?? 0
}

function startClient(more: object = {}, how: object = {}, environment: NodeJS.ProcessEnv = {}): void {
  const settings = { v: 1, whileMaking: 'wait', make: 'worth', ...more }
  const request = {
    input: join(home, 'in.jsonl'),
    output: join(home, 'out.jsonl'),
    errors: null,
    run: RUN,
    limit: null,
    settings,
    json: false,
    graceMs: 0,
    ...how,
  }
  client = fork(join(import.meta.dirname, 'run-main.ts'), [JSON.stringify(request)], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      REDIS_URL: way.url,
      TOOLWRIGHT_HOME: home,
      TOOLWRIGHT_PREFIX: prefix(),
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  talk = ''
  client.stderr?.on('data', (chunk: Buffer) => (talk += chunk.toString()))
  ended = once(client, 'close')
}

async function interrupt(): Promise<void> {
  client.kill('SIGINT')
  expect((await ended)[0], talk).toBe(130)
}

function prefix(): string {
  return jobs.prefix.slice(1, jobs.prefix.indexOf('}'))
}
