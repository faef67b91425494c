import { type KindId, type Line, type LineResult, RunSettings } from '@toolwright/contracts'
import { type JobContext, startWorker, type RunningWorker } from '@toolwright/queues'
import { openTestQueues, type TestQueues } from '@toolwright/queues/testing'
import { learn, openKindIndex, readingOf, shapeOf, tokensOf } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { openLog } from '@toolwright/runtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { buryRequests } from './bury-requests.ts'
import { dispatch } from './dispatch.ts'
import { openRegrouping } from './regroup.ts'

const RUN = 'r-aaaaaaaaaa'
const log = openLog({ stage: 'test', level: 'error', write: () => undefined })

let data: TestRegistry
let jobs: TestQueues
let worker: RunningWorker
let sent: Line[]
beforeEach(async () => {
  data = openTestRegistry()
  jobs = openTestQueues()
  sent = []
  await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
  const handle = (job: { lines: Line[] }) => {
    sent.push(...job.lines)
    return Promise.resolve(null)
  }
  worker = startWorker({ queue: 'direct', redis: jobs.redis, queues: jobs.queues, concurrency: 1, log, handle })
})
afterEach(async () => {
  await worker.close(0)
  await jobs.close()
  await data.close()
})

async function dispatchLine(line: Line): Promise<void> {
  const { registry } = data
  const regrouping = openRegrouping({ isBacklogged: () => Promise.resolve(false), concurrency: 1, send: () => Promise.resolve() })
  const services = { registry, queues: jobs.queues, index: openKindIndex(registry.kinds), regrouping, settings: new Map() }
  const context: JobContext = {
    jobId: 'requests-a',
    attempt: 1,
    signal: new AbortController().signal,
    log,
    execute: () => Promise.reject(new Error('nothing is executed here')),
  }
  await dispatch(services, { v: 1, run: RUN, lines: [line] }, context)
}

test('a line of a remembered decision has the kinds nearest to it as rivals, but for its own', async () => {
  const { kinds } = data.registry
  const text = 'please spell this word at once: pear'
  const spell = await kinds.named('spell', '', 'please spell this word at once')
  const shout = await kinds.named('shout', '', 'please shout this word at once')
  await kinds.named('far', '', 'how many miles make twenty furlongs')
  await kinds.remember(shapeOf('', tokensOf(text)), spell)
  await dispatchLine({ seq: 1, customId: 'line-1', text, frame: '', hop: 0 })
  await vi.waitFor(() => expect(sent).toMatchObject([{ kind: spell, decidedBy: 'decision', rivals: [shout] }]))
})

test('a line of a merged kind goes as one of the living kind, whether a template or a decision tells it', async () => {
  const { kinds } = data.registry
  const words = ['oven', 'pear', 'fig'].map((word) => `please put these words in order: ${word}`)
  const reading = words.slice(1).reduce((known, text) => learn(known, text), readingOf(words[0]!))
  const dead = (await kinds.createInNursery(words[0]!, '', reading, await kinds.epoch())) as KindId
  await kinds.saveReading(dead, reading, 'gathering', 0)
  const living = await kinds.named('order', '', 'order this')
  const decided = 'order what stands here'
  await kinds.remember(shapeOf('', tokensOf(decided)), dead)
  await kinds.merge(dead, living)
  await dispatchLine({ seq: 1, customId: 'line-1', text: 'please put these words in order: quince', frame: '', hop: 0 })
  await dispatchLine({ seq: 2, customId: 'line-2', text: decided, frame: '', hop: 0 })
  // It was decided before the kinds were merged.
  await dispatchLine({ seq: 3, customId: 'line-3', text: 'order it', frame: '', hop: 1, kind: dead, decidedBy: 'judge' })
  await vi.waitFor(() => expect(sent).toHaveLength(3))
  expect(sent.map(({ seq, kind, decidedBy, rivals }) => [seq, kind, decidedBy, rivals ?? []])).toEqual([
    [1, living, 'template', []],
    [2, living, 'decision', []],
    [3, living, 'judge', []],
  ])
  expect(await kinds.get(dead)).toMatchObject({ seen: 0 })
})

test('a target takes the place of an answer that models agreed on, also when a tool serves by then', async () => {
  const { kinds, tools } = data.registry
  const kind = await kinds.named('spell', '', 'spell this')
  const agreed = { v: 1, answer: 'wrong', source: 'agreed', votes: 2, run: RUN, at: 1 } as const
  await tools.addExamples(
    kind,
    ['spell pear', 'spell fig'].map((text) => ({ ...agreed, text })),
  )
  const line = { customId: 'c', frame: '', hop: 0, kindName: 'spell', target: 'right' }
  await dispatchLine({ ...line, seq: 1, text: 'spell pear' })
  await kinds.settle(kind, 1, { end: 'published', version: 1, tool: '{}' })
  await dispatchLine({ ...line, seq: 2, text: 'spell fig' })
  await dispatchLine({ ...line, seq: 3, text: 'spell plum' })
  const answers = new Map((await tools.examples(kind)).map(({ text, answer, source }) => [text, [answer, source]]))
  expect(Object.fromEntries(answers)).toEqual({ 'spell pear': ['right', 'given'], 'spell fig': ['right', 'given'] })
})

test('lines that cannot be dispatched are kept before their errors are told, and nobody waits for them any more', async () => {
  const { registry } = data
  const lines = [0, 1].map((seq): Line => ({ seq, customId: `line-${seq}`, text: 'sort b a', frame: '', hop: 0 }))
  await registry.runs.saveIngest(RUN, { offset: 9, seq: 2, lineNumber: 3, refused: 0, isDone: true, sha256: '', sendingTo: 0 })
  await buryRequests({ registry, queues: jobs.queues }, { v: 1, run: RUN, lines }, new Error('five workers died over it'))
  expect(await registry.failures.count(RUN)).toBe(2)
  const told: LineResult[] = []
  const handle = (job: { results: LineResult[] }) => {
    told.push(...job.results)
    return Promise.resolve(null)
  }
  const client = startWorker({ queue: 'results', run: RUN, redis: jobs.redis, queues: jobs.queues, concurrency: 1, log, handle })
  await vi.waitFor(() => expect(told).toHaveLength(2))
  await client.close(0)
  expect(told[0]).toMatchObject({
    seq: 0,
    status: 'failed',
    error: { code: 'internal_error', message: 'the request could not be dispatched: five workers died over it' },
  })
  expect(await registry.runs.unanswered(RUN, lines)).toEqual([])
  expect(await registry.runs.canBringMore(RUN)).toBe(false)
})
