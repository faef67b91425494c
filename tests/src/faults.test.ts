import { openWayToRedis, type WayToRedis } from '@toolwright/queues/testing'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  answersServed,
  CALLS_AT_ONCE,
  expectHistory,
  FAMILY,
  type Load,
  loadOf,
  makeTool,
  untilWriting,
  untilWritten,
} from './fault-load.ts'
import { openPipeline, type Pipeline, type Stage, type StartedRun, until } from './pipeline.ts'
import { openRedisServers, type RedisServer, type RedisServers } from './redis-servers.ts'

/** `./toolwright test faults --full`: more of everything. */
const IS_FULL = process.env['TOOLWRIGHT_FAULTS'] === 'full'
const KILLS = IS_FULL ? 60 : 6
const RESETS = IS_FULL ? 40 : 4
/** Requests for the strong model among a load's others: with two calls at a time these are what keeps a run going. */
const CALLS = IS_FULL ? 150 : 70
const LOCK_MS = 6_000
const TIMEOUT = { timeout: IS_FULL ? 900_000 : 150_000 }
const STAGES = ['producer', 'user', 'maker', 'executor'] as const

let servers: RedisServers
let server: RedisServer
let way: WayToRedis
let pipeline: Pipeline
/** For the choice of victims and moments; the seed is told, so that a history can be looked at again. */
const seed = Number(process.env['TOOLWRIGHT_FAULTS_SEED'] ?? Math.floor(Math.random() * 1e6))
let drawn = seed
const random = () => {
  drawn = (drawn * 1_103_515_245 + 12_345) % 2 ** 31
  return drawn / 2 ** 31
}

beforeAll(async () => {
  console.info(`faults: seed ${seed}`)
  servers = await openRedisServers()
  // All that is acknowledged outlives a kill: the system has it, synced or not.
  server = await servers.start(['appendfsync everysec', 'maxmemory-policy noeviction'])
  way = await openWayToRedis(server.url)
  pipeline = await openPipeline({
    redis: { url: way.url, servers: [server.redis] },
    settings: { wrongness: { strong: { propose: { otherwise: 0 } }, light: { call: { otherwise: 0 } } }, latency: { baseMs: 0 } },
    environment: { TOOLWRIGHT_CONCURRENCY: '2', TOOLWRIGHT_BATCH_LINES: '16' },
  })
  await makeTool(pipeline)
}, 120_000)
beforeEach(() => pipeline.simulator.control('', { latency: { baseMs: 200 } }))
afterAll(async () => {
  await pipeline.close()
  await way.close()
  await servers.close()
}, 90_000)

/** Starts the load, lets `fault` happen to it once it flows, and holds the history against what must be. `fault` returns the run that goes on and how many calls it may have hit. */
async function expectToOutlive(load: Load, fault: (started: StartedRun) => Promise<{ started?: StartedRun; hits: number }>): Promise<void> {
  const servedBefore = await answersServed(pipeline)
  const begun = pipeline.begin(load.lines)
  await untilWritten(begun, 50)
  const { started = begun, hits } = await fault(begun)
  await expectHistory(pipeline, { load, started, end: await started.ended, servedBefore, mayBeTwice: hits })
}

function told(what: string, recoveries: number[]): void {
  const sorted = recoveries.toSorted((a, b) => a - b)
  console.info(`${what}: writing again after ${sorted.map((ms) => `${ms} ms`).join(', ')}`)
}

/** kill -9 of the stage's process, and another in its place. */
async function replace(stage: Stage): Promise<void> {
  const [victim] = pipeline.processes(stage)
  pipeline.start(stage)
  await pipeline.kill(victim!)
}

const goOn = (load: Load, { run }: StartedRun) => pipeline.begin(load.lines, { run })

test(`kill -9 of any process, ${KILLS} times at random`, TIMEOUT, async () => {
  const load = loadOf(IS_FULL ? 20_000 : 3_000, IS_FULL ? 4_000 : 150)
  await expectToOutlive(load, async (begun) => {
    let started = begun
    let hits = 0
    const recoveries: number[] = []
    for (let kill = 0; kill < KILLS && started.process.exitCode === null; kill++) {
      await delay(200 + 800 * random())
      const stage = [...STAGES, 'client' as const][Math.floor(5 * random())]!
      if (stage === 'client') {
        await pipeline.kill(started.process)
        started = goOn(load, started)
      } else await replace(stage)
      if (stage === 'user') hits += CALLS_AT_ONCE
      recoveries.push(await untilWriting(started))
    }
    told(`${recoveries.length} kills`, recoveries)
    return { started, hits }
  })
})

