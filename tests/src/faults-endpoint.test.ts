import { familyNamed, generateStream, type StreamLine } from '@toolwright/families'
import type { ChildProcess } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { expectNothingLeft, told, untilWriting } from './fault-load.ts'
import { openPipeline, type Pipeline, readResults, type RunEnd, seqsOf, until } from './pipeline.ts'
import { served, type Served } from './served.ts'

const OUTAGE_MS = 20_000
const MIN_STORM_MS = 10_000
const EXTRACTED = 3_000
/** Two of user, one of maker: all that call models. */
const CALLING_PROCESSES = 3

let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await openPipeline({
    stages: { user: 2 },
    settings: { wrongness: { strong: { propose: { otherwise: 0 } }, light: { call: { otherwise: 0 } } } },
  })
  await makeOneTool()
}, 90_000)
beforeEach(() => control({ outage: false, storm: null, apiKey: null, latency: { baseMs: 0 } }))
afterAll(() => pipeline.close(), 60_000)

test('the endpoint away for 20 s: nothing fails or is lost, and what has a tool is answered meanwhile', { timeout: 120_000 }, async () => {
  const before = await served(pipeline)
  await control({ latency: { baseMs: 200 } })
  // Every way to need a model: no tool may answer, examples to gather and a tool to make, a kind to be judged.
  const lines = [...untoolable(40), ...named('word-sorting', 60), ...unnamed('date-to-iso', 40)]
  const cold = pipeline.begin(lines, { settings: { make: 'eager' } })
  await until('some answers are paid for', async () => (await pipeline.ledger(cold.run)).length >= 10)
  await control({ outage: true })
  const awayAt = performance.now()
  const paidBefore = (await pipeline.ledger(cold.run)).length

  const meanwhileMs = await extractAll()
  expect(performance.now() - awayAt).toBeLessThan(OUTAGE_MS)
  expect(cold.process.exitCode).toBe(null)
  await delay(OUTAGE_MS - (performance.now() - awayAt))
  const paidMeanwhile = (await pipeline.ledger(cold.run)).length - paidBefore
  await control({ outage: false, latency: { baseMs: 0 } })
  const backAt = performance.now()
  const end = await cold.ended
  const doneMs = Math.round(performance.now() - backAt)
  console.info(`${EXTRACTED} lines extracted in ${meanwhileMs} ms with the endpoint away; the rest done ${doneMs} ms after its return`)

  expectAnswered(end, lines.length)
  // Those that were on the way when it began.
  expect(paidMeanwhile).toBeLessThan(lines.length)
  const after = await served(pipeline)
  const refused = after.withStatus('dropped') + after.withStatus('503') - before.withStatus('dropped') - before.withStatus('503')
  expect(refused).toBeGreaterThan(0)
  expect((await pipeline.ledger(cold.run)).length).toBe(after.withStatus('200') - before.withStatus('200'))
})

test(
  'a storm of 429: nothing fails, what has a tool is answered meanwhile, and no more calls than the endpoint allows and one for each process',
  { timeout: 90_000 },
  async () => {
    const allowPerSecond = 5
    await control({ latency: { baseMs: 200 } })
    const lines = untoolable(600)
    const started = pipeline.begin(lines)
    await until('some answers are paid for', async () => (await pipeline.ledger(started.run)).length >= 10)
    const before = await served(pipeline)
    const paidBefore = (await pipeline.ledger(started.run)).length
    await control({ storm: { allowPerSecond, retryAfterSeconds: 1 } })
    await until('the storm is noticed', async () => (await served(pipeline)).withStatus('429') > before.withStatus('429'))
    // Calls that were on the way when the first was refused are set aside: on a busy machine they come in over seconds. A pipeline that does not hold back never gets quiet.
    await until('the calls that were on the way are in', async () => {
      const earlier = callsOf(await served(pipeline))
      await delay(1_000)
      return callsOf(await served(pipeline)) - earlier <= allowPerSecond + CALLING_PROCESSES
    })
    const onset = await served(pipeline)
    const paidAtOnset = (await pipeline.ledger(started.run)).length
    const onsetAt = performance.now()
    const stormyMs = await extractAll()
    // They wait for none of the others, which at that rate take two minutes.
    expect(readResults(started.output).length).toBeLessThan(lines.length / 2)
    await delay(Math.max(0, MIN_STORM_MS - (performance.now() - onsetAt)))
    const later = await served(pipeline)
    const seconds = Math.ceil((performance.now() - onsetAt) / 1_000)
    const paidLater = (await pipeline.ledger(started.run)).length
    await control({ storm: null, latency: { baseMs: 0 } })
    const overAt = performance.now()

    const calls = callsOf(later) - callsOf(onset)
    const refusedAtOnset = onset.withStatus('429') - before.withStatus('429')
    const refused = later.withStatus('429') - onset.withStatus('429')
    console.info(
      `${refused} of ${calls} calls refused in ${seconds} s of a storm that lets ${allowPerSecond} a second through, after ${refusedAtOnset} refused at its onset; ${EXTRACTED} lines extracted in ${stormyMs} ms meanwhile`,
    )
    // At its onset no line is refused twice, but for who tries whether it is over: who hears of the storm holds back.
    expect(refusedAtOnset).toBeLessThanOrEqual(lines.length - paidBefore + CALLING_PROCESSES)
    // The seconds in which the endpoint counts, those at both ends included.
    expect(calls).toBeLessThanOrEqual(allowPerSecond * (seconds + 1) + CALLING_PROCESSES)
    // Whoever tries is told to wait a second.
    expect(refused).toBeLessThanOrEqual(seconds)
    expect(paidLater).toBeGreaterThan(paidAtOnset)
    expectAnswered(await started.ended, lines.length)
    told('a storm of 429', [Math.round(performance.now() - overAt)], 'all done')
    expect(await pipeline.ledger(started.run)).toHaveLength(lines.length)
  },
)

