import { openPayer, type Payer } from '@toolwright/answering'
import { RunSettings } from '@toolwright/contracts'
import { familyNamed, generateStream } from '@toolwright/families'
import { type ModelCall, openModel, openPrices } from '@toolwright/llm'
import { connectRedis, LaterError } from '@toolwright/queues'
import { openRegistry } from '@toolwright/registry'
import { startSimulator, type Simulator } from '@toolwright/simulator/src/server.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openPipeline, seqsOf, until } from './pipeline.ts'
import { served } from './served.ts'

const RUN = 'r-aaaaaaaaaa'
const PROCESSES = 3
const LANES = 40
const WINDOW_SECONDS = 6
const CALL: ModelCall = {
  messages: [{ role: 'user', content: 'Sort the following words alphabetically: List: oven costume counterpart' }],
  maxTokens: 4_096,
}

interface Flood {
  replies: number
  refused: number
  seconds: number
}

/** Worker processes, each with its own way to Redis and to the models, that call with more than the endpoint allows for a while, as fast as they are let. */
async function flood(limits: object, seconds: number, own: { requests?: number } = {}): Promise<Flood> {
  const simulator = await startSimulator({ settings: { limits, latency: { baseMs: 100, jitter: 0.5 } } })
  const keyPrefix = `{test-${Math.random().toString(36).slice(2)}}:r:`
  const redises = Array.from({ length: PROCESSES }, () => connectRedis(process.env['REDIS_URL']!, { patient: false }))
  const stop = new AbortController()
  const replies: number[] = []
  const modelOf = (role: 'strong' | 'light') =>
    openModel({ role, baseUrl: simulator.url, apiKey: 'test', model: simulator.models[role], timeoutMs: 30_000, limits: own }, openPrices())
  // The simulator's first reply takes it longest.
  await modelOf('light').complete(CALL)

  const lane = async (payer: Payer, name: string): Promise<void> => {
    for (let n = 0; !stop.signal.aborted;) {
      const payment = { run: RUN, field: `${name}-${n}`, kind: null, role: 'strong', purpose: 'answer', text: '' } as const
      try {
        await payer.pay(payment, CALL, stop.signal)
        replies.push(performance.now())
        n++
      } catch (error) {
        if (!(error instanceof LaterError)) throw error
        await delay(error.delayMs + Math.random() * error.spreadMs, undefined, { signal: stop.signal })
      }
    }
  }
  const lanes = redises.flatMap((redis, at) => {
    const registry = openRegistry({ redis, keyPrefix })
    const payer = openPayer({ registry, models: { strong: modelOf('strong'), light: modelOf('light') } })
    return Array.from({ length: LANES }, async (_, n) => {
      await registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
      await lane(payer, `${at}-${n}`)
    })
  })
  const working = Promise.allSettled(lanes)
  await until('the first reply is there', () => replies.length > 0)
  await delay(seconds * 1_000 - (performance.now() - replies[0]!))
  const end = { replies: replies.length, refused: await refusedBy(simulator), seconds: (performance.now() - replies[0]!) / 1_000 }

  stop.abort(new Error('the flood is over'))
  const failures = (await working).flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
  expect(failures.filter((failure) => !/abort|the flood is over/.test(failure))).toEqual([])
  for (const key of await redises[0]!.keys(`${keyPrefix}*`)) await redises[0]!.del(key)
  for (const redis of redises) redis.disconnect()
  await simulator.stop()
  return end
}

async function refusedBy({ controlUrl }: Simulator): Promise<number> {
  const { calls } = (await (await fetch(`${controlUrl}/served`)).json()) as {
    calls: Record<string, Record<string, Record<string, number>>>
  }
  return Object.values(calls)
    .flatMap((byAsked) => Object.values(byAsked))
    .reduce((sum, byStatus) => sum + (byStatus['429'] ?? 0), 0)
}

