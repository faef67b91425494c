import { openFinisher, openPayer } from '@toolwright/answering'
import { type Example, type ExecutionJob, type KindId, type Line, type Purpose, RunSettings, type Tool } from '@toolwright/contracts'
import type { ModelCall } from '@toolwright/llm'
import { scriptedModel, type ScriptedModel, type ScriptedReply } from '@toolwright/llm/testing'
import { addCall, addDirect, addJudge, addToTool, openQueues } from '@toolwright/queues'
import {
  atEveryChange,
  connectMortal,
  type Handlers,
  type MortalRedis,
  openTestQueues,
  openWorkbench,
  type Program,
  runProgram,
  type TestQueues,
  type Workbench,
} from '@toolwright/queues/testing'
import { openKindIndex, openRegistry, type Registry } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { openLog } from '@toolwright/runtime'
import { describe, expect, test } from 'vitest'
import { directHandlers, userHandlers } from './handlers.ts'
import type { Services } from './services.ts'
import { line, never, RUN, textOf, toolOf } from './testing.ts'
import { openTurns } from './turns.ts'

/** Lines whose worker dies before any one of the changes that it makes, and that go on elsewhere, after all that it had handed on. */

const COST_NANO = 100
const TARGET = 'what its user says'
const log = openLog({ stage: 'test', level: 'error', write: () => undefined })

interface Scenario {
  before(world: World): Promise<void>
  strong(text: string, call: ModelCall): string
  light(text: string, call: ModelCall): string
  programs?: Record<string, Program>
  /** Makes that are begun. */
  makes?: number
  /** Replies that were paid for, by purpose. */
  paid: Partial<Record<Purpose, number>>
  /** Questions that are another one when they are asked again. */
  mayAskAnew?: Purpose
}

interface World {
  data: TestRegistry
  jobs: TestQueues
  bench: Workbench
  registry: Registry
  strong: ScriptedModel
  light: ScriptedModel
  handlers(process?: MortalRedis): Handlers
  publish: (name: string, tiers: Tool['tiers']) => Promise<KindId>
  close(): Promise<void>
}

const numberIn = (text: string) => Number(/number (\d+)/.exec(text)?.[1])
const half = (text: string) => `half is ${numberIn(text) / 2}`

const HALVE: Program = {
  extract: (text) => (/^the number \d+ please$/.test(text) ? { n: numberIn(text) } : null),
  solve: ({ n }) => {
    if (typeof n !== 'number' || n % 2 === 1) throw new Error('n is odd')
    return `half is ${n / 2}`
  },
}
const EXAMPLE = { v: 1, source: 'agreed', votes: 2, refusedBy: 1, run: RUN, at: 1 } as const
const RIVAL: Program = { extract: (text) => (text.includes('8 please') ? { n: 1 } : null), solve: () => 'other' }

