import { connectRedis, keyPrefixes, type RedisConnection } from '@toolwright/queues'
import { familyNamed, generateStream } from '@toolwright/families'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, until } from './pipeline.ts'

const DAY_S = 86_400

let pipeline: Pipeline
let redis: RedisConnection

beforeAll(async () => {
  pipeline = await openPipeline({ settings: { latency: { baseMs: 20 } } })
  redis = connectRedis(pipeline.environment['REDIS_URL']!, { patient: true })
}, 60_000)
afterAll(async () => {
  redis.disconnect()
  await pipeline.close()
}, 60_000)

/** What may be in Redis when runs are over: the registry, what is kept of a run for some days, and what BullMQ keeps of queues that all runs share. */
const KEPT: { pattern: RegExp; what: string; seconds?: number }[] = [
  { pattern: /^r:runs$/, what: 'the list of runs' },
  { pattern: /^r:run:RUN$/, what: "a run's record and summary", seconds: 7 * DAY_S },
  { pattern: /^r:run:RUN:(ledger|money|prices|intents)$/, what: 'what it cost', seconds: 7 * DAY_S },
  { pattern: /^r:run:RUN:latencies$/, what: 'how long its requests took', seconds: 7 * DAY_S },
  { pattern: /^r:run:RUN:failed$/, what: 'its dead letters', seconds: 7 * DAY_S },
  { pattern: /^r:run:RUN:(dispatched|answered)$/, what: 'a bit for each of its lines', seconds: 30 * DAY_S },
  { pattern: /^r:(money|totals|direct|makes|epoch|changes)$/, what: 'sums and counters of the space' },
  { pattern: /^r:days$/, what: 'what the latest days have cost' },
  { pattern: /^r:(kinds|nursery|decisions)$/, what: 'kinds, and how texts find them' },
  { pattern: /^r:kind:KIND(:(examples|places|tools|direct|calls:\d+))?$/, what: 'a kind with its examples and tools' },
  { pattern: /^r:kind:KIND:(make:\d+(:replies|:tries)?|texts)$/, what: 'what a kind has gathered that no tool was made for yet' },
  { pattern: /^r:(hold|probe|pace|limits|taken):.*$/, what: "an endpoint's limits", seconds: DAY_S },
  { pattern: /^q:(requests|user|direct|maker|execution):(meta|id)$/, what: "a shared queue's own record" },
  { pattern: /^q:(requests|user|direct|maker|execution):events$/, what: 'the latest events of a shared queue, of bounded length' },
  {
    pattern: /^q:(requests|user|direct|maker|execution):(marker|stalled-check)$/,
    what: 'what wakes a worker, or the one that looks for stalled jobs',
  },
]

async function keys(): Promise<string[]> {
  const found: string[] = []
  let cursor = '0'
  do {
    // One server, in the tests that have no other.
    const [next, some] = await (redis as Exclude<RedisConnection, { nodes: unknown }>).scan(
      cursor,
      'MATCH',
      `{${pipeline.environment['TOOLWRIGHT_PREFIX']}:*`,
      'COUNT',
      1_000,
    )
    found.push(...some)
    cursor = next
  } while (cursor !== '0')
  return [...new Set(found)].toSorted()
}

/** Requests that make a tool, that go direct, that fail, that are the same as others, and that are none. */
function input(): string {
  const sorting = [...generateStream({ families: [familyNamed('word-sorting')!], count: 60, seed: 3, mix: false })]
  const lines = [
    ...sorting.map(({ text, target }) => ({ input: text, kind: 'sorting', target })),
    ...sorting.slice(0, 20).map(({ text }) => ({ input: text, kind: 'sorting' })),
    ...sorting.slice(20, 30).map(({ text }) => ({ input: text })),
    ...[...generateStream({ families: [familyNamed('irony')!], count: 20, seed: 4, mix: false })].map(({ text }) => ({
      body: { temperature: 1.5, messages: [{ role: 'user', content: text }] },
    })),
    {
      body: {
        messages: [
          { role: 'system', content: 'Be short.' },
          { role: 'user', content: 'Say yes.' },
        ],
      },
    },
  ]
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\nno request\n`
}

test(
  'after runs with tools, failures, a pause and a cancel, Redis holds nothing but what is to be kept',
  { timeout: 240_000 },
  async () => {
    const whole = await pipeline.run(input(), { settings: { make: 'eager', ordered: true, dedupe: true } })
    expect(whole.code, `${whole.talk}\n${pipeline.log()}`).toBe(3)
    expect((await pipeline.publishedVersions()).size).toBeGreaterThan(0)

    await pipeline.simulator.control('', { faults: { badRequest: 0.5 } })
    const paused = pipeline.begin(input(), { settings: { make: 'eager' } })
    await until('its record is there', async () => (await pipeline.registry.runs.get(paused.run)) !== null)
    await pipeline.registry.runs.setPaused(paused.run, true)
    await until('it says so', async () => (await pipeline.registry.runs.get(paused.run))?.isPaused === true)
    await pipeline.registry.runs.setPaused(paused.run, false)
    expect((await paused.ended).code).toBe(3)
    expect(await pipeline.registry.failures.count(paused.run)).toBeGreaterThan(0)

    await pipeline.simulator.control('', { latency: { baseMs: 300 }, faults: { badRequest: 0 } })
    const cancelled = pipeline.begin(input().repeat(10), { settings: { make: 'eager', whileMaking: 'wait' } })
    await until('it is under way', async () => ((await pipeline.registry.runs.get(cancelled.run))?.written ?? 0) > 0)
    await pipeline.registry.runs.cancel(cancelled.run)
    const { code, talk } = await cancelled.ended
    expect(code, talk).toBe(3)
    await until('no make is under way', async () => {
      const depths = await Promise.all((['maker', 'execution', 'user', 'direct'] as const).map((queue) => pipeline.queues.depth(queue)))
      return depths.every(({ waiting, active, delayed, waitingChildren }) => waiting + active + delayed + waitingChildren === 0)
    })

    const { queues, registry } = keyPrefixes(pipeline.environment['TOOLWRIGHT_PREFIX']!, 'default')
    const unexpected: string[] = []
    const names = new Set<string>()
    for (const key of await keys()) {
      const name = key
        .replace(new RegExp(`^${RegExp.escape(queues)}:`), 'q:')
        .replace(registry, 'r:')
        .replace(/run:r-[a-z2-7]{10}/, 'run:RUN')
        .replace(/kind:k-[a-z0-9-]+/, 'kind:KIND')
      const kept = KEPT.find(({ pattern }) => pattern.test(name))
      names.add(name)
      const seconds = await redis.ttl(key)
      if (kept === undefined) unexpected.push(`${name} (for ${seconds} s)`)
      else if (kept.seconds !== undefined && (seconds < 0 || seconds > kept.seconds)) unexpected.push(`${name} is kept for ${seconds} s`)
    }
    expect([...new Set(unexpected)]).toEqual([])
    // What was looked for is there.
    for (const name of ['r:run:RUN', 'r:run:RUN:failed', 'r:kind:KIND:tools', 'q:direct:meta']) expect(names).toContain(name)
    for (const queue of ['requests', 'user', 'direct', 'maker', 'execution'])
      expect(await redis.xlen(`${queues}:${queue}:events`)).toBeLessThan(500)
    expect((await pipeline.registry.runs.list(10)).map(({ state }) => state)).toEqual(['done', 'done', 'done'])
  },
)