describe.concurrent('a flood of calls by several processes at an endpoint that refuses each call over its limit in any window', () => {
  test.each([
    { what: 'requests', limits: { requests: 60 }, perWindow: 60 },
    { what: 'tokens that calls use', limits: { tokens: 1_380 }, perWindow: 60 },
    { what: 'the tokens that replies may have', limits: { tokens: 150_000, counts: 'limit' }, perWindow: 150_000 / (4_096 + 19) },
  ])(
    'announced, of $what: next to none is refused, and most of the limit is used',
    { timeout: 60_000 },
    async ({ what, limits, perWindow }) => {
      const { replies, refused, seconds } = await flood({ ...limits, windowSeconds: WINDOW_SECONDS }, 3 * WINDOW_SECONDS)
      const share = replies / ((perWindow * seconds) / WINDOW_SECONDS)
      console.info(`${what}: ${replies} replies in ${seconds.toFixed(1)} s, ${(share * 100).toFixed(1)} % of the limit; ${refused} refused`)
      // Calls that a busy machine delays on their way come in another window than they were reserved in; without the limiter most of them would be refused.
      expect(refused).toBeLessThanOrEqual(2 + replies / 20)
      // How much hangs on how busy the machine is; a limiter that does not give back what a call did not need uses a hundredth.
      expect(share).toBeGreaterThan(0.5)
    },
  )

  test('set by the user: none is refused', { timeout: 60_000 }, async () => {
    const { replies, refused } = await flood({ requests: 60, announced: false }, 4, { requests: 60 })
    expect(refused).toBe(0)
    expect(replies).toBe(60)
  })
})

test(
  'a run whose kinds need an endpoint with a limit: nothing fails, next to none is refused, and what has a tool does not wait',
  { timeout: 120_000 },
  async () => {
    const limit = 60
    const lines = 240
    const pipeline = await openPipeline({
      stages: { user: 2 },
      settings: {
        limits: { requests: limit, windowSeconds: WINDOW_SECONDS },
        latency: { baseMs: 200 },
        wrongness: { strong: { propose: { otherwise: 0 } } },
      },
    })
    try {
      const made = await pipeline.run(linesOf('unit-conversion', 24, { target: true }), { settings: { make: 'eager' } })
      expect(made.code, made.talk).toBe(0)
      const startedAt = performance.now()
      const limited = pipeline.begin(untoolable(lines))
      await until('the limit is used up', async () => (await pipeline.ledger(limited.run)).length >= limit)
      const extracted = await pipeline.run(linesOf('unit-conversion', 1_000))
      const extractedMs = performance.now() - startedAt
      const end = await limited.ended
      const seconds = (performance.now() - startedAt) / 1_000
      const refused = (await served(pipeline)).withStatus('429')
      const share = lines / ((limit * seconds) / WINDOW_SECONDS)
      console.info(
        `${lines} lines in ${seconds.toFixed(1)} s, ${(share * 100).toFixed(1)} % of the limit; ${refused} refused; 1000 lines extracted meanwhile`,
      )
      expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(0)
      expect(seqsOf(end.results)).toEqual(Array.from({ length: lines }, (_, at) => at))
      expect(end.results.filter((result) => result.response?.status_code !== 200)).toEqual([])
      expect(extracted.results.filter((result) => result.toolwright.tier === 'extracted').length).toBeGreaterThan(900)
      expect(extractedMs).toBeLessThan(seconds * 1_000)
      expect(refused).toBeLessThanOrEqual(lines / 20)
      expect(share).toBeGreaterThan(0.4)
    } finally {
      await pipeline.close()
    }
  },
)

/** Lines in the family's first wordings alone, which its tool knows. */
function linesOf(family: string, count: number, { target = false } = {}): object[] {
  const stream = generateStream({ families: [familyNamed(family)!], count: count * 2, seed: 17, mix: false, typoShare: 0 })
  return [...stream].slice(0, count).map((line) => ({ input: line.text, kind: family, ...(target && { target: line.target }) }))
}

/** Requests that no tool may answer, so that each is one call of the strong model. */
function untoolable(count: number): object[] {
  return linesOf('word-sorting', count).map((line, at) => ({
    custom_id: `hot-${at}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'any', temperature: 1.5, messages: [{ role: 'user', content: (line as { input: string }).input }] },
  }))
}
