import type { QueueName } from '@toolwright/contracts'
import { openWayToRedis, type WayToRedis } from '@toolwright/queues/testing'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import {
  beginLabelled,
  type Calls,
  expectHistory,
  FAMILY,
  type Load,
  loadOf,
  makeTool,
  replaceUser,
  strikeAt,
  told,
  untilWriting,
  untilWritten,
  watchCalls,
} from './fault-load.ts'
import { SHARED_QUEUES } from './kept-keys.ts'
import { openPipeline, type Pipeline, type Stage, type StartedRun, until } from './pipeline.ts'
import { openRedisServers, type RedisServer, type RedisServers } from './redis-servers.ts'

/** `./toolwright test faults --full`: more of everything. */
const IS_FULL = process.env['TOOLWRIGHT_FAULTS'] === 'full'
const KILLS = IS_FULL ? 60 : 6
const RESETS = IS_FULL ? 40 : 4
/** Requests for the strong model among a load's others: with two calls at a time these are what keeps a run going. */
const CALLS = IS_FULL ? 150 : 70
/** Calls that one tool user has on the way at most, as these tests start it: jobs of `direct` times lines in each. */
const CALLS_AT_ONCE = 2 * 8
const LOCK_MS = 6_000
/** Locks are renewed every half of that: whoever finds Redis back within as long has lost none, holds its calls' replies still, and books them. */
const LOCKS_HOLD_MS = LOCK_MS / 2
const HOUR_MS = 3_600_000
const TIMEOUT = { timeout: IS_FULL ? 900_000 : 150_000 }
const VICTIMS = ['producer', 'user', 'maker', 'executor', 'exporter', 'client'] as const

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

interface Hit {
  started: StartedRun
  calls: Calls
}

/**
 * Starts the load, lets `fault` happen to it once it flows, and holds the history against what must be. `fault` returns how many calls it has
 * hit, which may be paid for twice, and the run that goes on, where that is another.
 */
async function expectToOutlive(
  load: Load,
  fault: (hit: Hit) => Promise<{ started?: StartedRun; mayBeTwice: number }>,
  environment: Record<string, string> = {},
): Promise<void> {
  const calls = await watchCalls(pipeline, load)
  const begun = pipeline.begin(load.lines, { environment })
  await untilWritten(begun, 50)
  const { started = begun, mayBeTwice } = await fault({ started: begun, calls })
  await expectHistory(pipeline, { load, started, end: await started.ended, calls, mayBeTwice })
}

/** kill -9 of the stage's process, and another in its place. */
async function replace(stage: Stage): Promise<void> {
  const [victim] = pipeline.processes(stage)
  pipeline.start(stage)
  await pipeline.kill(victim!)
}

const goOn = (load: Load, { run }: StartedRun) => pipeline.begin(load.lines, { run })

test(`kill -9 of any process, ${KILLS} times at random, with lines that fail for good among the others`, TIMEOUT, async () => {
  const load = IS_FULL ? loadOf(20_000, 4_000, 400) : loadOf(3_000, 150, 30)
  // It serves nobody's run, and is killed as they are.
  pipeline.start('exporter')
  await expectToOutlive(load, async ({ started: begun, calls }) => {
    let started = begun
    let lost = 0
    const lostAtOnce: number[] = []
    const recoveries: number[] = []
    let left: (typeof VICTIMS)[number][] = []
    for (let kill = 0; kill < KILLS && started.process.exitCode === null; kill++) {
      await delay(200 + 800 * random())
      if (left.length === 0) left = [...VICTIMS]
      const [victim] = left.splice(Math.floor(left.length * random()), 1)
      if (victim === 'client') {
        await pipeline.kill(started.process)
        started = goOn(load, started)
      } else if (victim === 'user') {
        const lostBefore = lost
        lost = await replaceUser(pipeline, started.run, calls)
        lostAtOnce.push(lost - lostBefore)
      } else await replace(victim!)
      recoveries.push(await untilWriting(started))
    }
    told(`${recoveries.length} kills`, recoveries, 'writing again', lost)
    expect(lostAtOnce.filter((replies) => replies > CALLS_AT_ONCE)).toEqual([])
    // Replies that were served while their process died, which nobody was left to book.
    return { started, mayBeTwice: lost }
  })
  const [exporter, ...more] = pipeline.processes('exporter')
  expect(more).toEqual([])
  await pipeline.kill(exporter!)
})

