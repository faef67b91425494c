import type { Line, ResultsJob } from '@toolwright/contracts'
import type { NewJob, Queues } from '@toolwright/queues'
import type { DirectSums } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addSpent, type Answered, baselineOf, type Failed, openFinisher } from './finish-lines.ts'

const NONE: DirectSums = { calls: 0, costNano: 0, unpriced: 0, promptTokens: 0, outputTokens: 0, textBytes: 0 }
const ALL: DirectSums = { calls: 4, costNano: 900, unpriced: 0, promptTokens: 400, outputTokens: 90, textBytes: 800 }
const strongCost = (tokens: { uncachedInput: number; output: number }) => tokens.uncachedInput * 10 + tokens.output * 50

const line: Line = { seq: 3, customId: 'mine', text: 'Sort: b a', frame: '', hop: 1, kindName: 'sort', decidedBy: 'name', target: 'a b' }

/** Queues that only write down what is added. */
function recording() {
  const added: { queue: string; run: string | undefined; jobs: NewJob<'results'>[] }[] = []
  const queues: Pick<Queues, 'add' | 'idFor'> = {
    // The finisher adds results alone.
    add: async (queue, jobs, run) => void added.push({ queue, run, jobs: jobs as NewJob<'results'>[] }),
    idFor: (stage, ...parts) => [stage, ...parts].join('-'),
  }
  return { added, queues: queues as Queues }
}

describe('a baseline', () => {
  test("is measured by the kind's own paid direct calls", () => {
    expect(baselineOf({ ...NONE, calls: 3, costNano: 1_000 }, ALL, 100, strongCost)).toEqual({ costNano: 333, basis: 'measured' })
  })

  test('leaves calls without a known price out of the mean', () => {
    expect(baselineOf({ ...NONE, calls: 3, costNano: 1_000, unpriced: 1 }, ALL, 100, strongCost)).toEqual({
      costNano: 500,
      basis: 'measured',
    })
  })

  test('is assumed from all kinds where the kind has none: prompt tokens by length, the mean output', () => {
    // 400 tokens for 800 bytes, so 51 for 101; 90 output tokens in 4 calls, so 23.
    expect(baselineOf(NONE, ALL, 101, strongCost)).toEqual({ costNano: 51 * 10 + 23 * 50, basis: 'assumed' })
    expect(baselineOf(null, ALL, 101, strongCost)).toMatchObject({ basis: 'assumed' })
    expect(baselineOf({ ...NONE, calls: 2, unpriced: 2 }, ALL, 101, strongCost)).toMatchObject({ basis: 'assumed' })
  })

  test('is unknown without any direct call, and without a price', () => {
    expect(baselineOf(NONE, NONE, 100, strongCost)).toEqual({ costNano: null, basis: 'unknown' })
    expect(baselineOf(NONE, ALL, 100, () => null)).toEqual({ costNano: null, basis: 'unknown' })
  })
})

test('what a line has spent adds up, and one unknown price makes it unknown', () => {
  const first = addSpent(line, { costNano: 5, promptTokens: 10, outputTokens: 1 })
  expect(first.spent).toEqual({ costNano: 5, promptTokens: 10, outputTokens: 1 })
  const second = addSpent(first, { costNano: 6, promptTokens: 20, outputTokens: 2 })
  expect(second.spent).toEqual({ costNano: 11, promptTokens: 30, outputTokens: 3 })
  expect(addSpent(second, { costNano: null, promptTokens: 1, outputTokens: 1 }).spent).toMatchObject({ costNano: null, promptTokens: 31 })
})

