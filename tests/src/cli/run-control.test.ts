import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openPipeline, type Pipeline, type StartedRun, until } from '../pipeline.ts'
import { openShell, type Shell } from './command.ts'
import { idsOf, readOutput, seqsOf } from './results.ts'
import { strongLines } from './stream.ts'

let pipeline: Pipeline
let shell: Shell

beforeAll(async () => {
  pipeline = await openPipeline({ stages: { executor: 0 } })
  shell = openShell(pipeline.environment)
}, 60_000)
beforeEach(async () => {
  await pipeline.simulator.control('', { latency: { baseMs: 0 }, faults: { badRequest: 0 } })
})
afterAll(async () => {
  shell.close()
  await pipeline.close()
}, 60_000)

/** Requests for the strong model: one call each. */
function requests(count: number, seed = 1): string {
  return strongLines({ families: ['world-knowledge', 'irony'], count, seed })
    .map((line) => `${line}\n`)
    .join('')
}

async function latency(baseMs: number): Promise<void> {
  await pipeline.simulator.control('', { latency: { baseMs } })
}

function writtenBy({ output }: StartedRun): number {
  return existsSync(output) ? readFileSync(output, 'utf8').split('\n').length - 1 : 0
}

/** Jobs of the queues that a request goes through, in whatever state. */
async function jobs(): Promise<number> {
  const depths = await Promise.all((['requests', 'user', 'direct'] as const).map((queue) => pipeline.queues.depth(queue)))
  return depths.reduce((sum, { waiting, active, delayed, waitingChildren }) => sum + waiting + active + delayed + waitingChildren, 0)
}

test('a run of ten ends soon, though a run of twenty thousand came first', { timeout: 240_000 }, async () => {
  expect((await pipeline.run(requests(10, 4))).code).toBe(0)
  await latency(500)
  const alone = performance.now()
  expect((await pipeline.run(requests(10))).code).toBe(0)
  const aloneMs = performance.now() - alone

  const large = pipeline.begin(requests(20_000, 2))
  await until('the large run is at its pace', () => writtenBy(large) > 1_500, 120_000)
  const beside = performance.now()
  const small = await pipeline.run(requests(10, 3))
  const besideMs = performance.now() - beside
  expect(small.code, small.talk).toBe(0)
  const written = writtenBy(large)
  console.info(
    `a run of ten took ${Math.round(aloneMs)} ms alone, ${Math.round(besideMs)} ms beside a large one, which had ${written} lines then`,
  )
  expect(besideMs).toBeLessThan(aloneMs + 12_000)
  expect(written).toBeLessThan(15_000)

  // And it is cancelled from another terminal.
  const cancelled = await shell.run(['cancel', large.run])
  expect(cancelled.code, cancelled.stderr).toBe(0)
  const { code, talk, results } = await large.ended
  expect(code, talk).toBe(3)
  expect(talk).toMatch(/^run r-\w+ was cancelled: of the \d+ requests read, \d+ have their results, and \d+ were dropped$/m)
  // Every call that was paid for is an answer that was delivered.
  expect(new Set(results.map(({ toolwright }) => toolwright.seq)).size).toBe(results.length)
  expect((await pipeline.ledger(large.run)).length).toBe(results.length)
  expect(await jobs()).toBe(0)
  expect((await shell.run(['status', large.run])).stdout).toMatch(/^r-\w+ cancelled: \d+ read, \d+ written$/m)
  const again = await shell.run(['resume', large.run, '--no-workers'])
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining(`run ${large.run} was cancelled`)])
})