const SCENARIOS: Record<string, Scenario> = {
  'lines that are judged, into a kind that is there and into new ones': {
    before: async ({ registry, jobs }) => {
      await registry.kinds.named('shout', '', 'please shout this word at once')
      const texts = ['please shout this word at once: pear', 'please spell this word at once: fig', 'how many miles make a furlong']
      await addJudge(
        jobs.queues,
        RUN,
        texts.map((text, seq) => line(seq, text, { target: TARGET })),
      )
    },
    strong: () => 'nobody asks',
    light: (text) => (text.split('# New request')[1]!.includes('shout') ? '{"group": 1}' : '{"group": 0}'),
    paid: { judge: 2 },
    mayAskAnew: 'judge',
  },
  'lines that gather': {
    before: async ({ registry, jobs }) => {
      const kind = await registry.kinds.named('halve', '', 'the number 1')
      const lines = [2, 4, 6].map((n) => line(n, `the number ${n}`, { kind, ...(n === 4 && { target: TARGET }) }))
      await registry.kinds.place(kind, RUN, 'token', lines, 'wait')
      await addDirect(jobs.queues, { run: RUN, kind, gather: true }, lines)
    },
    strong: (text, { seed }) => (seed !== undefined && text.includes('6') ? 'another' : half(text)),
    light: () => 'nobody asks',
    paid: { answer: 3, label: 2 },
  },
  'lines for a tool: read, refused, foreign, contested and too hard for it': {
    before: async ({ registry, jobs, publish }) => {
      const kind = await publish('halve', { extracted: true, called: true })
      const refused = [30, 32, 34, 36].map((n): Example => ({ ...EXAMPLE, text: `a number ${n}`, answer: half(`number ${n}`) }))
      await registry.tools.addExamples(kind, refused)
      const rival = await publish('rival', { extracted: true, called: false })
      const texts = ['the number 2 please', 'the number 8 please', 'foreign number 6', 'odd number 5', 'a number 10', 'a number 12']
      const lines = texts.map((text, seq) =>
        line(seq, text, { kind, ...(text.includes('8 please') && { rivals: [rival] }), ...(seq < 4 && { target: TARGET }) }),
      )
      await addToTool(jobs.queues, { run: RUN, kind, version: 1 }, { extracted: true }, lines)
    },
    strong: half,
    light: (text, { messages }) => {
      const asked = messages.length > 2 ? String(messages[1]?.content) : text
      if (asked.includes('foreign')) return '{"applies": false, "arguments": null}'
      return JSON.stringify({ applies: true, arguments: { n: numberIn(asked) } })
    },
    programs: { halve: HALVE, rival: RIVAL },
    // The odd one is tried twice; two of those that were refused are labelled, the sixth of which is reason for a new make.
    paid: { call: 6, answer: 2, label: 2 },
    makes: 1,
  },
  'lines of a version that is disabled after it was paid for': {
    before: async ({ registry, jobs, publish, strong, light }) => {
      const kind = await publish('halve', { extracted: false, called: true })
      const lines = [2, 4].map((n) => line(n, `the number ${n}`, { kind }))
      const call = { messages: [{ role: 'user' as const, content: 'the number 2' }], maxTokens: 5 }
      const payment = { run: RUN, kind, field: '2:call:1:1', role: 'light', purpose: 'call', text: 'x' } as const
      await openPayer({ registry, models: { strong, light } }).pay(payment, call, never)
      await registry.runs.noteDispatched(RUN, lines)
      await addCall(jobs.queues, { run: RUN, kind, version: 1 }, false, lines)
      await registry.kinds.point(kind, 0, 'disabled by hand')
    },
    strong: half,
    light: () => '{"applies": true, "arguments": {"n": 2}}',
    paid: { call: 1 },
  },
}

describe.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
  test(
    'come to the same wherever their worker dies, each has one result, and no reply that was kept is paid for again',
    {
      timeout: 60_000,
    },
    async () => {
      const calm = await openWorld(scenario)
      expect(await calm.bench.work(calm.handlers())).toBe('done')
      const undisturbed = await stateOf(calm, scenario)
      expect(await paidIn(calm)).toEqual(scenario.paid)
      expect(undisturbed.makes).toHaveLength(scenario.makes ?? 0)
      // What a user says to be right is never shown to who is to answer.
      expect(JSON.stringify([calm.strong.calls, calm.light.calls])).not.toContain(TARGET)
      await calm.close()

      await atEveryChange(async (changes) => {
        const world = await openWorld(scenario)
        const process = await connectMortal(world.jobs.redisUrl, changes)
        const end = await world.bench.work(world.handlers(process), process)
        const lost = await lostCalls(world)
        if (end === 'died') await world.bench.work(world.handlers())
        else process.redis.disconnect()
        expect(await stateOf(world, scenario), `killed before change ${changes}`).toEqual(undisturbed)
        expect(await lostCalls(world), `killed before change ${changes}`).toBe(lost)
        await world.close()
        return end
      })
    },
  )
})