describe('finishing lines', () => {
  const RUN = 'r-aaaaaaaaaa'
  let data: TestRegistry
  beforeEach(() => {
    data = openTestRegistry()
  })
  afterEach(() => data.close())

  const answered: Answered = {
    status: 'answered',
    line: addSpent(line, { costNano: 7, promptTokens: 10, outputTokens: 2 }),
    tier: 'called',
    kind: 'k-sort-1a2b3c',
    version: 2,
    model: 'small',
    answer: ' a b\n',
    completion: null,
    fields: ['3:call:1'],
  }

  test('sends one result for each line, in one job whose id is made from the lines', async () => {
    const { added, queues } = recording()
    const finisher = openFinisher({ registry: data.registry, queues, strongCost })
    const failed = {
      status: 'failed' as const,
      line: { ...line, seq: 4 },
      kind: null,
      statusCode: 400,
      code: 'rejected',
      message: 'too long',
      fields: [],
    } satisfies Failed
    await finisher.finish(RUN, [answered, failed])
    expect(added).toHaveLength(1)
    expect(added[0]).toMatchObject({ queue: 'results', run: RUN })
    const [job] = added[0]!.jobs
    expect(job?.id).toBe(`results-${RUN}-3-4-1`)
    const common = { customId: 'mine', kindName: 'sort', decidedBy: 'name', baseline: { costNano: null, basis: 'unknown' } }
    expect(job?.data satisfies ResultsJob | undefined).toEqual({
      v: 1,
      run: RUN,
      results: [
        {
          ...common,
          status: 'answered',
          seq: 3,
          kind: 'k-sort-1a2b3c',
          tier: 'called',
          tool: 'k-sort-1a2b3c@2',
          version: 2,
          model: 'small',
          answer: ' a b\n',
          completion: null,
          costNano: 7,
          usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
          correct: true,
        },
        { ...common, status: 'failed', seq: 4, kind: null, costNano: 0, statusCode: 400, error: { code: 'rejected', message: 'too long' } },
      ],
    })
  })

  test('does not say what was used where the endpoint did not, and that it was nothing where no model was asked', async () => {
    const { added, queues } = recording()
    const finisher = openFinisher({ registry: data.registry, queues, strongCost })
    await finisher.finish(RUN, [
      { ...answered, line: addSpent(line, { costNano: null, promptTokens: 0, outputTokens: 0 }) },
      { ...answered, tier: 'extracted', line: { ...line, seq: 4 } },
    ])
    expect(added[0]!.jobs[0]!.data.results).toMatchObject([
      { costNano: null, usage: null },
      { costNano: 0, usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } },
    ])
  })

  test('forgets kept replies only once the results are on their way', async () => {
    const intent = {
      run: RUN,
      field: '3:call:1',
      kind: null,
      role: 'light',
      purpose: 'call',
      model: 'small',
      boundNano: 1,
      timeoutMs: 1,
      textBytes: 1,
    } as const
    const tokens = { uncachedInput: 1, cacheRead: 0, cacheWrite: 0, output: 1 }
    await data.registry.money.settle(intent, 1, {
      v: 1,
      text: 'x',
      finish: 'stop',
      model: 'small',
      tokens,
      costNano: 1,
      price: 'p',
      completion: null,
    })
    const { queues } = recording()
    const away = openFinisher({
      registry: data.registry,
      strongCost,
      queues: { ...queues, add: () => Promise.reject(new Error('Redis is away')) },
    })
    await expect(away.finish(RUN, [answered])).rejects.toThrow('Redis is away')
    expect(await data.registry.money.begin(intent)).toHaveProperty('kept')
    await openFinisher({ registry: data.registry, strongCost, queues }).finish(RUN, [answered])
    expect(await data.registry.money.begin(intent)).toEqual({ attempt: 1 })
  })

  test('says whether an answer is right in composed form and without the space around it, and null where there is no target', async () => {
    const { added, queues } = recording()
    const finisher = openFinisher({ registry: data.registry, queues, strongCost })
    const { target: _target, ...untargeted } = line
    await finisher.finish(RUN, [
      { ...answered, answer: 'cafe\u0301 ', line: { ...line, target: 'caf\u00E9' } },
      { ...answered, answer: 'b a' },
      { ...answered, line: untargeted },
    ])
    const results = added[0]!.jobs[0]!.data.results
    expect(results.map((result) => (result.status === 'answered' ? result.correct : 'failed'))).toEqual([true, false, null])
  })
})
