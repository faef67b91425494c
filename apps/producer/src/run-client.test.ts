import type { LineResult } from '@toolwright/contracts'
import { keyPrefixes, openQueues, type Queues, type RunningWorker, startWorker } from '@toolwright/queues'
import { openTestQueues, type TestQueues } from '@toolwright/queues/testing'
import { openRegistry, type Registry } from '@toolwright/registry'
import { openLog } from '@toolwright/runtime'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

// The client as a process, and a worker of the test's own that answers its requests.
const RUN = 'r-abcdefghij'
const PREFIX = 'client-test'
const log = openLog({ stage: 'test', level: 'error', write: () => undefined })

let jobs: TestQueues
let queues: Queues
let registry: Registry
let home: string
let input: string
let out: string
let answering: RunningWorker | null
/** Seqs of the requests that were answered, in that order. */
let answered: number[]
/** What requests must wait for before they are answered. */
let held: Promise<void>
const living = new Set<ChildProcess>()

beforeEach(() => {
  jobs = openTestQueues()
  const prefixes = keyPrefixes(prefix(), 'default')
  queues = openQueues({ redis: jobs.redis, prefix: prefixes.queues, space: 'default' })
  registry = openRegistry({ redis: jobs.redis, keyPrefix: prefixes.registry })
  home = mkdtempSync(join(tmpdir(), 'toolwright-client-'))
  input = join(home, 'in.jsonl')
  out = join(home, 'out.jsonl')
  answered = []
  held = Promise.resolve()
  answering = null
})
afterEach(async () => {
  for (const client of living) client.kill('SIGKILL')
  living.clear()
  await answering?.close(0)
  await queues.close()
  for (const key of await jobs.redis.keys(`{${prefix()}:*`)) await jobs.redis.del(key)
  await jobs.close()
  rmSync(home, { recursive: true })
})

function prefix(): string {
  return `${PREFIX}-${jobs.prefix.slice(6, jobs.prefix.indexOf('}'))}`
}

/** From now on requests are not answered until what this returns is called. */
function hold(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  held = promise
  return resolve
}

/** Answers requests with their texts in capitals; `fails` in one fails it. */
function startAnswering(): void {
  answering = startWorker({
    queue: 'requests',
    redis: jobs.redis,
    queues,
    concurrency: 8,
    log,
    handle: async ({ run, lines }) => {
      await held
      const left = await registry.runs.unanswered(run, lines)
      // Results come line by line, the last first.
      for (const line of left.toReversed()) {
        answered.push(line.seq)
        const common = {
          seq: line.seq,
          customId: line.customId,
          kind: null,
          kindName: null,
          decidedBy: null,
          costNano: 7,
          baseline: { costNano: 9, basis: 'measured' as const },
        }
        const result: LineResult = line.text.includes('fails')
          ? { ...common, status: 'failed', statusCode: 500, error: { code: 'no', message: 'no' } }
          : {
              ...common,
              status: 'answered',
              tier: 'direct',
              tool: null,
              version: null,
              model: 'big',
              answer: line.text.toUpperCase(),
              completion: null,
              usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
              correct: null,
            }
        await queues.add('results', [{ id: queues.idFor('results', run, line.seq), data: { v: 1, run, results: [result] } }], run)
        await registry.runs.noteAnswered(run, [line])
      }
      await registry.runs.noteDispatched(run, lines)
      return null
    },
  })
}

interface Client {
  process: ChildProcess
  talk: () => string
  data: () => string
  ended: Promise<number | null>
}

function start(settings: object = {}, how: object = {}): Client {
  const request = {
    input,
    output: out,
    errors: null,
    run: RUN,
    limit: null,
    settings: { v: 1, ...settings },
    json: false,
    graceMs: 0,
    ...how,
  }
  const client = fork(join(import.meta.dirname, 'run-main.ts'), [JSON.stringify(request)], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      REDIS_URL: jobs.redisUrl,
      TOOLWRIGHT_HOME: home,
      TOOLWRIGHT_PREFIX: prefix(),
    },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  })
  living.add(client)
  let [talk, data] = ['', '']
  client.stderr!.on('data', (chunk: Buffer) => (talk += chunk.toString()))
  client.stdout!.on('data', (chunk: Buffer) => (data += chunk.toString()))
  const ended = once(client, 'close').then(([code]) => code as number | null)
  return { process: client, talk: () => talk, data: () => data, ended }
}