test('the same lines in the hands of five workers that die, one after the other', TIMEOUT, async () => {
  const load = loadOf(200, 16)
  const servedBefore = await answersServed(pipeline)
  await pipeline.simulator.control('/hold', { purpose: 'answer', count: 16 * 12 })
  const started = pipeline.begin(load.lines)
  for (let death = 0; death < 5; death++) {
    await until('calls are on the way', async () => (await heldCalls()) > 0, 30_000)
    await replace('user')
    await until('the simulator sees its caller gone', async () => (await heldCalls()) === 0, 30_000)
  }
  await pipeline.simulator.control('/release', {})
  // A call that the simulator held and that was cut off was never answered, and so not paid for.
  await expectHistory(pipeline, { load, started, end: await started.ended, servedBefore, mayBeTwice: 5 * CALLS_AT_ONCE })
})

test('Redis killed (-9) and started again with its AOF', TIMEOUT, async () => {
  await expectToOutlive(loadOf(1_500, CALLS), async (started) => {
    const recoveries: number[] = []
    for (let time = 0; time < (IS_FULL ? 8 : 1); time++) {
      const users = await usersOf(server)
      await server.kill()
      await delay(500 * random())
      await server.restart()
      for (const user of users) await server.redis.call('ACL', 'SETUSER', ...user)
      recoveries.push(await untilWriting(started))
    }
    told('Redis killed', recoveries)
    return { hits: recoveries.length * CALLS_AT_ONCE }
  })
})

test('Redis stopped for longer than a lock holds', TIMEOUT, async () => {
  await expectToOutlive(loadOf(1_500, CALLS), async (started) => {
    server.process.kill('SIGSTOP')
    await delay(LOCK_MS + 2_000)
    server.process.kill('SIGCONT')
    told('Redis stopped', [await untilWriting(started)])
    return { hits: 2 * CALLS_AT_ONCE }
  })
})

test(`all connections to Redis reset, ${RESETS} times`, TIMEOUT, async () => {
  await expectToOutlive(loadOf(1_500, CALLS), async (started) => {
    const recoveries: number[] = []
    for (let reset = 0; reset < RESETS && started.process.exitCode === null; reset++) {
      await way.cut()
      await delay(300 * random())
      await way.restore()
      recoveries.push(await untilWriting(started))
    }
    told('connections reset', recoveries)
    return { hits: RESETS * CALLS_AT_ONCE }
  })
})

// Only with --full: more than a minute passes until sockets are found dead and locks have run out.
for (const seconds of IS_FULL ? [20] : []) {
  test(`a way to Redis on which everything vanishes for ${seconds} s`, TIMEOUT, async () => {
    await expectToOutlive(loadOf(1_500, CALLS), async (started) => {
      way.hush()
      await delay(1_000 * seconds)
      way.speak()
      told('a black hole', [await untilWriting(started)])
      return { hits: 2 * CALLS_AT_ONCE }
    })
  })
}

test('Redis full', TIMEOUT, async () => {
  await expectToOutlive(loadOf(1_500, CALLS), async (started) => {
    const used = Number(/^used_memory:(\d+)/m.exec(await server.redis.info('memory'))?.[1])
    await server.redis.config('SET', 'maxmemory', String(Math.floor(used / 2)))
    await delay(4_000)
    await server.redis.config('SET', 'maxmemory', '0')
    told('Redis full', [await untilWriting(started)])
    return { hits: 4 * CALLS_AT_ONCE }
  })
})

// Only with --full: faults-endpoint.test.ts has the short ones.
for (const seconds of IS_FULL ? [60] : []) {
  test(`the endpoint away for ${seconds} s, then slow, then letting few through`, TIMEOUT, async () => {
    await expectToOutlive(loadOf(2_000, 300), async (started) => {
      await pipeline.simulator.control('', { outage: true })
      await delay(1_000 * seconds)
      await pipeline.simulator.control('', { outage: false, latency: { baseMs: 200 }, faults: { slowDrip: 0.2, dripMs: 1_000 } })
      told('the endpoint away', [await untilWriting(started)])
      await delay(1_000)
      await pipeline.simulator.control('', { faults: {}, latency: { baseMs: 50 }, storm: { allowPerSecond: 40, retryAfterSeconds: 1 } })
      await delay(20_000)
      await pipeline.simulator.control('', { storm: null, latency: { baseMs: 50 } })
      return { hits: CALLS_AT_ONCE }
    })
  })
}