test('the same batch in the hands of five workers that die, one after the other', TIMEOUT, async () => {
  const { lines, ...counts } = loadOf(200, 2)
  // Two that follow on one another are one batch: it dies three times, then each of them alone, at the same time.
  const load = { ...counts, lines: lines.toSorted((a, b) => Number('input' in a) - Number('input' in b)) }
  const calls = await watchCalls(pipeline, load)
  await pipeline.simulator.control('/hold', { purpose: 'answer' })
  const started = pipeline.begin(load.lines)
  const recoveries: number[] = []
  let diedAt: number | null = null
  for (let death = 0; death < 5; death++) {
    await until('both calls are on the way', async () => (await calls.underWay()) === 2, 30_000)
    if (diedAt !== null) recoveries.push(Math.round(performance.now() - diedAt))
    diedAt = performance.now()
    expect(await replaceUser(pipeline, started.run, calls)).toBe(0)
  }
  await pipeline.simulator.control('/release', {})
  told('five deaths', recoveries, 'the batch at work again')
  // A call that the simulator held and that was cut off was never answered, and so not paid for.
  await expectHistory(pipeline, { load, started, end: await started.ended, calls, mayBeTwice: 0 })
})

test('Redis killed (-9) and started again with its AOF', TIMEOUT, async () => {
  await expectToOutlive(loadOf(1_500, CALLS), async ({ started, calls }) => {
    const recoveries: number[] = []
    let mayBeTwice = 0
    let hits = 0
    for (let time = 0; time < (IS_FULL ? 8 : 1); time++) {
      const users = await usersOf(server)
      const { hit, at } = await strikeAt(pipeline, started.run, calls, () => server.kill())
      await delay(500 * random())
      await server.restart()
      for (const user of users) await server.redis.call('ACL', 'SETUSER', ...user)
      recoveries.push(await untilWriting(started))
      mayBeTwice += hitBy(performance.now() - at, hit)
      hits += hit
    }
    told('Redis killed', recoveries, 'writing again', hits)
    return { mayBeTwice }
  })
})

test('Redis stopped for longer than a lock holds', TIMEOUT, async () => {
  await expectToOutlive(loadOf(1_500, CALLS), async ({ started, calls }) => {
    const { hit: mayBeTwice } = await strikeAt(pipeline, started.run, calls, () => void server.process.kill('SIGSTOP'))
    await delay(LOCK_MS + 2_000)
    server.process.kill('SIGCONT')
    told('Redis stopped', [await untilWriting(started)], 'writing again', mayBeTwice)
    return { mayBeTwice }
  })
})

test(`all connections to Redis reset, ${RESETS} times`, TIMEOUT, async () => {
  await expectToOutlive(loadOf(1_500, CALLS), async ({ started, calls }) => {
    const recoveries: number[] = []
    let mayBeTwice = 0
    let hits = 0
    for (let reset = 0; reset < RESETS && started.process.exitCode === null; reset++) {
      const { hit, at } = await strikeAt(pipeline, started.run, calls, () => way.cut())
      await delay(300 * random())
      await way.restore()
      recoveries.push(await untilWriting(started))
      mayBeTwice += hitBy(performance.now() - at, hit)
      hits += hit
    }
    told('connections reset', recoveries, 'writing again', hits)
    return { mayBeTwice }
  })
})