interface Shown {
  custom_id: string
  response: { body: { choices?: { message: { content: string } }[]; usage?: { total_tokens: number } } } | null
  toolwright: { seq: number; cost_usd: string; baseline_usd: string | null; duplicate_of?: string; correct: boolean | null }
}

function linesOf(text: string): Shown[] {
  expect(text === '' || text.endsWith('\n')).toBe(true)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Shown)
}

const inFile = () => (existsSync(out) ? linesOf(readFileSync(out, 'utf8').replace(/[^\n]+$/, '')) : [])
const seqsOf = (lines: Shown[]) => lines.map(({ toolwright }) => toolwright.seq)
const answerOf = ({ response }: Shown) => response?.body.choices?.[0]?.message.content ?? null
const write = (lines: object[]) => writeFileSync(input, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)

test(
  'killed again and again, an ordered run with duplicates has every line once and in order, and pays for each request once',
  { timeout: 240_000 },
  async () => {
    const texts = upTo(1_500).map((at) => (at % 50 === 7 ? `fails ${at % 200}` : `request ${at % 3 === 0 ? at % 300 : at}`))
    writeFileSync(
      input,
      texts.map((text, at) => (at % 97 === 5 ? 'no request\n' : `${JSON.stringify({ id: `id-${at}`, input: text })}\n`)).join(''),
    )
    startAnswering()
    const settings = { ordered: true, dedupe: true }
    for (let kills = 0; kills < 8; kills++) {
      const client = start(settings)
      const before = inFile().length
      const [lines, readTo] = [before + Math.floor(Math.random() * 120), Math.floor(Math.random() * 1_500)]
      // Once it has got somewhere: with its reading, or with its writing.
      await vi.waitUntil(
        async () =>
          inFile().length > lines || ((await registry.runs.get(RUN))?.ingest.seq ?? 0) > readTo || client.process.exitCode !== null,
        60_000,
      )
      client.process.kill('SIGKILL')
      await client.ended
    }
    const last = start(settings)
    expect(await last.ended, last.talk()).toBe(3)

    const lines = inFile()
    expect(seqsOf(lines)).toEqual(upTo(1_500))
    const firsts = new Map<string, number>()
    for (const [at, line] of lines.entries()) {
      const text = texts[at]!
      const isRequest = at % 97 !== 5
      expect(answerOf(line)).toBe(isRequest && !text.startsWith('fails') ? text.toUpperCase() : null)
      if (!isRequest || text.startsWith('fails')) continue
      const first = firsts.get(text)
      if (first === undefined) firsts.set(text, at)
      expect([line.custom_id, line.toolwright.duplicate_of, line.toolwright.cost_usd, line.toolwright.baseline_usd]).toEqual(
        first === undefined ? [`id-${at}`, undefined, '0.000000007', '0.000000009'] : [`id-${at}`, `id-${first}`, '0', '0.000000009'],
      )
    }
    const failing = upTo(1_500).filter((at) => at % 97 !== 5 && texts[at]!.startsWith('fails'))
    expect(answered.toSorted((a, b) => a - b)).toEqual([...firsts.values(), ...failing].toSorted((a, b) => a - b))
    expect(await jobs.redis.keys(`{${prefix()}:*:${RUN}:{held,duplicates}`)).toEqual([])
  },
)

test('on a pipe, the same request that comes later gets the answer too, while its process lives', { timeout: 60_000 }, async () => {
  write([
    { id: 'a', input: 'same', target: 'SAME' },
    { id: 'b', input: 'other' },
    { id: 'c', input: 'same', target: 'WRONG' },
  ])
  startAnswering()
  const first = start({ dedupe: true, ordered: true }, { output: null, limit: 2 })
  expect(await first.ended, first.talk()).toBe(0)
  appendFileSync(input, `${JSON.stringify({ id: 'd', input: 'same' })}\n${JSON.stringify({ id: 'e', input: 'other' })}\n`)
  const second = start({ dedupe: true, ordered: true }, { output: null })
  expect(await second.ended, second.talk()).toBe(0)
  const lines = [...linesOf(first.data()), ...linesOf(second.data())]
  expect(
    lines.map((line) => [line.custom_id, answerOf(line), line.toolwright.duplicate_of, line.response?.body.usage?.total_tokens]),
  ).toEqual([
    ['a', 'SAME', undefined, 4],
    ['b', 'OTHER', undefined, 4],
    // What has gone down a pipe cannot be looked up by another process.
    ['c', 'SAME', undefined, 4],
    ['d', 'SAME', 'c', 0],
    ['e', 'OTHER', undefined, 4],
  ])
  expect(second.talk()).toContain('Of these, 1 got the answer to an earlier request that is the same')
})