test("a tool user and a dispatcher whose clocks are an hour off, before and after the others'", TIMEOUT, async () => {
  const others = (['user', 'producer'] as const).flatMap((stage) => pipeline.processes(stage))
  // Redis may still count a worker whose connection vanished before.
  const counted = () => Promise.all([pipeline.queues.workersOf('user'), pipeline.queues.workersOf('requests')])
  const [users, dispatchers] = await counted()
  const shifted = [
    pipeline.start('user', clockOff(3_600_000)),
    pipeline.start('user', clockOff(-3_600_000)),
    pipeline.start('producer', clockOff(3_600_000)),
  ]
  await until('they serve', async () => {
    const [usersNow, dispatchersNow] = await counted()
    return usersNow === users + 2 && dispatchersNow === dispatchers + 1
  })
  for (const other of others) await pipeline.kill(other)
  await pipeline.simulator.control('', { latency: { baseMs: 50 }, storm: { allowPerSecond: 60, retryAfterSeconds: 1 } })
  await expectToOutlive(loadOf(2_000, 2 * CALLS), async () => ({ hits: 3 * CALLS_AT_ONCE }))
  await pipeline.simulator.control('', { storm: null })
  for (const stage of ['user', 'producer'] as const) pipeline.start(stage)
  for (const process of shifted) await pipeline.kill(process)
})

test('a disk that is full for the writer: the run stops and says so, and goes on when there is room', TIMEOUT, async () => {
  const load = loadOf(2_000, CALLS)
  const servedBefore = await answersServed(pipeline)
  const full = pipeline.begin(load.lines, { maxFileBlocks: 100 })
  const end = await full.ended
  expect(end.code, end.talk).toBe(1)
  expect(end.talk).toMatch(/cannot be written.*(file too large|EFBIG|ENOSPC)/is)
  expect(end.talk).toContain(full.run)
  const started = goOn(load, full)
  await expectHistory(pipeline, { load, started, end: await started.ended, servedBefore, mayBeTwice: 0 })
})

test('two clients on one run: the second is refused while the first is alive, and nothing is answered twice', TIMEOUT, async () => {
  const load = loadOf(2_000, CALLS)
  await expectToOutlive(load, async (started) => {
    const second = await goOn(load, started).ended
    expect(second.code, second.talk).toBe(2)
    expect(second.talk).toContain(started.run)
    return { hits: 0 }
  })
})

test('a job that a newer version wrote waits for a newer worker, and one of an older version is done', TIMEOUT, async () => {
  const load = loadOf(300, 10)
  const later = 'r-newerjobaa'
  const known = load.lines.findIndex((line) => 'input' in line)
  await expectToOutlive(load, async ({ run }) => {
    const { queues } = pipeline
    // What no version of ours would write is not what `add` takes.
    const newer = { v: 2, run: later, lines: [{ somethingNew: true }] } as never
    await queues.add('direct', [{ id: 'newer', data: newer }])
    await until('it is put off', async () => (await queues.depth('direct')).delayed === 1)
    const older = {
      v: 1,
      run,
      lines: [{ seq: known, customId: `line-${known + 1}`, text: textOf(load.lines[known]), kindName: FAMILY }],
    } as never
    await queues.add('requests', [{ id: 'older', data: older }])
    await until('it is done', async () => (await queues.countOf('requests', run)) === 0)
    expect((await queues.depth('requests')).failed).toBe(0)
    expect(await queues.dropJobs(later)).toMatchObject({ dropped: 1 })
    return { hits: 0 }
  })
})

function textOf(line: unknown): string {
  return typeof line === 'object' && line !== null && 'input' in line ? String(line.input) : ''
}

/** Its users but the first, as ACL SETUSER takes them: without a file of users they go with the server. */
async function usersOf({ redis }: RedisServer): Promise<string[][]> {
  const lines = await redis.acl('LIST')
  return lines.flatMap((line) => {
    const [name = '', ...rules] = line.split(' ').slice(1)
    return name === 'default' ? [] : [[name, ...rules]]
  })
}

async function heldCalls(): Promise<number> {
  const answer = await pipeline.simulator.control('/held')
  return typeof answer === 'object' && answer !== null && 'held' in answer ? Number(answer.held) : 0
}

/** Environment of a process whose clock is off: what runs before it moves what `Date` says. */
function clockOff(ms: number): Record<string, string> {
  const source = `const now = Date.now; const Real = Date; globalThis.Date = class extends Real { constructor(...args) { args.length === 0 ? super(now() + ${ms}) : super(...args) } static now() { return now() + ${ms} } }`
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(source)}` }
}
