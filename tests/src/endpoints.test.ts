import { familyNamed, generateStream } from '@toolwright/families'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { answerOf, openPipeline, type Pipeline, type RunEnd, seqsOf, type Stage } from './pipeline.ts'
import { served } from './served.ts'

const KEY = 'key-of-the-account'
const STRONG = 'acme-large-2'
const LIGHT = 'acme-small-2'

/** Everything that an endpoint is given by; '' takes what the harness sets away. */
const ENDPOINT = {
  TOOLWRIGHT_STRONG_BASE_URL: '',
  TOOLWRIGHT_LIGHT_BASE_URL: '',
  TOOLWRIGHT_STRONG_MODEL: STRONG,
  TOOLWRIGHT_LIGHT_MODEL: LIGHT,
  OPENAI_API_KEY: KEY,
  TOOLWRIGHT_PRICES: '',
}

const NO_FAULTS = {
  badRequest: 0,
  rateLimited: 0,
  serverError: 0,
  unavailable: 0,
  slowDrip: 0,
  droppedConnection: 0,
  cutOff: 0,
  refusal: 0,
  prose: 0,
}

let pipeline: Pipeline
let seed = 0

beforeAll(async () => {
  pipeline = await openPipeline({ stages: { user: 0, maker: 0 }, settings: { apiKey: KEY, models: { strong: STRONG, light: LIGHT } } })
}, 60_000)
afterAll(() => pipeline.close(), 60_000)
afterEach(async () => {
  await stopStages()
  await pipeline.simulator.control('', {
    structuredOutput: 'schema',
    faults: NO_FAULTS,
  })
})

function startStages(more: Record<string, string> = {}): void {
  for (const stage of ['user', 'maker'] as const) pipeline.start(stage, { ...ENDPOINT, OPENAI_BASE_URL: pipeline.simulator.url, ...more })
}

async function stopStages(): Promise<void> {
  const stages: Stage[] = ['user', 'maker']
  await Promise.all(
    stages.flatMap((stage) =>
      pipeline.processes(stage).map(async (process) => {
        const gone = new Promise((resolve) => process.once('exit', resolve))
        process.kill('SIGTERM')
        await gone
      }),
    ),
  )
}

/** Lines that no test before has used, of a kind that is new to the registry in the first test only. */
function someLines(count: number): { input: string }[] {
  return [...generateStream({ families: [familyNamed('unit-conversion')!], count, seed: ++seed, mix: true })].map((line) => ({
    input: line.text,
  }))
}

function expectWhole(end: RunEnd, count: number): void {
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(end.results)).toEqual(Array.from({ length: count }, (_, at) => at))
}

test(
  'base URL, key and model names are all it takes; costs that nobody knows the price of are unknown, never nothing',
  { timeout: 90_000 },
  async () => {
    startStages()
    const end = await pipeline.run(someLines(40), { settings: { make: 'eager' } })

    expectWhole(end, 40)
    const tiers = new Set(end.results.map((result) => result.toolwright.tier))
    expect(tiers).toContain('extracted')
    const costs = (isPaid: boolean) =>
      new Set(
        end.results.filter(({ toolwright }) => (toolwright.tier !== 'extracted') === isPaid).map(({ toolwright }) => toolwright.cost_usd),
      )
    expect(costs(true)).toEqual(new Set([null]))
    expect([...costs(false)].map(Number)).toEqual([0])
    expect(end.results.find((result) => result.toolwright.tier === 'direct')?.response?.body.model).toBe(STRONG)
    expect(end.talk).toMatch(/Spent: .*unknown/)
    expect(end.talk).toMatch(/Saved: .*unknown/)
  },
)

test(
  'a wrong key stops the run with 5 and says so; with the right one the same run ends with nothing lost',
  { timeout: 90_000 },
  async () => {
    startStages({ OPENAI_API_KEY: 'another-key-entirely' })
    const lines = someLines(20)
    const { run, ended } = pipeline.begin(lines)
    const halted = await ended
    expect(halted.code, halted.talk).toBe(5)
    expect(halted.talk).toMatch(/API_KEY/)
    expect(halted.talk).toContain(`resume ${run}`)
    expect(halted.talk).not.toContain('another-key-entirely')

    await stopStages()
    startStages()
    expectWhole(await pipeline.run(lines, { run }), 20)
  },
)