test('of a run that Redis knows nothing of any more, what is in its file is not paid for again', { timeout: 60_000 }, async () => {
  write(upTo(40).map((at) => ({ id: `id-${at}`, input: `request ${at}` })))
  startAnswering()
  const first = start({}, { limit: 25 })
  expect(await first.ended, first.talk()).toBe(0)
  await registry.runs.forget(RUN)
  const second = start({})
  expect(await second.ended, second.talk()).toBe(0)
  expect(seqsOf(inFile()).toSorted((a, b) => a - b)).toEqual(upTo(40))
  expect(answered.toSorted((a, b) => a - b)).toEqual(upTo(40))
  expect(await registry.runs.get(RUN)).toMatchObject({ state: 'done', dispatched: 40 })
})

test('in a file they are found by a later process; each line is right or wrong by its own target', { timeout: 60_000 }, async () => {
  write([{ id: 'a', input: 'same', target: 'SAME' }])
  startAnswering()
  expect(await start({ dedupe: true }).ended).toBe(0)
  appendFileSync(
    input,
    `${JSON.stringify({ id: 'b', input: 'same', target: 'WRONG' })}\n${JSON.stringify({ id: 'c', input: 'same', kind: 'named' })}\n`,
  )
  // The run goes on as it was begun.
  const again = start({})
  expect(await again.ended, again.talk()).toBe(0)
  expect(again.talk()).toContain(`run ${RUN} goes on as it was begun: --dedupe`)
  const lines = inFile().toSorted((a, b) => a.toolwright.seq - b.toolwright.seq)
  expect(lines.map(({ custom_id, toolwright }) => [custom_id, toolwright.duplicate_of, toolwright.correct])).toEqual([
    ['a', undefined, null],
    ['b', 'a', false],
    ['c', undefined, null],
  ])
  expect(answered).toEqual([0, 2])
})

test('Ctrl-C reads no further, waits for what is under way, and says how to go on', { timeout: 60_000 }, async () => {
  const release = hold()
  startAnswering()
  const client = start({}, { input: '-', graceMs: 60_000 })
  const lines = upTo(300).map((at) => `${JSON.stringify({ input: `request ${at}` })}\n`)
  client.process.stdin!.write(lines.slice(0, 200).join(''))
  await vi.waitUntil(async () => (await registry.runs.get(RUN))?.ingest.seq === 200, 30_000)
  client.process.kill('SIGINT')
  await vi.waitFor(
    () => expect(client.talk()).toContain('reading no further; waiting up to 60 s for the 200 requests under way (Ctrl-C again: at once)'),
    10_000,
  )
  release()
  expect(await client.ended).toBe(130)
  expect(seqsOf(inFile()).toSorted((a, b) => a - b)).toEqual(upTo(200))
  const command = `./toolwright resume ${RUN} - (with the same standard input, from its beginning)`
  expect(client.talk()).toContain(`interrupted; what is done is written. To finish: ${command}\n`)

  const again = start({}, { input: '-' })
  again.process.stdin!.end(lines.join(''))
  expect(await again.ended, again.talk()).toBe(0)
  expect(seqsOf(inFile()).toSorted((a, b) => a - b)).toEqual(upTo(300))
  expect(answered).toHaveLength(300)
})

test('the end of the input is seen where nothing more may be read', { timeout: 60_000 }, async () => {
  const client = start({}, { input: '-' })
  // As many as a run may have with workers of which nothing is known.
  const lines = upTo(256).map((at) => `${JSON.stringify({ input: `request ${at}` })}\n`)
  client.process.stdin!.write(lines.join(''))
  await vi.waitUntil(async () => (await registry.runs.get(RUN))?.ingest.seq === 256, 30_000)
  client.process.stdin!.end()
  await vi.waitUntil(async () => (await registry.runs.get(RUN))?.ingest.isDone === true, 10_000)
  startAnswering()
  expect(await client.ended, client.talk()).toBe(0)
  expect(seqsOf(inFile()).toSorted((a, b) => a - b)).toEqual(upTo(256))
})