async function openWorld(scenario: Scenario): Promise<World> {
  const data = openTestRegistry()
  const jobs = openTestQueues()
  const { registry } = data
  const execute = ({ source, calls }: ExecutionJob) => calls.map((call) => runProgram(scenario.programs![source]!, call))
  const bench = openWorkbench(jobs, log, execute)
  await registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
  const strong = scriptedModel((call) => reply(scenario.strong(textOf(call), call)), { role: 'strong', model: 'big' })
  const light = scriptedModel((call) => reply(scenario.light(textOf(call), call)), { role: 'light', model: 'small' })

  const world: World = {
    data,
    jobs,
    bench,
    registry,
    strong,
    light,
    handlers: (process) => {
      const own = process === undefined ? registry : openRegistry({ redis: process.redis, keyPrefix: data.keyPrefix })
      const queues =
        process === undefined ? jobs.queues : openQueues({ redis: process.redis, prefix: jobs.prefix, space: jobs.queues.space })
      const whileAlive = (model: ScriptedModel) => ({
        ...model,
        complete: (...asked: Parameters<ScriptedModel['complete']>) =>
          process?.isDead() === true ? new Promise<never>(() => undefined) : model.complete(...asked),
      })
      const services: Services = {
        registry: own,
        queues,
        payer: openPayer({ registry: own, models: { strong: whileAlive(strong), light: whileAlive(light) } }),
        finisher: openFinisher({ registry: own, queues, strongCost: () => null }),
        index: openKindIndex(own.kinds),
        turns: openTurns(),
        countExtracts: () => undefined,
      }
      return { user: userHandlers(services).handle, direct: directHandlers(services).handle }
    },
    publish: async (name, tiers) => {
      const kind = await registry.kinds.named(name, '', `Do ${name}: x`)
      await registry.kinds.settle(kind, 1, { end: 'published', version: 1, tool: JSON.stringify(toolOf(kind, name, tiers)) })
      return kind
    },
    close: async () => {
      await bench.close()
      await jobs.close()
      await data.close()
    },
  }
  await scenario.before(world)
  return world
}

function reply(text: string): ScriptedReply {
  return { text, costNano: COST_NANO }
}

/** All that lines leave behind. A result that comes again is written once: the first counts. */
async function stateOf(world: World, { mayAskAnew }: Scenario) {
  const { data, registry, bench } = world
  const results = new Map<number, object>()
  for (const { data: job } of await bench.jobs('results', RUN)) {
    for (const { baseline: _baseline, ...result } of job.results) if (!results.has(result.seq)) results.set(result.seq, result)
  }
  const kinds: Record<string, object> = {}
  for (const id of await registry.kinds.list()) {
    const { epoch: _epoch, reading, rev: _rev, ...kind } = { epoch: 0, ...(await registry.kinds.get(id))! }
    kinds[id] = {
      kind,
      templates: reading.templates,
      samples: reading.samples,
      examples: (await registry.tools.examples(id)).map(({ at: _at, ...one }) => one).toSorted((a, b) => (a.text < b.text ? -1 : 1)),
      gathered: await registry.tools.gatheredTexts(id),
      places: await registry.kinds.gatheredCount(id),
      calls: await data.redis.lrange(`${data.keyPrefix}kind:${id}:calls:1`, 0, -1).then((all) => all.toSorted()),
    }
  }
  const paid = await paidIn(world)
  return {
    results: [...results].toSorted(([a], [b]) => a - b),
    kinds,
    makes: (await bench.jobs('maker')).map(({ data: job }) => job),
    again: sentBack(await bench.jobs('requests')),
    dispatched: (await registry.runs.get(RUN))?.dispatched,
    paid: mayAskAnew === undefined ? paid : { ...paid, [mayAskAnew]: null },
    wasted: (await registry.money.ledger(RUN)).filter(({ bucket }) => bucket === 'waste').length,
    // An intent whose process died stays until its time is over.
    keys: (await data.redis.keys(`${data.keyPrefix}run:*`))
      .map((key) => key.slice(data.keyPrefix.length))
      .filter((key) => !key.endsWith(':intents'))
      .toSorted(),
  }
}

/** Where lines are to be dispatched again, and as what. */
function sentBack(jobs: { data: { lines: Line[] } }[]) {
  const lines = jobs.flatMap(({ data }) => data.lines).map(({ seq, kind, hop, spent }) => ({ seq, kind, hop, spent }))
  return lines.toSorted((a, b) => a.seq - b.seq)
}

async function paidIn({ registry }: World): Promise<Partial<Record<Purpose, number>>> {
  const paid: Partial<Record<Purpose, number>> = {}
  for (const { purpose } of await registry.money.ledger(RUN)) paid[purpose] = (paid[purpose] ?? 0) + 1
  return paid
}

/** Calls whose reply nobody has kept. */
async function lostCalls({ registry, strong, light }: World): Promise<number> {
  return strong.calls.length + light.calls.length - (await registry.money.ledger(RUN)).length
}
