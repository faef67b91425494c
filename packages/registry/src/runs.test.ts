import { type Line, type LineResult, RunSettings } from '@toolwright/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Runs } from './runs.ts'
import { openTestRegistry, type TestRegistry } from './testing.ts'

const RUN = 'r-aaaaaaaaaa'
const SETTINGS = RunSettings.parse({ v: 1, make: 'eager' })

let data: TestRegistry
let runs: Runs
beforeEach(() => {
  data = openTestRegistry()
  runs = data.registry.runs
})
afterEach(() => data.close())

function failed(seq: number, message = 'no'): LineResult {
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
    error: { code: 'x', message },
  }
}

function line(seq: number): Line {
  return { seq, customId: `line-${seq}`, text: 'x', frame: '', hop: 0 }
}

test('a run is made once, and found as it was made', async () => {
  expect(await runs.get(RUN)).toBeNull()
  const made = await runs.open(RUN, SETTINGS, 'in.jsonl')
  expect(made).toMatchObject({
    id: RUN,
    state: 'active',
    haltedBy: null,
    settings: SETTINGS,
    source: 'in.jsonl',
    waiting: 0,
    dispatched: 0,
  })
  expect(made.ingest).toEqual({ offset: 0, seq: 0, lineNumber: 1, refused: 0, isDone: false, sha256: '', sendingTo: 0 })
  expect(made.files).toBeNull()
  const again = await runs.open(RUN, { ...SETTINGS, make: 'worth' }, 'other.jsonl')
  expect(again).toEqual(made)
})

test('where a run reads and writes is kept as it was last said', async () => {
  await runs.open(RUN, SETTINGS, 'in.jsonl')
  const files = { input: '/a/in.jsonl', output: null, errors: null, limit: 7, retries: null, host: 'here' }
  await runs.saveFiles(RUN, 'in.jsonl', { ...files, output: '/a/out.jsonl' })
  await runs.saveFiles(RUN, 'moved.jsonl', files)
  expect(await runs.get(RUN)).toMatchObject({ source: 'moved.jsonl', files })
})

test('a run is paused until it goes on or is opened again, and cancelled for good', async () => {
  await runs.open(RUN, SETTINGS, '-')
  await runs.setPaused(RUN, true)
  expect(await runs.get(RUN)).toMatchObject({ isPaused: true, isCancelled: false })
  await runs.setPaused(RUN, false)
  expect(await runs.get(RUN)).toMatchObject({ isPaused: false })
  await runs.setPaused(RUN, true)
  expect(await runs.open(RUN, SETTINGS, '-')).toMatchObject({ isPaused: false })
  await runs.cancel(RUN)
  expect(await runs.open(RUN, SETTINGS, '-')).toMatchObject({ isCancelled: true, haltedBy: null })
  expect(await runs.haltReason(RUN)).toBe('it was cancelled')
  // One that is forgotten is not brought back.
  await runs.forget(RUN)
  await runs.setPaused(RUN, true)
  await runs.cancel(RUN)
  expect(await runs.get(RUN)).toBeNull()
  expect(await data.redis.keys(`${data.keyPrefix}*`)).toEqual([])
})

test('runs are listed newest first', async () => {
  for (const id of ['r-aaaaaaaaaa', 'r-bbbbbbbbbb', 'r-cccccccccc']) {
    const opened = await runs.open(id, SETTINGS, '')
    await data.redis.zadd(`${data.keyPrefix}runs`, opened.createdAt + id.charCodeAt(2), id)
  }
  expect((await runs.list(2)).map(({ id }) => id)).toEqual(['r-cccccccccc', 'r-bbbbbbbbbb'])
})

function at(seq: number) {
  return { offset: seq * 10, seq, lineNumber: seq + 1, isDone: false }
}

test('a checkpoint is not moved on in a Redis that knows of fewer lines than were handed over', async () => {
  await runs.open(RUN, SETTINGS, '')
  expect(await runs.saveIngest(RUN, at(64), 0)).toBe(true)
  expect(await runs.saveIngest(RUN, at(128), 64)).toBe(true)
  expect(await runs.saveIngest(RUN, at(128), 64), 'done again').toBe(true)
  expect(await runs.saveIngest(RUN, at(256), 192)).toBe(false)
  expect((await runs.get(RUN))?.ingest.seq).toBe(128)
  await runs.forget(RUN)
  expect(await runs.saveIngest(RUN, at(256), 192)).toBe(false)
  expect(await runs.get(RUN)).toBeNull()
})

test('a checkpoint and frames are kept until the run is finished', async () => {
  await runs.open(RUN, SETTINGS, '')
  const checkpoint = { offset: 90, seq: 3, lineNumber: 4, refused: 0, isDone: true, sha256: 'ab', sendingTo: 5 }
  await runs.saveIngest(RUN, checkpoint)
  const frame = { messages: [{ role: 'system', content: 'Be brief.' }], stop: ['\n'] }
  await runs.saveFrames(RUN, new Map([['abc', frame]]))
  expect((await runs.get(RUN))?.ingest).toEqual(checkpoint)
  expect(await runs.frame(RUN, 'abc')).toEqual(frame)
  await expect(runs.frame(RUN, 'def')).rejects.toThrow('is not in the registry')
  await runs.finish(RUN, { done: 3 })
  expect(await runs.get(RUN)).toMatchObject({ state: 'done' })
  expect(await runs.summary(RUN)).toEqual({ done: 3 })
  await expect(runs.frame(RUN, 'abc')).rejects.toThrow('is not in the registry')
})