test('an unknown model stops the run with 5 and names the variable to mend', { timeout: 90_000 }, async () => {
  startStages({ TOOLWRIGHT_STRONG_MODEL: 'acme-huge-9' })
  const framed = someLines(4).map(({ input }) => ({
    body: {
      messages: [
        { role: 'system', content: 'Answer in one line.' },
        { role: 'user', content: input },
      ],
    },
  }))
  const { run, ended } = pipeline.begin(framed)
  const halted = await ended
  expect(halted.code, halted.talk).toBe(5)
  expect(halted.talk).toContain('acme-huge-9')
  expect(halted.talk).toContain('TOOLWRIGHT_STRONG_MODEL')

  await stopStages()
  startStages()
  expectWhole(await pipeline.run(framed, { run }), 4)
})

for (const [structuredOutput, what] of [
  ['none', 'lacks structured output'],
  ['object', 'knows JSON but no schema'],
  ['ignored', 'ignores the schema and wraps its JSON in prose'],
] as const) {
  test(`an endpoint that ${what} judges and writes arguments all the same`, { timeout: 90_000 }, async () => {
    await pipeline.simulator.control('', { structuredOutput })
    startStages()
    const before = await served(pipeline)
    const family = familyNamed({ none: 'phone-to-e164', object: 'date-to-iso', ignored: 'time-zone' }[structuredOutput])!
    const lines = [...generateStream({ families: [family], count: 40, seed: 3, mix: true })]
    const end = await pipeline.run(
      lines.map((line) => ({ input: line.text })),
      { settings: { make: 'eager' } },
    )

    expectWhole(end, 40)
    const now = await served(pipeline)
    expect(now.replies('light', 'judge')).toBeGreaterThan(before.replies('light', 'judge'))
    expect(now.replies('light', 'call')).toBeGreaterThan(before.replies('light', 'call'))
    // Judged and called for something: one kind was found, and a tool serves it.
    expect(end.results.filter((result) => result.toolwright.tool !== null).length).toBeGreaterThan(20)
  })
}

test('all that an endpoint can do wrong, now and then, loses no line', { timeout: 120_000 }, async () => {
  const errors = { badRequest: 0.02, rateLimited: 0.015, serverError: 0.02, unavailable: 0.02 }
  const replies = { slowDrip: 0.03, droppedConnection: 0.02, cutOff: 0.05, refusal: 0.03, prose: 0.15 }
  await pipeline.simulator.control('', { faults: { ...errors, ...replies, retryAfterSeconds: 0.2, dripMs: 300 } })
  startStages()
  const before = await served(pipeline)
  const families = ['word-sorting', 'invoice-total', 'world-knowledge'].map((name) => familyNamed(name)!)
  const lines = [...generateStream({ families, count: 120, seed: 9, mix: true })]
  const end = await pipeline.run(
    // Named and with targets, so that tools are made whatever the endpoint does to the answers; the others are to be found.
    lines.map(({ text, family, target }) => (family === 'world-knowledge' ? { input: text } : { input: text, kind: family, target })),
    { settings: { make: 'eager' } },
  )

  expect(seqsOf(end.results), `${end.talk}\n${pipeline.log()}`).toEqual(lines.map((_, at) => at))
  // What the endpoint will not take is an answer too, and the only one that fails a line.
  const failed = end.results.filter((result) => result.response?.status_code !== 200)
  expect(new Set(failed.map((result) => result.response?.status_code))).toEqual(new Set(failed.length === 0 ? [] : [400]))
  expect(end.code).toBe(failed.length === 0 ? 0 : 3)
  const extracted = end.results.filter((result) => result.toolwright.tier === 'extracted')
  expect(extracted.length, end.talk).toBeGreaterThan(lines.length / 4)
  expect(extracted.filter((result) => answerOf(result) !== lines[result.toolwright.seq]!.target)).toEqual([])
  const after = await served(pipeline)
  const met = ['400', '429', '500', '503', 'dropped'].filter((status) => after.withStatus(status) > before.withStatus(status))
  // Each comes up once in fifty calls or so: one of the five may stay away by chance.
  expect(met.length, met.join()).toBeGreaterThanOrEqual(4)
})