// Only with --full: more than a minute passes until sockets are found dead and locks have run out.
for (const seconds of IS_FULL ? [20] : []) {
  test(`a way to Redis on which everything vanishes for ${seconds} s`, TIMEOUT, async () => {
    await expectToOutlive(loadOf(1_500, CALLS), async ({ started, calls }) => {
      const { hit: mayBeTwice } = await strikeAt(pipeline, started.run, calls, () => way.hush())
      await delay(1_000 * seconds)
      way.speak()
      told('a black hole', [await untilWriting(started)], 'writing again', mayBeTwice)
      return { mayBeTwice }
    })
  })
}

test('Redis full', TIMEOUT, async () => {
  await expectToOutlive(loadOf(1_500, CALLS), async ({ started, calls }) => {
    const used = Number(/^used_memory:(\d+)/m.exec(await server.redis.info('memory'))?.[1])
    const { hit: mayBeTwice } = await strikeAt(pipeline, started.run, calls, async () => {
      await server.redis.config('SET', 'maxmemory', String(Math.floor(used / 2)))
    })
    await delay(4_000)
    await server.redis.config('SET', 'maxmemory', '0')
    told('Redis full', [await untilWriting(started)], 'writing again', mayBeTwice)
    return { mayBeTwice }
  })
})

// Only with --full: faults-endpoint.test.ts has the short ones.
for (const seconds of IS_FULL ? [60] : []) {
  test(`the endpoint away for ${seconds} s, then slow, then letting few through`, TIMEOUT, async () => {
    await expectToOutlive(loadOf(2_000, 300), async ({ started }) => {
      const { control } = pipeline.simulator
      await control('', { outage: true })
      await delay(1_000 * seconds)
      await control('', { outage: false })
      told('the endpoint away', [await untilWriting(started)])
      await control('', { faults: { slowDrip: 0.2, dripMs: 1_000 } })
      await delay(5_000)
      await control('', { faults: { slowDrip: 0 } })
      told('slow-drip replies', [await untilWriting(started)])
      await control('', { latency: { baseMs: 50 }, storm: { allowPerSecond: 40, retryAfterSeconds: 1 } })
      await delay(20_000)
      await control('', { storm: null })
      told('a storm of 429', [await untilWriting(started)])
      // A call that is refused is not paid for, and a slow reply is waited for.
      return { mayBeTwice: 0 }
    })
  })
}

// No libfaketime: the tool chain has none, and takes nothing of the machine's. What is moved is what the code asks for the time: `Date`.
test("one of every kind of process whose clock is an hour off, before and after the others'", TIMEOUT, async () => {
  const stages = [
    { stage: 'user', ms: HOUR_MS },
    { stage: 'user', ms: -HOUR_MS },
    { stage: 'producer', ms: HOUR_MS },
    { stage: 'maker', ms: -HOUR_MS },
    { stage: 'executor', ms: HOUR_MS },
  ] as const
  const right = [...new Set(stages.map(({ stage }) => stage))]
  const others = right.flatMap((stage) => pipeline.processes(stage))
  const shifted = stages.map(({ stage, ms }) => pipeline.start(stage, clockOff(ms)))
  const serving = new Set<number>()
  await until('they serve', () => {
    for (const [, pid] of pipeline.log().matchAll(/"pid":(\d+),"queue":.*"message":"serving"/g)) serving.add(Number(pid))
    return shifted.every(({ pid }) => serving.has(pid!))
  })
  for (const other of others) await pipeline.kill(other)
  const from = performance.now()
  const known = (await pipeline.publishedVersions()).size
  await makeTool(pipeline, { family: 'date-to-iso', known, environment: clockOff(-HOUR_MS) })
  told('clocks an hour off', [Math.round(performance.now() - from)], 'a tool made')
  await pipeline.simulator.control('', { latency: { baseMs: 50 }, storm: { allowPerSecond: 60, retryAfterSeconds: 1 } })
  await expectToOutlive(loadOf(2_000, 2 * CALLS), goesOn, clockOff(HOUR_MS))
  await pipeline.simulator.control('', { storm: null })
  for (const stage of right) pipeline.start(stage)
  for (const process of shifted) await pipeline.kill(process)
})

