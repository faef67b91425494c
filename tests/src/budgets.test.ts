import { familyNamed, generateStream } from '@toolwright/families'
import { exactUsd, type LedgerEntry } from '@toolwright/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, seqsOf, until } from './pipeline.ts'
import { served, servedNanoSince } from './served.ts'

const LINES = 400
/** What a proposal may cost, less the part that hangs on its prompt: most of what a make may. It costs a tenth. */
const PROPOSAL_BOUND_NANO = 90_000_000
const MAKE_NANO = 120_000_000
/** Calls that hang, so that their worker is killed with them. */
const HELD = 5

let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await openPipeline({
    stages: { user: 0, maker: 2 },
    environment: { TOOLWRIGHT_CONCURRENCY: '50', TOOLWRIGHT_MAX_USD_PER_MAKE: exactUsd(MAKE_NANO) },
  })
}, 60_000)
afterAll(() => pipeline.close(), 60_000)

/** Requests that no tool may answer. */
function requests(count: number, more: object = {}): object[] {
  return linesOf(['word-sorting'], count).map((text, at) => request(`paid-${at}`, text, { temperature: 1.5, ...more }))
}

function linesOf(families: string[], count: number): string[] {
  const of = families.map((name) => familyNamed(name)!)
  return [...generateStream({ families: of, count, seed: 23, mix: of.length > 1 })].map(({ text }) => text)
}

/** With a limit on its reply, so that a call's bound is a few times what it costs. */
function request(id: string, text: string, more: object = {}): object {
  const body = { model: 'any', max_tokens: 200, messages: [{ role: 'user', content: text }], ...more }
  return { custom_id: id, method: 'POST', url: '/v1/chat/completions', body }
}

/** Steps of makes that a make's own limit is about. */
function proposals(ledger: LedgerEntry[]): LedgerEntry[] {
  return ledger.filter(({ purpose }) => purpose === 'propose' || purpose === 'repair')
}

async function spentOn(run: string): Promise<number> {
  return (await pipeline.ledger(run)).reduce((sum, entry) => sum + entry.costNano!, 0)
}

test(
  'with tools being made and a worker killed at it, neither the run nor a make costs more than it may; with more the run goes on to its end',
  { timeout: 180_000 },
  async () => {
    const before = await served(pipeline)
    // Of irony every proposal is wrong: without a limit a make of it takes eight.
    const wrongness = { strong: { propose: { otherwise: 0, families: { irony: 1 } }, repair: { otherwise: 0, families: { irony: 1 } } } }
    await pipeline.simulator.control('', { latency: { baseMs: 100, jitter: 0.5 }, wrongness })
    // The first calls hang, while there is one worker only: it is killed with them.
    await pipeline.simulator.control('/hold', { purpose: 'answer', role: 'strong', count: HELD })
    const direct = requests(120, { max_tokens: 60 })
    const lines = linesOf(['unit-conversion', 'irony'], 160).flatMap((text, at) => [
      request(`tooled-${at}`, text),
      ...direct.slice(at, at + 1),
    ])
    // Reached while tools are made, whatever the dead worker had begun.
    const limitNano = 160_000_000
    // What calls of a dead worker may cost counts as lost once their time is over: few calls and a short time, so that much of the limit is left to spend.
    const victim = pipeline.start('user', { TOOLWRIGHT_MODEL_TIMEOUT_MS: '5000', TOOLWRIGHT_CONCURRENCY: '5' })
    const paused = pipeline.begin(lines, { settings: { make: 'eager' }, maxCostNano: limitNano })
    await until('calls hang', async () => ((await pipeline.simulator.control('/held')) as { held: number }).held === HELD)
    for (let others = 0; others < 4; others++) pipeline.start('user')
    await until('calls are paid for', async () => (await pipeline.ledger(paused.run)).length > 20)
    await pipeline.kill(victim)
    const end = await paused.ended
    expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(4)
    expect(end.talk).toContain(`./toolwright resume ${paused.run} --max-cost-usd N`)
    expect(end.results.filter(({ response }) => response === null)).toEqual([])
    expect(end.results.length).toBeLessThan(lines.length)
    // What is served is reserved before, so whatever is under way by now, this holds.
    const within = async (limit: number) => {
      const servedNano = await servedNanoSince(before, pipeline)
      const { spentNano, reservedNano } = await pipeline.registry.money.budget({ run: paused.run })
      expect(servedNano).toBeLessThanOrEqual(spentNano + reservedNano)
      expect(spentNano + reservedNano).toBeLessThanOrEqual(limit)
      return { servedNano, spentNano, reservedNano }
    }
    await within(limitNano)
    const proposalsSoFar = proposals(await pipeline.ledger(paused.run)).length

    const more = await pipeline.run(lines, { run: paused.run, maxCostNano: limitNano * 10 })
    expect(more.code, `${more.talk}\n${pipeline.log()}`).toBe(0)
    expect(seqsOf(more.results)).toEqual(lines.map((_, at) => at))
    expect(more.results.filter(({ response }) => response?.status_code !== 200)).toEqual([])
    const ledger = await pipeline.ledger(paused.run)
    const { servedNano, spentNano, reservedNano } = await within(limitNano * 10)
    expect(spentNano).toBe(ledger.reduce((sum, { costNano }) => sum + costNano!, 0))
    // Each entry is rounded up.
    expect(spentNano).toBeLessThanOrEqual(servedNano + ledger.length)
    // Of the dead worker's calls.
    expect(reservedNano).toBeGreaterThan(0)

    const made = proposals(ledger)
    const kinds = new Set(made.map(({ kind }) => kind!))
    console.info(
      `${proposalsSoFar} proposals before the pause, ${made.length} in all, for ${kinds.size} kinds; settled ${spentNano}, served ${servedNano}, uncertain ${reservedNano} nano-dollars`,
    )
    expect(made.length).toBeGreaterThan(proposalsSoFar)
    for (const kind of kinds) {
      const own = made.filter((entry) => entry.kind === kind)
      const { generation } = (await pipeline.registry.kinds.get(kind))!
      const makes = (await pipeline.registry.makes.ageMs(kind, generation)) === null ? generation - 1 : generation
      const costs = own.map(({ costNano }) => costNano!)
      const sum = costs.reduce((nano, cost) => nano + cost, 0)
      // The last one that fitted.
      expect(sum, kind).toBeLessThanOrEqual((MAKE_NANO - PROPOSAL_BOUND_NANO + Math.max(...costs)) * makes)
    }
    expect((await pipeline.publishedVersions()).size).toBeGreaterThan(0)
  },
)

