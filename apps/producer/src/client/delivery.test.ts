import type { LineResult } from '@toolwright/contracts'
import { RunSettings } from '@toolwright/contracts'
import { connectMortal, openTestQueues, type TestQueues } from '@toolwright/queues/testing'
import { openRegistry } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Delivery, type DeliveryOptions, openDelivery } from './delivery.ts'
import { createReadTimes } from './read-times.ts'

const RUN = 'r-abcdefghij'
const ORDERED = RunSettings.parse({ v: 1, ordered: true })

let data: TestRegistry
let jobs: TestQueues
let folder: string
let out: string
let failures: Error[]
beforeEach(async () => {
  data = openTestRegistry()
  jobs = openTestQueues()
  folder = mkdtempSync(join(tmpdir(), 'toolwright-delivery-'))
  out = join(folder, 'out.jsonl')
  failures = []
  await data.registry.runs.open(RUN, ORDERED, '')
})
afterEach(async () => {
  await data.close()
  await jobs.close()
  rmSync(folder, { recursive: true })
})

async function open(options: Partial<DeliveryOptions> = {}): Promise<Delivery> {
  const delivery = await openDelivery({
    registry: data.registry,
    queues: jobs.queues,
    run: RUN,
    settings: ORDERED,
    output: out,
    errors: null,
    spoolFolder: folder,
    say: () => undefined,
    readTimes: createReadTimes(() => performance.now()),
    onFailure: (error) => failures.push(error),
    ...options,
  })
  await delivery.begin()
  return delivery
}

const common = { kind: null, kindName: null, decidedBy: null, costNano: 0, baseline: { costNano: null, basis: 'unknown' as const } }

function answered(seq: number, answer = `answer ${seq} ${'ü'.repeat(seq % 40)}`): LineResult {
  const direct = { tier: 'direct' as const, tool: null, version: null, model: 'big', completion: null, usage: null, correct: null }
  return { ...common, ...direct, status: 'answered', seq, customId: `line-${seq}`, answer }
}

function failed(seq: number): LineResult {
  return { ...common, status: 'failed', seq, customId: `line-${seq}`, statusCode: 500, error: { code: 'no', message: 'no' } }
}

function seqsIn(text: string): number[] {
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { toolwright: { seq: number } }).toolwright.seq)
}

const seqsOf = (path: string) => seqsIn(readFileSync(path, 'utf8'))
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)

test('an ordered run has its lines in the order of the input, failed ones among them, whatever order results come in', async () => {
  const delivery = await open()
  await delivery.take([answered(3), failed(1)])
  await delivery.take([answered(5)])
  expect([delivery.size, delivery.early]).toEqual([0, 3])
  await delivery.take([answered(0)])
  expect([delivery.size, delivery.early]).toEqual([2, 2])
  await Promise.all([delivery.take([answered(4), answered(5)]), delivery.take([failed(2), answered(0)]), delivery.take([answered(6)])])
  expect([delivery.size, delivery.early]).toEqual([7, 0])
  await delivery.close()
  expect(seqsOf(out)).toEqual(upTo(7))
  expect(delivery.tally).toMatchObject({ answered: 5, failed: 2 })
  expect(await data.registry.undelivered.held(RUN)).toEqual([])
  expect((await data.registry.runs.get(RUN))?.written).toBe(7)
})

test('with a file for errors, each of the two files is in order', async () => {
  const errors = join(folder, 'errors.jsonl')
  const delivery = await open({ errors })
  for (const seqs of [
    [9, 2, 7],
    [5, 4, 8],
    [0, 3],
    [1, 6],
  ])
    await delivery.take(seqs.map((seq) => (seq % 3 === 1 ? failed(seq) : answered(seq))))
  await delivery.close()
  expect([seqsOf(out), seqsOf(errors)]).toEqual([
    [0, 2, 3, 5, 6, 8, 9],
    [1, 4, 7],
  ])
})

test('what came early is there for the next process, and goes to a pipe in order too', async () => {
  const first = new PassThrough()
  const dying = await open({ output: first })
  await dying.take([answered(0), answered(2), answered(4)])
  await dying.close()
  const second = new PassThrough()
  const delivery = await open({ output: second })
  expect([delivery.size, delivery.early]).toEqual([1, 2])
  await delivery.take([answered(1), answered(2, 'once more'), answered(3)])
  await delivery.close()
  first.end()
  second.end()
  const [before, after] = await Promise.all([first, second].map(async (stream) => (await Array.fromAsync(stream)).join('')))
  expect([seqsIn(before!), seqsIn(after!)]).toEqual([[0], [1, 2, 3, 4]])
  // The first word counts.
  expect(after).not.toContain('once more')
})

test(
  'a process that dies before it has let go of what it wrote: cut at any byte, the files are made whole',
  { timeout: 60_000 },
  async () => {
    const errors = join(folder, 'errors.jsonl')
    const before = await open({ errors })
    await before.take([answered(0), failed(1)])
    await before.close()
    const [keptOut, keptErrors] = [out, errors].map((path) => readFileSync(path).length) as [number, number]

    // It holds three results, and is gone when they are in the files.
    const mortal = await connectMortal(jobs.redisUrl, 1)
    const dying = await open({ errors, registry: openRegistry({ redis: mortal.redis, keyPrefix: data.keyPrefix }) })
    void dying.take([failed(3), answered(2), answered(4)])
    await mortal.died
    await dying.close()
    const [wholeOut, wholeErrors] = [readFileSync(out), readFileSync(errors)]
    expect([seqsOf(out), seqsOf(errors)]).toEqual([
      [0, 2, 4],
      [1, 3],
    ])
    expect(new Set(await data.registry.undelivered.held(RUN))).toEqual(new Set([2, 3, 4]))

    const cuts = [
      ...Array.from({ length: Math.ceil((wholeOut.length - keptOut) / 29) }, (_, at) => [keptOut + at * 29, wholeErrors.length]),
      ...Array.from({ length: Math.ceil((wholeErrors.length - keptErrors) / 29) }, (_, at) => [wholeOut.length, keptErrors + at * 29]),
    ]
    for (const [cutOut, cutErrors] of cuts) {
      await data.registry.undelivered.hold(RUN, [failed(3), answered(2), answered(4)])
      truncateSync(out, cutOut)
      truncateSync(errors, cutErrors)
      const again = await open({ errors })
      await again.close()
      expect([again.size, again.early]).toEqual([5, 0])
      expect([seqsOf(out), seqsOf(errors)]).toEqual([
        [0, 2, 4],
        [1, 3],
      ])
      expect(await data.registry.undelivered.held(RUN)).toEqual([])
    }
  },
)

test('a disk that is full stops the run, and what could not be written is kept', async () => {
  const delivery = await open({ output: '/dev/full' })
  await expect(delivery.take([answered(1), answered(0)])).rejects.toThrow('could not be written')
  expect(failures[0]?.message).toContain('ENOSPC')
  await delivery.close()
  expect(new Set(await data.registry.undelivered.held(RUN))).toEqual(new Set([0, 1]))
})

test('nothing is left in the folder of spools, while one is in use and after', async () => {
  const stream = new PassThrough()
  const delivery = await open({ output: stream, settings: RunSettings.parse({ v: 1, dedupe: true }), spoolFolder: join(folder, 'runs') })
  await delivery.take([answered(0)])
  expect(readdirSync(join(folder, 'runs'))).toEqual([])
  await delivery.close()
  stream.end()
  expect(seqsIn((await Array.fromAsync(stream)).join(''))).toEqual([0])
})
