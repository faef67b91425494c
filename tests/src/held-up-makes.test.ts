import { familyNamed, generateStream } from '@toolwright/families'
import { connectRedis, HopelessError, keyPrefixes, type RedisConnection, startWorker, type WorkerOptions } from '@toolwright/queues'
import type { Kind } from '@toolwright/registry'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, readResults, type RunEnd, seqsOf, until } from './pipeline.ts'

const SETTINGS = { wrongness: { strong: { propose: { otherwise: 0 } }, light: { call: { otherwise: 0 } } } }
const LINES = 24
const EAGER = { settings: { make: 'eager' } }
const nothing = () => undefined
const QUIET: WorkerOptions<'execution'>['log'] = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => QUIET }

let pipeline: Pipeline
let redis: RedisConnection

beforeAll(async () => {
  redis = connectRedis(process.env['REDIS_URL']!, { patient: true })
  pipeline = await openPipeline({ settings: SETTINGS })
  await makeOneTool()
}, 90_000)
afterAll(async () => {
  redis.disconnect()
  await pipeline.close()
}, 60_000)

test(
  'an executor that fails for good says nothing about a candidate: its make is put off for a minute, and goes on from what was paid once the executor is well',
  { timeout: 120_000 },
  async () => {
    const [well] = pipeline.processes('executor')
    await pipeline.kill(well!)
    const broken = startWorker({
      queue: 'execution',
      redis,
      queues: pipeline.queues,
      concurrency: 4,
      log: QUIET,
      handle: () => Promise.reject(new HopelessError('no_interpreter', 'this executor has no interpreter')),
    })
    const extractable = linesOf('unit-conversion').map((line) => ({ input: line.text, kind: 'unit-conversion' }))
    const started = pipeline.begin([...extractable, ...labelled('word-sorting')], EAGER)
    const ended = started.ended.finally(() => broken.close(0))
    await until('the make waits for the executor', async () => (await pipeline.queues.depth('maker')).waitingChildren === 1)
    // What has a tool does not wait for the executor to get well: it goes to the strong model at once.
    await until(
      'what has a tool is answered',
      () => readResults(started.output).filter(({ toolwright }) => toolwright.seq < LINES).length === LINES,
    )
    const waits = await kindOf('word-sorting')
    expect(waits.state).toBe('gathering')
    expect(await pipeline.registry.kinds.waitingCount(waits.id)).toBeGreaterThan(0)

    const end = await ended
    expectWhole(end, LINES * 2)
    expect(new Set(end.results.map((result) => result.toolwright.tier))).toEqual(new Set(['direct']))
    const paid = await purposesOf(started.run)
    expect(paid.filter((purpose) => purpose === 'answer')).toHaveLength(LINES * 2)
    expect(paid.filter((purpose) => purpose !== 'answer')).toEqual(['propose'])
    const rests = await kindOf('word-sorting')
    expect(rests).toMatchObject({
      state: 'declined',
      reason: 'the executor fails: this executor has no interpreter',
      versions: 0,
      failures: 0,
    })
    expect(rests.cooldownUntil - Date.now()).toBeLessThanOrEqual(60_000)

    pipeline.start('executor')
    await redis.hset(kindKey(rests), 'cooldownUntil', 0)
    const again = pipeline.begin(labelled('word-sorting'), EAGER)
    const tooled = await again.ended
    expectWhole(tooled, LINES)
    expect((await kindOf('word-sorting')).versions).toBe(1)
    expect(new Set(tooled.results.map((result) => result.toolwright.tier))).toContain('extracted')
    expect(await purposesOf(again.run)).not.toContain('propose')
    expect(await purposesOf(again.run)).toContain('verify')
  },
)

test(
  'a make that takes longer than its deadline lets the lines that wait go on, and still publishes its tool for those that come later',
  { timeout: 60_000 },
  async () => {
    await pipeline.simulator.control('/hold', { purpose: 'propose', family: 'date-to-iso' })
    const started = pipeline.begin(labelled('date-to-iso'), { settings: { make: 'eager', makeDeadlineMs: 5_000 } })
    await until('all lines are dispatched', async () => (await pipeline.registry.runs.get(started.run))?.dispatched === LINES)
    // The run is not over before its results are written.
    started.process.kill('SIGSTOP')
    await until('every line is answered', async () => (await purposesOf(started.run)).length === LINES)
    expect(await kindOf('date-to-iso')).toMatchObject({ state: 'gathering', generation: 1 })
    // Nobody waits for it any more.
    expectWhole(await pipeline.run(labelled('date-to-iso'), EAGER), LINES)

    await pipeline.simulator.control('/release', {})
    await until('the tool is published', async () => (await kindOf('date-to-iso')).version === 1)
    started.process.kill('SIGCONT')
    const end = await started.ended
    expectWhole(end, LINES)
    expect(new Set(end.results.map((result) => result.toolwright.tier))).toEqual(new Set(['direct']))
    const tooled = await pipeline.run(labelled('date-to-iso'), EAGER)
    expectWhole(tooled, LINES)
    expect(new Set(tooled.results.map((result) => result.toolwright.tier))).toContain('extracted')
  },
)

async function makeOneTool(): Promise<void> {
  expectWhole(await pipeline.run(labelled('unit-conversion'), EAGER), LINES)
  expect((await kindOf('unit-conversion')).version).toBe(1)
}

/** Every request has one result, and none failed. */
function expectWhole({ code, results, talk }: RunEnd, lines: number): void {
  expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(results)).toEqual(Array.from({ length: lines }, (_, at) => at))
  expect(results.filter((result) => result.response?.status_code !== 200)).toEqual([])
}

async function purposesOf(run: string): Promise<string[]> {
  return (await pipeline.ledger(run)).map((entry) => entry.purpose)
}

async function kindOf(name: string): Promise<Kind> {
  for (const id of await pipeline.registry.kinds.list()) {
    const kind = await pipeline.registry.kinds.get(id)
    if (kind?.name === name) return kind
  }
  throw new Error(`there is no kind ${name}`)
}

function kindKey({ id }: Kind): string {
  return `${keyPrefixes(pipeline.environment['TOOLWRIGHT_PREFIX']!, 'default').registry}kind:${id}`
}

/** Lines in the family's first wordings alone, which its tool knows. */
function linesOf(family: string) {
  const stream = generateStream({ families: [familyNamed(family)!], count: LINES * 2, seed: 11, mix: false, typoShare: 0 })
  return [...stream].slice(0, LINES)
}

function labelled(family: string): object[] {
  return linesOf(family).map((line) => ({ input: line.text, kind: family, target: line.target }))
}