test(
  'many workers at once never spend more than a run may cost; what is left is answered when it may cost more, and nothing is paid for twice',
  { timeout: 120_000 },
  async () => {
    await pipeline.simulator.control('', { latency: { baseMs: 100, jitter: 0.5 } })
    const sample = await pipeline.run(requests(20))
    expect(sample.code, sample.talk).toBe(0)
    const each = (await spentOn(sample.results[0]!.toolwright.run)) / 20

    const limitNano = Math.round((each * LINES) / 2)
    const lines = requests(LINES)
    const before = (await served(pipeline)).withStatus('200')
    const paused = pipeline.begin(lines, { maxCostNano: limitNano })
    const end = await paused.ended
    expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(4)
    expect(end.talk).toContain(`./toolwright resume ${paused.run} --max-cost-usd N`)
    expect(end.results.filter((result) => result.response === null)).toEqual([])
    // Calls that had begun end, and are booked.
    await until('no call is under way', async () => (await pipeline.registry.money.budget({ run: paused.run })).reservedNano === 0)
    const spent = await spentOn(paused.run)
    const paid = (await pipeline.ledger(paused.run)).length
    console.info(`${paid} of ${LINES} requests paid for with ${((spent / limitNano) * 100).toFixed(1)} % of what the run may cost`)
    expect(spent).toBeLessThanOrEqual(limitNano)
    // It does not give up while calls under way keep what is left reserved.
    expect(spent).toBeGreaterThan(limitNano / 2)
    expect(await pipeline.registry.money.budget({ run: paused.run })).toEqual({
      limitNano,
      spentNano: spent,
      reservedNano: 0,
      overrunNano: 0,
    })

    const still = await pipeline.run(lines, { run: paused.run })
    expect(still.code, still.talk).toBe(4)
    expect(await spentOn(paused.run)).toBeLessThanOrEqual(limitNano)

    const more = await pipeline.run(lines, { run: paused.run, maxCostNano: limitNano * 4 })
    expect(more.code, `${more.talk}\n${pipeline.log()}`).toBe(0)
    expect(seqsOf(more.results)).toEqual(lines.map((_, at) => at))
    expect(more.results.filter((result) => result.response?.status_code !== 200)).toEqual([])
    expect(await pipeline.ledger(paused.run)).toHaveLength(LINES)
    expect((await served(pipeline)).withStatus('200')).toBe(before + LINES)
  },
)

test('an endpoint that bills more than it was asked for is found out, and the run pauses', { timeout: 60_000 }, async () => {
  // Few get through, so that not all are on the way when the first is found out, however slow this machine is.
  const storm = { allowPerSecond: 20, retryAfterSeconds: 1 }
  await pipeline.simulator.control('', { latency: { baseMs: 50 }, overbilled: 5_000, storm })
  const lines = requests(LINES)
  const { run, ended } = pipeline.begin(lines, { maxCostNano: 100_000_000_000 })
  const end = await ended
  await pipeline.simulator.control('', { overbilled: 0, storm: null })
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(4)
  expect(end.talk).toContain('overrun')
  await until('no call is under way', async () => (await pipeline.registry.money.budget({ run })).reservedNano === 0)
  const { spentNano, overrunNano } = await pipeline.registry.money.budget({ run })
  expect(overrunNano).toBeGreaterThan(0)
  expect(spentNano).toBe(await spentOn(run))
  expect((await pipeline.ledger(run)).length).toBeLessThan(LINES)

  const more = await pipeline.run(lines, { run, maxCostNano: null })
  expect(more.code, `${more.talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(more.results)).toEqual(lines.map((_, at) => at))
  expect(await pipeline.ledger(run)).toHaveLength(LINES)
  expect(more.talk).toMatch(/Overrun: +\$/)
})