test('a run can bring more lines until all that it read has been dispatched', async () => {
  expect(await runs.canBringMore(RUN)).toBe(false)
  await runs.open(RUN, SETTINGS, '')
  expect(await runs.canBringMore(RUN)).toBe(true)
  await runs.saveIngest(RUN, { offset: 90, seq: 3, lineNumber: 3, refused: 0, isDone: true })
  await runs.noteDispatched(RUN, [line(0), line(2)])
  // A job that runs again counts once.
  await runs.noteDispatched(RUN, [line(0), line(2)])
  expect(await runs.canBringMore(RUN)).toBe(true)
  await runs.noteDispatched(RUN, [line(1)])
  expect(await runs.canBringMore(RUN)).toBe(false)
  await runs.noteDispatched(RUN, [line(0)], false)
  expect([await runs.canBringMore(RUN), (await runs.get(RUN))?.dispatched]).toEqual([true, 2])
})

test('lines whose result is on its way are known, also when the run has been finished meanwhile', async () => {
  await runs.open(RUN, SETTINGS, '')
  await runs.noteAnswered(RUN, [line(7), line(100_000)])
  await runs.finish(RUN, {})
  await runs.noteAnswered(RUN, [line(8)])
  expect(await runs.unanswered(RUN, [line(6), line(7), line(8), line(100_000), line(100_001)])).toEqual([line(6), line(100_001)])
  expect(await data.redis.ttl(`${data.keyPrefix}run:${RUN}:answered`)).toBeGreaterThan(0)
  await runs.forget(RUN)
  expect(await runs.unanswered(RUN, [line(7)])).toEqual([line(7)])
})

test('thousands of lines are noted at once, and what was kept for them goes, and nothing else', async () => {
  await runs.open(RUN, SETTINGS, '')
  const lines = Array.from({ length: 2_500 }, (_, index) => line(2 * index))
  const hashes = [`${data.keyPrefix}run:${RUN}:replies`, `${data.keyPrefix}run:${RUN}:tries`]
  const fields = lines.map(({ seq }) => `direct:${seq}`)
  for (const hash of hashes) await data.redis.hset(hash, Object.fromEntries([...fields, 'direct:1'].map((field) => [field, '{}'])))
  await runs.noteDispatched(RUN, lines)
  await runs.noteAnswered(RUN, lines, fields)
  expect((await runs.get(RUN))?.dispatched).toBe(2_500)
  expect(await runs.unanswered(RUN, [line(0), line(1), line(1_998), line(2_000), line(4_998), line(5_000)])).toEqual([line(1), line(5_000)])
  expect(await Promise.all(hashes.map((hash) => data.redis.hkeys(hash)))).toEqual([['direct:1'], ['direct:1']])
})

test('lines are sent again whose way is not decided', async () => {
  await runs.open(RUN, SETTINGS, '')
  await runs.noteDispatched(RUN, [line(1), line(3)])
  expect(await runs.undispatched(RUN, [line(0), line(1), line(2), line(3)])).toEqual([line(0), line(2)])
})

test('lines that could not become requests are not waited for', async () => {
  await runs.open(RUN, SETTINGS, '')
  await runs.saveIngest(RUN, { offset: 90, seq: 3, lineNumber: 4, refused: 2, isDone: true })
  expect(await runs.canBringMore(RUN)).toBe(true)
  await runs.noteDispatched(RUN, [line(2)])
  expect(await runs.canBringMore(RUN)).toBe(false)
})

test('a run halts for its first reason, until it is opened again', async () => {
  await runs.open(RUN, SETTINGS, '')
  expect(await runs.haltReason(RUN)).toBeNull()
  await runs.halt(RUN, 'the key is wrong')
  await runs.halt(RUN, 'no credit')
  expect(await runs.haltReason(RUN)).toBe('the key is wrong')
  expect((await runs.open(RUN, SETTINGS, '')).haltedBy).toBeNull()
})

test('what is kept of a finished run ends by itself, and does not when the run goes on', async () => {
  await runs.open(RUN, SETTINGS, '')
  const key = `${data.keyPrefix}run:${RUN}`
  await data.redis.rpush(`${key}:ledger`, '{}')
  await runs.finish(RUN, {})
  for (const name of [key, `${key}:ledger`]) expect(await data.redis.ttl(name)).toBeGreaterThan(86_400)
  await runs.open(RUN, SETTINGS, '')
  for (const name of [key, `${key}:ledger`]) expect(await data.redis.ttl(name)).toBe(-1)
  expect(await runs.get(RUN)).toMatchObject({ state: 'active' })
})

