import { type Line, type LineResult, RunSettings } from '@toolwright/contracts'
import { startWorker } from '@toolwright/queues'
import { openTestQueues, type TestQueues } from '@toolwright/queues/testing'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { openLog } from '@toolwright/runtime'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forgetRuns } from './forget-old.ts'

const RUN = 'r-aaaaaaaaaa'
const OTHER_RUN = 'r-bbbbbbbbbb'
const SETTINGS = RunSettings.parse({ v: 1, make: 'eager' })

let data: TestRegistry
let jobs: TestQueues
beforeEach(() => {
  data = openTestRegistry()
  jobs = openTestQueues()
})
afterEach(async () => {
  await jobs.close()
  await data.close()
})

function line(seq: number): Line {
  return { seq, customId: `line-${seq}`, text: `Sort ${seq}`, frame: '', hop: 0 }
}

function failed(seq: number): LineResult {
  return {
    status: 'failed',
    seq,
    customId: `line-${seq}`,
    kind: null,
    kindName: null,
    decidedBy: null,
    costNano: 0,
    baseline: { costNano: null, basis: 'unknown' },
    statusCode: 0,
    error: { code: 'x', message: 'no' },
  }
}

/** A run whose client has died: lines that are queued, that wait for a tool, that are answered and not delivered, and that failed. */
async function interrupt(run: string): Promise<void> {
  const { runs, kinds, failures, undelivered, money } = data.registry
  await runs.open(run, SETTINGS, 'in.jsonl')
  await runs.saveFrames(run, new Map([['f', { v: 1, messages: [], parameters: {} }]]))
  const kind = await kinds.named('sort words', '', 'Sort b a')
  await kinds.place(
    kind,
    run,
    `job-${run}`,
    Array.from({ length: 12 }, (_, seq) => line(seq)),
    'wait',
  )
  await runs.noteDispatched(run, [line(20)])
  await runs.noteAnswered(run, [line(21)])
  await runs.noteWritten(run, 1, { seqs: [22], tally: {} })
  await undelivered.hold(run, [failed(23)])
  await undelivered.keepDuplicates(run, [{ first: 20, line: line(24) }])
  await failures.keep(run, [line(25)])
  await money.begin({
    run,
    field: '20:answer',
    kind,
    role: 'strong',
    purpose: 'answer',
    model: 'big',
    boundNano: 1_000,
    timeoutMs: 60_000,
    textBytes: 40,
  })
  await jobs.queues.add('requests', [{ id: `requests-${run}`, data: { v: 1, run, lines: [line(20)] } }])
  await jobs.queues.add('results', [{ id: `results-${run}`, data: { v: 1, run, results: [failed(21)] } }], run)
}

async function keysOf(run: string): Promise<string[]> {
  const all = await data.redis.keys(`*${run}*`)
  return all.filter((key) => key.startsWith(data.keyPrefix) || key.startsWith(jobs.prefix))
}

const services = () => ({ registry: data.registry, queues: jobs.queues })
const recordKey = (run: string) => `${data.keyPrefix}run:${run}`
const attendedAgo = (run: string, ms: number) => data.redis.hset(recordKey(run), 'attendedAt', Date.now() - ms)

test('an interrupted run that nobody came back to leaves nothing, and others stay as they are', async () => {
  await interrupt(RUN)
  await interrupt(OTHER_RUN)
  await attendedAgo(RUN, 3_600_000)
  const others = await keysOf(OTHER_RUN)
  expect((await keysOf(RUN)).length).toBe(others.length)

  expect(await forgetRuns(services(), 1_800_000)).toEqual([RUN])
  expect(await keysOf(RUN)).toEqual([])
  expect((await keysOf(OTHER_RUN)).toSorted()).toEqual(others.toSorted())
  expect((await data.registry.runs.list(10)).map(({ id }) => id)).toEqual([OTHER_RUN])
  const [kind] = await data.registry.kinds.kindsWithWaiting()
  const waiting = await data.registry.kinds.peekWaiting(kind!, 100)
  expect(waiting.length).toBeGreaterThan(0)
  expect(new Set(waiting.map(({ run }) => run))).toEqual(new Set([OTHER_RUN]))
  expect(await jobs.queues.countOf('requests', OTHER_RUN)).toBe(1)
})

test('a run that somebody came back to stays, and so does one that has ended', async () => {
  await interrupt(RUN)
  await attendedAgo(RUN, 3_600_000)
  await data.registry.runs.attend(RUN)
  await interrupt(OTHER_RUN)
  await data.registry.runs.finish(OTHER_RUN, {})
  await attendedAgo(OTHER_RUN, 3_600_000)
  expect(await forgetRuns(services(), 1_800_000)).toEqual([])
  expect(await data.registry.runs.get(RUN)).toMatchObject({ state: 'active', isCancelled: false })
  expect(await data.registry.runs.get(OTHER_RUN)).toMatchObject({ state: 'done', isCancelled: false })
})

test('the time of a run that an older version began runs from when it is first looked at', async () => {
  await interrupt(RUN)
  await data.redis.hdel(recordKey(RUN), 'attendedAt')
  expect(await forgetRuns(services(), 1_800_000)).toEqual([])
  await attendedAgo(RUN, 3_600_000)
  expect(await forgetRuns(services(), 1_800_000)).toEqual([RUN])
})

test('a run whose client is alive stays, however long it has said nothing', async () => {
  await interrupt(RUN)
  await attendedAgo(RUN, 3_600_000)
  const client = startWorker({
    queue: 'results',
    run: RUN,
    redis: jobs.redis,
    queues: jobs.queues,
    concurrency: 1,
    log: openLog({ stage: 'client', level: 'error' }),
    handle: () => Promise.resolve(null),
    bury: () => Promise.resolve(),
  })
  await until(async () => (await jobs.queues.workersOf('results', RUN)) === 1)
  expect(await forgetRuns(services(), 1_800_000)).toEqual([])
  await client.close(1_000)
  await until(async () => (await jobs.queues.workersOf('results', RUN)) === 0)
  // It counts as there from then on.
  expect(await forgetRuns(services(), 1_800_000)).toEqual([])
  await attendedAgo(RUN, 3_600_000)
  expect(await forgetRuns(services(), 1_800_000)).toEqual([RUN])
})

test('a run of which a worker has a job in hand is cancelled, and goes when the worker has let go of it', async () => {
  await interrupt(RUN)
  await attendedAgo(RUN, 3_600_000)
  const { promise: released, resolve: release } = Promise.withResolvers<null>()
  const taken = Promise.withResolvers<null>()
  const worker = startWorker({
    queue: 'requests',
    redis: jobs.redis,
    queues: jobs.queues,
    concurrency: 1,
    log: openLog({ stage: 'producer', level: 'error' }),
    handle: () => {
      taken.resolve(null)
      return released
    },
    bury: () => Promise.resolve(),
  })
  await taken.promise
  expect(await forgetRuns(services(), 1_800_000)).toEqual([])
  expect(await data.registry.runs.get(RUN)).toMatchObject({ isCancelled: true })
  release(null)
  await until(async () => (await jobs.queues.countOf('requests', RUN)) === 0)
  expect(await forgetRuns(services(), 1_800_000)).toEqual([RUN])
  await worker.close(1_000)
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(20)
}