test('a run is paused and goes on, followed from another terminal', { timeout: 120_000 }, async () => {
  await latency(300)
  const run = pipeline.begin(requests(3_000))
  await until('it has begun', () => writtenBy(run) > 100)
  const watching = shell.start(['status', run.run, '--watch'])
  const following = shell.start(['results', run.run, '--follow'])
  expect((await shell.run(['pause', run.run])).code).toBe(0)
  await until('it says so', () => watching.data().includes(' paused: '))
  await until('what was under way is written', async () => {
    const record = await pipeline.registry.runs.get(run.run)
    return record!.written === record!.ingest.seq && (await jobs()) === 0
  })
  const paused = await pipeline.registry.runs.get(run.run)
  expect(paused!.ingest.seq).toBeLessThan(3_000)
  expect((await shell.run(['unpause', run.run])).stderr).toBe(`${run.run} goes on\n`)

  await latency(0)
  const { code, talk } = await run.ended
  expect(code, talk).toBe(0)
  expect(talk).toContain(`nothing more is read until ./toolwright unpause ${run.run}`)
  expect((await watching.ended).stdout).toMatch(/ done: 3000 read, 3000 written$/m)
  const followed = await following.ended
  expect(seqsOf(readOutput(followed.stdout))).toEqual(Array.from({ length: 3_000 }, (_, at) => at))
  expect(followed.stderr).toBe(`the results of ${run.run} are in ${run.output}\n`)
  const late = await shell.run(['pause', run.run])
  expect([late.code, late.stderr]).toEqual([2, `toolwright: ${run.run} is done\n`])
})

test('answers that a killed client has not written are there for `results`, and `cancel` ends its run', { timeout: 120_000 }, async () => {
  await latency(300)
  const run = pipeline.begin(requests(1_000), { settings: { ordered: true } })
  await until('it has begun', () => writtenBy(run) > 100)
  await pipeline.kill(run.process)
  await until('answers wait for a client', async () => (await pipeline.queues.depth('results', run.run)).waiting > 3)
  await until('it is known to be gone', async () => (await pipeline.queues.workersOf('results', run.run)) === 0)
  const before = writtenBy(run)

  const results = await shell.run(['results', run.run])
  expect(results.code, results.stderr).toBe(0)
  expect(results.stderr).toContain(`To finish: ./toolwright resume ${run.run}`)
  expect(readOutput(results.stdout).length).toBeGreaterThan(before)

  const cancelled = await shell.run(['cancel', run.run])
  expect(cancelled.code, cancelled.stderr).toBe(0)
  const written = seqsOf(readOutput(readFileSync(run.output, 'utf8')))
  expect(written).toEqual([...new Set(written)])
  expect((await pipeline.ledger(run.run)).length).toBe(written.length)
  expect(await jobs()).toBe(0)
  expect((await shell.run(['cancel', run.run])).stderr).toBe(`toolwright: ${run.run} is cancelled already\n`)
})

test('requests that failed are tried again, with their ids, and then no more', { timeout: 120_000 }, async () => {
  await pipeline.simulator.control('', { faults: { badRequest: 1 } })
  const lines = [{ id: 'plain', input: 'What is the capital of France?', kind: 'capitals', target: 'Paris' }]
  const system = { role: 'system', content: 'Answer in one word.' }
  const framed = { custom_id: 'framed', body: { messages: [system, { role: 'user', content: 'Say yes.' }], stop: ['.'] } }
  const input = `${requests(20)}${[...lines, framed].map((line) => `${JSON.stringify(line)}\n`).join('')}no request\n`
  const first = await pipeline.run(input)
  expect(first.code, first.talk).toBe(3)
  const run = first.results[0]!.toolwright.run
  expect(first.talk).toContain(`22 failed requests are kept for a week: ./toolwright retry-failed ${run} tries again`)

  await pipeline.simulator.control('', { faults: { badRequest: 0 } })
  const output = join(shell.folder, 'again.jsonl')
  const again = await shell.run(['retry-failed', run, '-o', 'again.jsonl', '--run-id', 'r-tryagainaa', '--no-workers'])
  expect(again.code, again.stderr).toBe(0)
  const results = readOutput(readFileSync(output, 'utf8'))
  const failed = first.results.filter(({ error }) => error?.code !== 'invalid_json_line').map(({ custom_id: id }) => id)
  expect(idsOf(results)).toEqual(failed.toSorted())
  expect(results.every(({ response }) => response?.status_code === 200)).toBe(true)
  expect(results.find(({ custom_id: id }) => id === 'plain')!.toolwright.kind_name).toBe('capitals')

  // It is resumed as any other run, and has no standard input to be given again.
  const resumed = await shell.run(['resume', 'r-tryagainaa', '--no-workers'])
  expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('run r-tryagainaa is done already')])
  expect(readOutput(readFileSync(output, 'utf8'))).toEqual(results)

  const more = await shell.run(['retry-failed', run, '-o', 'more.jsonl', '--no-workers'])
  expect([more.code, more.stderr]).toEqual([2, expect.stringContaining(`no failed requests of ${run} are kept`)])
})