test('a disk that is full for the writer: the run stops and says so, and goes on when there is room', TIMEOUT, async () => {
  const load = loadOf(2_000, CALLS)
  const calls = await watchCalls(pipeline, load)
  const full = pipeline.begin(load.lines, { maxFileBlocks: 100 })
  const end = await full.ended
  expect(end.code, end.talk).toBe(1)
  expect(end.talk).toMatch(/cannot be written.*(file too large|EFBIG|ENOSPC)/is)
  expect(end.talk).toContain(full.run)
  const started = goOn(load, full)
  told('a disk with room again', [await untilWriting(started)])
  await expectHistory(pipeline, { load, started, end: await started.ended, calls, mayBeTwice: 0 })
})

test('two clients on one run: the second is refused while the first is alive, and nothing is answered twice', TIMEOUT, async () => {
  const load = loadOf(2_000, CALLS)
  await expectToOutlive(load, async ({ started }) => {
    const from = performance.now()
    const second = await goOn(load, started).ended
    told('a second client', [Math.round(performance.now() - from)], 'refused')
    expect(second.code, second.talk).toBe(2)
    expect(second.talk).toContain(started.run)
    told('a second client', [await untilWriting(started)], 'the first goes on writing')
    return { mayBeTwice: 0 }
  })
})

test('a job that a newer version wrote waits for a newer worker, and holds up nothing', TIMEOUT, async () => {
  await expectToOutlive(loadOf(300, 10), async ({ started }) => {
    const { queues } = pipeline
    const later = 'r-newerjobaa'
    // What no version of ours would write is not what `add` takes.
    const newer = { v: 2, run: later, lines: [{ somethingNew: true }] } as never
    const from = performance.now()
    await queues.add('direct', [{ id: 'newer', data: newer }])
    await until('it is put off', async () => (await queues.depth('direct')).delayed === 1)
    told('a job of a newer version', [Math.round(performance.now() - from)], 'put off')
    told('a job of a newer version', [await untilWriting(started)])
    expect(await queues.dropJobs(later)).toMatchObject({ dropped: 1 })
    return { mayBeTwice: 0 }
  })
})

test('jobs of every queue as the first published version wrote them are done', TIMEOUT, async () => {
  const { queues, registry } = pipeline
  const { input, jobs } = jobsOfFirstVersion()
  const publishedBefore = (await pipeline.publishedVersions()).size
  for (const maker of pipeline.processes('maker')) await pipeline.kill(maker)
  const making = beginLabelled(pipeline, 'schedule')
  await until('all is done but the make', async () => {
    const depths = await Promise.all(SHARED_QUEUES.map((queue) => queues.depth(queue)))
    const busy = depths.reduce((sum, { waiting, active, delayed }) => sum + waiting + active + delayed, 0)
    return busy === 1 && (await queues.depth('maker')).waiting === 1
  })
  expect(await queues.dropJobs(making.run)).toEqual({ dropped: 1, held: 0 })
  await add(jobs('maker', making.run, await kindNamed('schedule')))
  pipeline.start('maker')
  const made = await making.ended
  expect(made.code, `${made.talk}\n${pipeline.log()}`).toBe(0)
  expect(await pipeline.publishedVersions()).toHaveProperty('size', publishedBefore + 1)

  for (const producer of pipeline.processes('producer')) await pipeline.kill(producer)
  const calls = await watchCalls(pipeline, { direct: 0 })
  const started = pipeline.begin(input)
  await until('all is read', async () => (await registry.runs.get(started.run))?.ingest.isDone === true)
  await queues.dropJobs(started.run)
  const from = performance.now()
  const ofRun = async (queue: QueueName) => jobs(queue, started.run, await kindNamed(FAMILY))
  await add(await ofRun('execution'))
  let executed: [string, string[]] | undefined
  await until('its calls are made', async () => {
    const events = await server.redis.xrange(`${queues.prefix}:execution:events`, '-', '+')
    executed = events.find(([, fields]) => fields.includes('completed'))
    return executed !== undefined
  })
  expect(JSON.stringify(executed).match(/status[^,}]*ok/g)).toHaveLength(3)
  for (const queue of ['requests', 'user', 'direct', 'results'] as const) await add(await ofRun(queue))
  pipeline.start('producer')
  const end = await started.ended
  told('jobs of the first version', [Math.round(performance.now() - from)], 'all done')
  const direct = end.results.filter(({ toolwright }) => toolwright.tier === 'direct').length
  const load = { lines: input, direct: direct - RECORDED_DIRECT_RESULTS, refused: 0 }
  expect(load.direct).toBeGreaterThan(0)
  await expectHistory(pipeline, { load, started, end, calls, mayBeTwice: 0 })
})