test('replies that come in drops, for seconds: each is waited for, and paid for once', { timeout: 60_000 }, async () => {
  const before = await served(pipeline)
  await control({ faults: { slowDrip: 0.5, dripMs: 4_000 } })
  const lines = untoolable(200)
  const started = pipeline.begin(lines)
  await until('half are paid for', async () => (await pipeline.ledger(started.run)).length >= lines.length / 2)
  await control({ faults: { slowDrip: 0 } })
  told('slow-drip replies', [await untilWriting(started)])
  expectAnswered(await started.ended, lines.length)
  expect(await pipeline.ledger(started.run)).toHaveLength(lines.length)
  expect((await served(pipeline)).replies('strong', 'answer') - before.replies('strong', 'answer')).toBe(lines.length)
})

test(
  'a key that is no longer right stops the run and says so; with the right one it goes on where it was, and pays for nothing twice',
  { timeout: 90_000 },
  async () => {
    await control({ latency: { baseMs: 200 } })
    const lines = untoolable(600)
    const halted = pipeline.begin(lines)
    await until('some answers are paid for', async () => (await pipeline.ledger(halted.run)).length >= 10)
    await control({ apiKey: 'another-key', latency: { baseMs: 0 } })
    const { code, talk, results } = await halted.ended
    expect(code, `${talk}\n${pipeline.log()}`).toBe(5)
    expect(talk).toMatch(/check TOOLWRIGHT_STRONG_API_KEY/)
    expect(talk).toContain(`resume ${halted.run}`)
    expect(results.length).toBeLessThan(lines.length)
    expect(results.filter((result) => result.response === null)).toEqual([])

    await Promise.all([...pipeline.processes('user'), ...pipeline.processes('maker')].map(stopGently))
    for (const stage of ['user', 'user', 'maker'] as const) pipeline.start(stage, { OPENAI_API_KEY: 'another-key' })
    expectAnswered(await pipeline.run(lines, { run: halted.run }), lines.length)
    expect(await pipeline.ledger(halted.run)).toHaveLength(lines.length)
    // What had left before anybody knew; no call was tried again while the run stood still.
    expect((await served(pipeline)).withStatus('401')).toBeLessThan(lines.length)
  },
)

test('after all that, Redis holds no job and no key but what is to be kept', { timeout: 90_000 }, () => expectNothingLeft(pipeline))

async function makeOneTool(): Promise<void> {
  const { code, talk } = await pipeline.run(labelled('unit-conversion', 24), { settings: { make: 'eager' } })
  expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
  expect(await pipeline.publishedVersions()).toHaveProperty('size', 1)
}

/** How long it takes from the first result to the last where all lines have a tool, in milliseconds. */
async function extractAll(): Promise<number> {
  const started = pipeline.begin(named('unit-conversion', EXTRACTED))
  await until('the first result is written', () => existsSync(started.output) && statSync(started.output).size > 0)
  const startedAt = performance.now()
  const end = await started.ended
  const tookMs = Math.round(performance.now() - startedAt)
  expectAnswered(end, EXTRACTED)
  expect(end.results.filter((result) => result.toolwright.tier !== 'extracted')).toEqual([])
  return tookMs
}

function expectAnswered({ code, results, talk }: RunEnd, lines: number): void {
  expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(results)).toEqual(Array.from({ length: lines }, (_, at) => at))
  expect(results.filter((result) => result.response?.status_code !== 200)).toEqual([])
}

function callsOf(one: Served): number {
  return one.withStatus('200') + one.withStatus('429')
}

function control(settings: object): Promise<unknown> {
  return pipeline.simulator.control('', settings)
}

async function stopGently(process: ChildProcess): Promise<void> {
  const gone = new Promise<void>((done) => process.once('exit', () => done()))
  process.kill('SIGTERM')
  await gone
}

/** Lines in the family's first wordings alone, which its tool knows. */
function linesOf(family: string, lines: number): StreamLine[] {
  const stream = generateStream({ families: [familyNamed(family)!], count: lines * 2, seed: 13, mix: false, typoShare: 0 })
  return [...stream].slice(0, lines)
}

function labelled(family: string, lines: number): object[] {
  return linesOf(family, lines).map((line) => ({ input: line.text, kind: family, target: line.target }))
}

function named(family: string, lines: number): object[] {
  return linesOf(family, lines).map((line) => ({ input: line.text, kind: family }))
}

function unnamed(family: string, lines: number): object[] {
  return linesOf(family, lines).map((line) => ({ input: line.text }))
}

/** Requests that no tool may answer, so that each is one call of the strong model. */
function untoolable(lines: number): object[] {
  return linesOf('word-sorting', lines).map((line, at) => ({
    custom_id: `hot-${at}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'any', temperature: 1.5, messages: [{ role: 'user', content: line.text }] },
  }))
}