test('a second Ctrl-C leaves at once, and the run goes on', { timeout: 60_000 }, async () => {
  write(upTo(40).map((at) => ({ input: `request ${at}` })))
  const release = hold()
  const client = start({ ordered: true }, { graceMs: 60_000 })
  await vi.waitUntil(async () => (await registry.runs.get(RUN))?.ingest.isDone === true, 30_000)
  client.process.kill('SIGINT')
  await vi.waitFor(
    () => expect(client.talk()).toContain('reading no further; waiting up to 60 s for the 40 requests under way (Ctrl-C again: at once)'),
    10_000,
  )
  client.process.kill('SIGINT')
  expect(await client.ended).toBe(130)
  expect(client.talk()).toContain(`left at once; what is done is written. To finish: ./toolwright resume ${RUN}`)
  release()
  startAnswering()
  const again = start({ ordered: true })
  expect(await again.ended, again.talk()).toBe(0)
  expect(seqsOf(inFile())).toEqual(upTo(40))
  expect(answered).toHaveLength(40)
})

test('the grace ends when it is over; results that wait for earlier ones are told of, and kept', { timeout: 60_000 }, async () => {
  write([{ input: 'first' }, { input: 'second' }])
  const client = start({ ordered: true }, { graceMs: 500 })
  await vi.waitUntil(async () => (await registry.runs.get(RUN))?.ingest.isDone === true, 30_000)
  const second: LineResult = {
    status: 'failed',
    seq: 1,
    customId: 'line-2',
    kind: null,
    kindName: null,
    decidedBy: null,
    costNano: 0,
    baseline: { costNano: null, basis: 'unknown' },
    statusCode: 500,
    error: { code: 'no', message: 'no' },
  }
  await queues.add('results', [{ id: 'results-x', data: { v: 1, run: RUN, results: [second] } }], RUN)
  await vi.waitUntil(async () => (await registry.undelivered.held(RUN)).length === 1, 10_000)
  client.process.kill('SIGTERM')
  expect(await client.ended).toBe(130)
  expect(client.talk()).toContain(
    `interrupted; what is done is written; 1 results wait in Redis for those of earlier lines. To finish: ./toolwright resume ${RUN}`,
  )
})

test('a parent that is gone is not waited for', { timeout: 60_000 }, async () => {
  write([{ input: 'never answered' }])
  const client = start({}, { graceMs: 60_000 })
  await vi.waitUntil(async () => (await registry.runs.get(RUN))?.ingest.isDone === true, 30_000)
  // A channel that is closed from here is never said to be closed.
  const gone = once(client.process, 'exit')
  client.process.disconnect()
  expect(await gone).toEqual([130, null])
  expect(client.talk()).not.toContain('waiting up to')
})

test('input of the same length and number of lines that says something else is not gone on with', { timeout: 60_000 }, async () => {
  write([{ input: 'one' }, { input: 'two' }])
  startAnswering()
  expect(await start().ended).toBe(0)
  write([{ input: 'one' }, { input: 'six' }, { input: 'more' }])
  const again = start()
  expect(await again.ended).toBe(2)
  expect(again.talk()).toContain(
    `in.jsonl is not what it was when run ${RUN} read it, in its first 2 requests: give that again (more may follow)`,
  )
  const other = join(home, 'other.jsonl')
  writeFileSync(other, readFileSync(input, 'utf8').replace('six', 'two'))
  const moved = start({}, { input: other })
  expect(await moved.ended, moved.talk()).toBe(0)
  expect(answered).toEqual([1, 0, 2])
  expect((await registry.runs.get(RUN))?.files).toMatchObject({ input: other, output: out })
})

test('a run is followed by one process at a time', { timeout: 60_000 }, async () => {
  write([{ input: 'never answered' }])
  const client = start({}, { output: null })
  await vi.waitUntil(async () => (await queues.workersOf('results', RUN)) === 1, 30_000)
  const second = start({}, { output: null })
  expect(await second.ended).toBe(2)
  expect(second.talk()).toContain(`run ${RUN} is being followed by another process`)
  client.process.kill('SIGINT')
  expect(await client.ended).toBe(130)
})
