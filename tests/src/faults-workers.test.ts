import type { QueueName } from '@toolwright/contracts'
import { familyNamed, generateStream, type StreamLine } from '@toolwright/families'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectNothingLeft } from './fault-load.ts'
import { killAtWork, redeliveryMs } from './kill-at-work.ts'
import { openPipeline, type Pipeline, type RunEnd, seqsOf, type Stage, type StartedRun, until } from './pipeline.ts'
import { served } from './served.ts'

const SETTINGS = { wrongness: { strong: { propose: { otherwise: 0 } }, light: { call: { otherwise: 0 } } } }
const DIRECT = 24
const EXTRACTED = 3_000

let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await openPipeline({ settings: SETTINGS })
  await makeOneTool()
}, 90_000)
afterAll(() => pipeline.close(), 60_000)

test('a user worker killed with calls on the way: another pays for these again, and for nothing else', { timeout: 60_000 }, async () => {
  const before = await served(pipeline)
  await pipeline.simulator.control('/hold', { purpose: 'answer', count: DIRECT / 2 })
  const started = pipeline.begin([...untoolable(DIRECT), ...extractable(200)])
  await until('half the calls are answered, and half are on the way', async () => {
    const { length } = await pipeline.ledger(started.run)
    return length === DIRECT / 2 && (await held()) === DIRECT / 2
  })
  const user = onlyOf('user')
  await startSpare('user', 'direct')
  const killedAt = Date.now()
  await pipeline.kill(user)
  await until('the simulator sees its caller gone', async () => (await held()) === 0)
  await pipeline.simulator.control('/release', {})
  await expectSoon('direct', killedAt, () => pipeline.log())

  expectWhole(await started.ended, started, DIRECT + 200)
  const answers = (await pipeline.ledger(started.run)).filter((entry) => entry.purpose === 'answer')
  expect(answers).toHaveLength(DIRECT)
  expect(answers.filter((entry) => entry.cause === 'retry')).toHaveLength(DIRECT / 2)
  const after = await served(pipeline)
  expect(after.replies('strong', 'answer') - before.replies('strong', 'answer')).toBe(DIRECT)
  expect(after.withStatus('gone') - before.withStatus('gone')).toBe(DIRECT / 2)
})

for (const { stage, queue } of [
  { stage: 'producer', queue: 'requests' },
  { stage: 'executor', queue: 'execution' },
] as const) {
  test(`a ${stage} killed in mid-batch: every request has its one result, and nothing was paid for`, { timeout: 60_000 }, async () => {
    const victim = onlyOf(stage)
    const spare = await startSpare(stage, queue)
    const killing = killAtWork(pipeline, victim, { queue, spare })
    const started = pipeline.begin(extractable(EXTRACTED))
    const killedAt = await killing
    await expectSoon(queue, killedAt, () => pipeline.log())

    expectWhole(await started.ended, started, EXTRACTED)
    expect(await pipeline.ledger(started.run)).toEqual([])
  })
}

test(
  'the writer killed in mid-batch and started again with the same run id: it reads on and writes on, each result once',
  { timeout: 60_000 },
  async () => {
    const lines = extractable(EXTRACTED)
    const killed = pipeline.begin(lines)
    const killedAt = await killAtWork(pipeline, killed.process, { queue: 'results', run: killed.run })
    const writtenBefore = readFileSync(killed.output, 'utf8').split('\n').length - 1
    // A person is not told about jobs; a log is.
    const started = pipeline.begin(lines, { run: killed.run, environment: { TOOLWRIGHT_LOG_LEVEL: 'warn' } })
    const end = await started.ended

    expectWhole(end, started, EXTRACTED)
    expect(writtenBefore).toBeLessThan(EXTRACTED)
    expect(await pipeline.ledger(started.run)).toEqual([])
    await expectSoon('results', killedAt, () => end.talk)
  },
)

test('after all that, Redis holds no job and no key but what is to be kept', { timeout: 90_000 }, () => expectNothingLeft(pipeline))

async function makeOneTool(): Promise<void> {
  const { code, talk } = await pipeline.run(labelled('unit-conversion', 24), { settings: { make: 'eager' } })
  expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
  expect(await pipeline.publishedVersions()).toHaveProperty('size', 1)
}

/** Every request has one result, in a file of whole lines, and none failed. */
function expectWhole({ code, results, talk }: RunEnd, { output }: StartedRun, lines: number): void {
  expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(results)).toEqual(Array.from({ length: lines }, (_, at) => at))
  const text = readFileSync(output, 'utf8')
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.trimEnd().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow()
  expect(results.filter((result) => result.response?.status_code !== 200)).toEqual([])
}

async function expectSoon(queue: QueueName, killedAt: number, log: () => string): Promise<void> {
  const tookMs = await redeliveryMs(queue, killedAt, log)
  console.info(`a job of ${queue} was taken up again ${tookMs} ms after its worker was killed`)
  expect(tookMs).toBeLessThan(10_000)
}

/** One more process of a stage, once it serves the queue: it takes over as soon as the other's lock is over. */
async function startSpare(stage: Stage, queue: QueueName): Promise<ChildProcess> {
  const spare = pipeline.start(stage)
  await until(`two processes serve ${queue}`, async () => (await pipeline.queues.workersOf(queue)) === 2)
  return spare
}

function onlyOf(stage: Stage): ChildProcess {
  const [process, ...others] = pipeline.processes(stage)
  if (process === undefined || others.length > 0) throw new Error(`one ${stage} should be alive`)
  return process
}

async function held(): Promise<unknown> {
  const answer = await pipeline.simulator.control('/held')
  return typeof answer === 'object' && answer !== null && 'held' in answer ? answer.held : null
}

/** Lines in the family's first wordings alone, which its tool knows. */
function linesOf(family: string, lines: number): StreamLine[] {
  const stream = generateStream({ families: [familyNamed(family)!], count: lines * 2, seed: 11, mix: false, typoShare: 0 })
  return [...stream].slice(0, lines)
}

function labelled(family: string, lines: number): object[] {
  return linesOf(family, lines).map((line) => ({ input: line.text, kind: family, target: line.target }))
}

function extractable(lines: number): object[] {
  return linesOf('unit-conversion', lines).map((line) => ({ input: line.text, kind: 'unit-conversion' }))
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
