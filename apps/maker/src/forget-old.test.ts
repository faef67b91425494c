import { type Line, type LineResult, RunSettings } from '@toolwright/contracts'
import { openTestQueues, type TestQueues } from '@toolwright/queues/testing'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
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

test('an interrupted run that nobody came back to leaves nothing, and others stay as they are', async () => {
  await interrupt(RUN)
  await data.redis.hset(`${data.keyPrefix}run:${RUN}`, 'attendedAt', Date.now() - 10_000)
  await data.redis.zadd(`${data.keyPrefix}runs`, Date.now() - 20_000, RUN)
  await interrupt(OTHER_RUN)
  const others = await keysOf(OTHER_RUN)
  expect((await keysOf(RUN)).length).toBe(others.length)

  expect(await forgetRuns(services(), Date.now() - 5_000)).toEqual([RUN])
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
  await data.redis.zadd(`${data.keyPrefix}runs`, Date.now() - 20_000, RUN)
  await data.redis.hset(`${data.keyPrefix}run:${RUN}`, 'attendedAt', Date.now() - 10_000)
  await data.registry.runs.attend(RUN)
  await interrupt(OTHER_RUN)
  await data.redis.zadd(`${data.keyPrefix}runs`, Date.now() - 20_000, OTHER_RUN)
  await data.redis.hset(`${data.keyPrefix}run:${OTHER_RUN}`, 'attendedAt', Date.now() - 10_000)
  await data.registry.runs.finish(OTHER_RUN, {})
  expect(await forgetRuns(services(), Date.now() - 5_000)).toEqual([])
  expect(await data.registry.runs.get(RUN)).toMatchObject({ state: 'active', isCancelled: false })
  expect(await data.registry.runs.get(OTHER_RUN)).toMatchObject({ state: 'done', isCancelled: false })
})