test('a run stays listed as long as it goes on, however old it is, and one that is finished as long as its record is kept', async () => {
  const old = ['r-oldactive2', 'r-oldjustend', 'r-oldexpired']
  for (const id of [...old, RUN]) await runs.open(id, SETTINGS, '')
  for (const id of old) await data.redis.zadd(`${data.keyPrefix}runs`, Date.now() - 30 * 86_400_000, id)
  await runs.finish('r-oldexpired', {})
  await data.redis.del(`${data.keyPrefix}run:r-oldexpired`)
  await runs.finish('r-oldjustend', {})
  await runs.finish(RUN, {})
  expect((await runs.list(10)).map(({ id, state }) => [id, state])).toEqual([
    [RUN, 'done'],
    ['r-oldjustend', 'done'],
    ['r-oldactive2', 'active'],
  ])
  expect(await data.redis.zcard(`${data.keyPrefix}runs`)).toBe(3)
})

test('a forgotten run leaves nothing', async () => {
  await runs.open(RUN, SETTINGS, '')
  await runs.saveFrames(RUN, new Map([['abc', { messages: [] }]]))
  const call = {
    run: RUN,
    field: 'x',
    kind: null,
    role: 'strong',
    purpose: 'answer',
    model: 'm',
    boundNano: 1,
    timeoutMs: 1,
    textBytes: 1,
  } as const
  await data.registry.money.begin(call)
  await data.registry.undelivered.hold(RUN, [failed(3)])
  await data.registry.undelivered.keepDuplicates(RUN, [{ first: 0, line: line(1) }])
  await runs.forget(RUN)
  // What a day has cost is the space's.
  expect(await data.redis.keys(`${data.keyPrefix}*`)).toEqual([`${data.keyPrefix}days`])
  expect(await runs.list(10)).toEqual([])
})

test('what went to a stream is known one by one, and forgotten with the run', async () => {
  expect((await runs.open(RUN, SETTINGS, 'in.jsonl')).written).toBe(0)
  expect(await runs.streamed(RUN)).toBeNull()
  await runs.noteWritten(RUN, 3, { seqs: [], tally: null })
  expect(await runs.streamed(RUN)).toBeNull()
  await runs.noteWritten(RUN, 3, { seqs: [0, 7, 8], tally: { answered: 3 } })
  await runs.noteWritten(RUN, 2, { seqs: [70_001, 7], tally: { answered: 4 } })
  expect((await runs.get(RUN))?.written).toBe(8)
  expect(await runs.streamed(RUN)).toEqual({ seqs: [0, 7, 8, 70_001], tally: { answered: 4 } })
  await runs.finish(RUN, {})
  expect((await runs.streamed(RUN))?.seqs).toHaveLength(4)
  await runs.forget(RUN)
  expect(await runs.streamed(RUN)).toBeNull()
})

test('a refusal is noted with the run that met it, and with none that is gone', async () => {
  const refusal = { endpoint: 'https://models.example/v1|big', message: 'it cannot be reached' }
  await runs.noteRefusal(RUN, refusal)
  expect(await runs.refusal(RUN)).toBeNull()
  await runs.open(RUN, SETTINGS, '')
  await runs.noteRefusal(RUN, { ...refusal, message: 'HTTP 503' })
  await runs.noteRefusal(RUN, refusal)
  expect(await runs.refusal(RUN)).toEqual(refusal)
})

test('a result is held as it came first, until it is written', async () => {
  const { undelivered } = data.registry
  await runs.open(RUN, SETTINGS, '')
  await undelivered.hold(RUN, [failed(7), failed(5)])
  await undelivered.hold(RUN, [failed(7, 'another end'), failed(6)])
  expect(new Set(await undelivered.held(RUN))).toEqual(new Set([5, 6, 7]))
  expect(await undelivered.readHeld(RUN, [4, 5, 7])).toEqual([failed(5), failed(7)])
  await runs.noteWritten(RUN, 2, { seqs: [], tally: null }, [5, 6])
  expect(await undelivered.held(RUN)).toEqual([7])
  await undelivered.dropHeld(RUN, [7])
  expect(await undelivered.held(RUN)).toEqual([])
})

test('lines that wait for the answer to the same request are kept with it', async () => {
  const { undelivered } = data.registry
  await runs.open(RUN, SETTINGS, '')
  const target = { ...line(9), target: 'ü', frame: 'f', customId: 'mine' }
  await undelivered.keepDuplicates(RUN, [
    { first: 3, line: line(8) },
    { first: 3, line: target },
  ])
  const waiting = (await undelivered.duplicates(RUN)).toSorted((a, b) => a.seq - b.seq)
  expect(waiting).toEqual([
    { first: 3, seq: 8 },
    { first: 3, seq: 9 },
  ])
  expect(await undelivered.readDuplicates(RUN, waiting)).toEqual([line(8), target])
  await undelivered.dropDuplicates(RUN, [{ first: 3, seq: 8 }])
  expect(await undelivered.duplicates(RUN)).toEqual([{ first: 3, seq: 9 }])
  await runs.finish(RUN, {})
  expect(await undelivered.duplicates(RUN)).toEqual([])
})