interface RecordedJob {
  queue: QueueName
  id: string
  data: never
  run: string
}

/** One of the recorded results is an answer of the strong model. */
const RECORDED_DIRECT_RESULTS = 1

/**
 * What the first published version (of 20 November 2026) added to its queues in a run of these lines, and in one that made a tool: recorded when that
 * version was run over its simulator. Of a line that went from queue to queue one job is kept, so that the jobs are the whole run, once. `jobs`: a queue's,
 * as if they were about this run and this kind.
 */
function jobsOfFirstVersion(): { input: object[]; jobs: (queue: QueueName, run: string, kind: string) => RecordedJob[] } {
  const recorded = linesOf('jobs.jsonl')
  return {
    input: linesOf('input.jsonl').map((line) => z.looseObject({}).parse(JSON.parse(line))),
    jobs: (queue, run, kind) =>
      recorded.flatMap((text) => {
        const job = RecordedJob.parse(JSON.parse(text.replaceAll(/r-record\w{4}/g, run).replaceAll('k-unit-conversion-064515', kind)))
        // What another version wrote is not what `add` takes.
        return job.queue === queue ? [{ queue, id: job.id, data: job.data as never, run }] : []
      }),
  }
}

function linesOf(name: string): string[] {
  return readFileSync(join(import.meta.dirname, '../fixtures/jobs-v1', name), 'utf8')
    .trimEnd()
    .split('\n')
}

const RecordedJob = z.object({ queue: z.string(), id: z.string(), data: z.unknown() })

async function add(jobs: RecordedJob[]): Promise<void> {
  expect(jobs).not.toEqual([])
  for (const { queue, id, data, run } of jobs) await pipeline.queues.add(queue, [{ id, data }], queue === 'results' ? run : undefined)
}

async function kindNamed(name: string): Promise<string> {
  for (const id of await pipeline.registry.kinds.list()) if ((await pipeline.registry.kinds.get(id))?.name === name) return id
  throw new Error(`there is no kind ${name}`)
}

async function goesOn({ started }: Hit): Promise<{ mayBeTwice: number }> {
  told('clocks an hour off', [await untilWriting(started)])
  return { mayBeTwice: 0 }
}

/** Its users but the first, as ACL SETUSER takes them: without a file of users they go with the server. */
async function usersOf({ redis }: RedisServer): Promise<string[][]> {
  const lines = await redis.acl('LIST')
  return lines.flatMap((line) => {
    const [name = '', ...rules] = line.split(' ').slice(1)
    return name === 'default' ? [] : [[name, ...rules]]
  })
}

/** Of the calls that were on the way when Redis went, those that may have been paid for in vain after so long. */
function hitBy(awayMs: number, calls: number): number {
  return awayMs < LOCKS_HOLD_MS ? 0 : calls
}

/** Environment of a process whose clock is off: what runs before it moves what `Date` says. */
function clockOff(ms: number): Record<string, string> {
  const source = `const now = Date.now; const Real = Date; globalThis.Date = class extends Real { constructor(...args) { args.length === 0 ? super(now() + ${ms}) : super(...args) } static now() { return now() + ${ms} } }`
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(source)}` }
}
