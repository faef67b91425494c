import { openPayer } from '@toolwright/answering'
import { type Example, type ExecutionJob, type KindId, type Line, type Purpose, RunSettings, type Tool } from '@toolwright/contracts'
import type { ModelCall } from '@toolwright/llm'
import { scriptedModel, type ScriptedModel, type ScriptedReply } from '@toolwright/llm/testing'
import { addDirect, addMake, openQueues } from '@toolwright/queues'
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
import { makeTool } from './make-tool.ts'
import type { Services } from './services.ts'

/** A make that dies before any one of the changes that it makes, and goes on elsewhere. */

const RUN = 'r-aaaaaaaaaa'
const COST_NANO = 100
const log = openLog({ stage: 'test', level: 'error', write: () => undefined })

interface Scenario {
  /** What is there before the make begins, besides a kind with another's examples. */
  before(world: World): Promise<void>
  /** What the strong model says: to be asked for a program, for a repair, or for an answer. */
  strong(asked: 'propose' | 'repair' | 'answer', call: ModelCall): string
  programs: Record<string, Program>
  light?(call: ModelCall): string
  /** What the user pool does with a line that gathers: the answer, and whether further ones agree. */
  answers?(line: Line): { answer: string; isAgreed: boolean }
  /** The tiers that serve in the end, and the replies that were paid for. */
  comesTo: { tiers: Tool['tiers'] | null; paid: Partial<Record<Purpose, number>> }
}

interface World {
  data: TestRegistry
  jobs: TestQueues
  bench: Workbench
  registry: Registry
  kind: KindId
  strong: ScriptedModel
  light: ScriptedModel
  /** How often the user pool answered each line. */
  answered: Map<number, number>
  /** What each process serves with. */
  handlers(process?: MortalRedis): Handlers
  close(): Promise<void>
}

const numberIn = (text: string) => Number(/\d+/.exec(text)?.[0])
const right = (text: string) => `half is ${numberIn(text) / 2}`
const halve = (n: number) => `Halve the number ${n} please`
const otherwise = (n: number) => `What do I get as one half of ${n} ?`

function reads(pattern: RegExp, solve: Program['solve']): Program {
  return {
    extract: (text) => {
      const n = pattern.exec(text)?.[1]
      return n === undefined ? null : { n: Number(n) }
    },
    solve,
  }
}

const GOOD = reads(/^Halve the number (\d+) please$/, ({ n }) => `half is ${Number(n) / 2}`)
const WRONG = reads(/^Halve the number (\d+) please$/, ({ n }) => `half is ${Number(n) * 2}`)
const BLIND = reads(/^$/, ({ n }) => `half is ${Number(n) / 2}`)
const BOTH = reads(/^(?:Halve the number|What do I get as one half of) (\d+) (?:please|\?)$/, ({ n }) => `half is ${Number(n) / 2}`)

function proposal(name: string): string {
  const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false }
  const source = `# ${name}\ndef solve(n):\n    return ""\n\ndef extract(text):\n    return None\n`
  return `\`\`\`json\n${JSON.stringify(schema)}\n\`\`\`\n\`\`\`python\n${source}\`\`\``
}

function example(text: string, more: Partial<Example> = {}): Example {
  return { v: 1, text, answer: right(text), source: 'given', votes: 1, run: RUN, at: 1, ...more }
}

function lines(count: number, from: number): Line[] {
  return Array.from({ length: count }, (_, at) => ({
    seq: from + at,
    customId: `line-${from + at}`,
    text: halve(2 * (from + at)),
    frame: '',
    hop: 0,
  }))
}

async function placeLines({ registry, jobs, kind }: World, all: Line[]): Promise<void> {
  const placed = await registry.kinds.place(kind, RUN, 'token', all, 'wait')
  if (placed.go !== 'split') throw new Error(`the lines went to ${placed.go}`)
  const gathering = placed.gather.map((at) => all[at]!)
  await addDirect(jobs.queues, { run: RUN, kind, gather: true }, gathering)
}

const given = (numbers: number[]) => numbers.map((n) => example(halve(n)))
const EVEN = [2, 4, 6, 8, 10, 12, 14]

const BOTH_TIERS = { extracted: true, called: true }

const SCENARIOS: Record<string, Scenario> = {
  'lines that gather, some of which come to nothing': {
    before: async (world) => await placeLines(world, lines(16, 1)),
    programs: { good: GOOD },
    strong: () => proposal('good'),
    answers: ({ seq, text }) => ({ answer: right(text), isAgreed: seq > 6 }),
    comesTo: { tiers: BOTH_TIERS, paid: { propose: 1, verify: 3 } },
  },
  'a repair, and a light model that slips': {
    before: async (world) => {
      await world.registry.tools.addExamples(world.kind, given(EVEN))
      await placeLines(world, lines(2, 30))
    },
    programs: { good: GOOD, wrong: WRONG },
    strong: (asked) => proposal(asked === 'propose' ? 'wrong' : 'good'),
    light: (call) => (call.messages.length > 2 ? callReply(call, 0) : callReply(call, 1)),
    comesTo: { tiers: BOTH_TIERS, paid: { propose: 1, repair: 1, verify: 6 } },
  },
  'a label that is asked for again': {
    before: async ({ registry, kind }) => {
      const agreed = EVEN.map((n) => example(halve(n), { source: 'agreed', votes: 2, ...(n === 8 && { answer: 'half is 5' }) }))
      await registry.tools.addExamples(kind, agreed)
    },
    programs: { good: GOOD },
    strong: (asked, call) => (asked === 'propose' ? proposal('good') : right(textOf(call))),
    comesTo: { tiers: BOTH_TIERS, paid: { propose: 1, label: 3, verify: 6 } },
  },
  'a label that stands until a candidate written apart contradicts it': {
    before: async (world) => {
      const agreed = [...EVEN, 16, 18].map((n) =>
        example(halve(n), { source: 'agreed', votes: 2, ...(n === 8 && { answer: 'half is 5' }) }),
      )
      await world.registry.tools.addExamples(world.kind, agreed)
      await placeLines(world, lines(2, 30))
    },
    programs: { good: GOOD },
    strong: (asked) => (asked === 'answer' ? 'half is 5' : proposal('good')),
    comesTo: { tiers: BOTH_TIERS, paid: { propose: 2, label: 3, verify: 10 } },
  },
  'labels that only tools can find': {
    before: async (world) => await placeLines(world, lines(24, 1)),
    programs: { good: GOOD },
    strong: () => proposal('good'),
    answers: ({ seq }) => ({ answer: `perhaps ${seq}`, isAgreed: false }),
    comesTo: { tiers: BOTH_TIERS, paid: { propose: 3, verify: 3 } },
  },
  'no candidate that passes': {
    before: async (world) => {
      await world.registry.tools.addExamples(world.kind, given(EVEN))
      await placeLines(world, lines(3, 30))
    },
    programs: { wrong: WRONG },
    strong: (_asked, call) => (call.messages.length > 4 ? 'I give up.' : proposal('wrong')),
    comesTo: { tiers: null, paid: { propose: 2, repair: 6 } },
  },
  'an executor that fails': {
    before: async (world) => {
      await world.registry.tools.addExamples(world.kind, given(EVEN))
      await placeLines(world, lines(3, 30))
    },
    programs: {},
    strong: () => proposal('good'),
    comesTo: { tiers: null, paid: { propose: 1 } },
  },
  'a tool that is made again for what it refused': {
    before: async ({ registry, kind }) => {
      await registry.tools.addExamples(kind, given(EVEN))
      await registry.kinds.settle(kind, 1, { end: 'published', version: 1, tool: JSON.stringify(firstVersion(kind)) }, 0)
      await registry.tools.addExamples(
        kind,
        [20, 22, 24, 26, 28, 30].map((n) => example(otherwise(n), { refusedBy: 1 })),
      )
    },
    programs: { both: BOTH },
    strong: () => proposal('both'),
    comesTo: { tiers: BOTH_TIERS, paid: { propose: 1, verify: 3 } },
  },
  'a tool that only the light model can use': {
    before: async (world) => {
      await world.registry.tools.addExamples(world.kind, given(EVEN))
      await placeLines(world, lines(3, 30))
    },
    programs: { blind: BLIND },
    strong: (asked, { seed }) => (asked === 'propose' && seed === 1 ? proposal('blind') : 'I know no better.'),
    comesTo: { tiers: { extracted: false, called: true }, paid: { propose: 2, repair: 6, verify: 6 } },
  },
}

describe.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
  test('comes to the same wherever its maker dies, and no reply that was kept is paid for again', { timeout: 60_000 }, async () => {
    const calm = await openWorld(scenario)
    expect(await calm.bench.work(calm.handlers())).toBe('done')
    const undisturbed = await stateOf(calm)
    // Who is to answer, or to write the arguments of a request that was held back, is never shown an answer.
    const answering = [...calm.light.calls, ...calm.strong.calls.filter((call) => askedIn(call) === 'answer')]
    expect(answering.length).toBeGreaterThanOrEqual(scenario.comesTo.paid.verify ?? 0)
    expect(JSON.stringify(answering)).not.toContain('half is')
    expect({ tiers: undisturbed.tools.at(-1)?.tiers ?? null, paid: undisturbed.paid }).toEqual(scenario.comesTo)
    await calm.close()

    await atEveryChange(async (changes) => {
      const world = await openWorld(scenario)
      const process = await connectMortal(world.jobs.redisUrl, changes)
      const end = await world.bench.work(world.handlers(process), process)
      const lost = await lostCalls(world)
      if (end === 'died') await world.bench.work(world.handlers())
      else process.redis.disconnect()
      expect(await stateOf(world), `killed before change ${changes}`).toEqual(undisturbed)
      expect(await lostCalls(world), `killed before change ${changes}`).toBe(lost)
      await world.close()
      return end
    })
  })
})

async function openWorld(scenario: Scenario): Promise<World> {
  const data = openTestRegistry()
  const jobs = openTestQueues()
  const { registry, redis } = data
  const execute = ({ source, calls }: ExecutionJob) => {
    const program = Object.entries(scenario.programs).find(([name]) => source.startsWith(`# ${name}\n`))?.[1]
    return program === undefined ? null : calls.map((call) => runProgram(program, call))
  }
  const bench = openWorkbench(jobs, log, execute)
  await registry.runs.open(RUN, RunSettings.parse({ v: 1, make: 'eager' }), '')
  await registry.runs.saveIngest(RUN, { offset: 0, seq: 0, lineNumber: 1, refused: 0, isDone: true })
  const other = await registry.kinds.named('double', '', 'Double the number 7 please')
  await registry.tools.addExamples(other, [example('Double the number 9 please', { answer: 'double is 18' })])
  const kind = await registry.kinds.named('halve', '', halve(2))

  const strong = scriptedModel((call) => reply(scenario.strong(askedIn(call), call)), { role: 'strong', model: 'big' })
  const light = scriptedModel((call) => reply(scenario.light?.(call) ?? callReply(call, 0)), { role: 'light', model: 'small' })
  const answered = new Map<number, number>()

  const world: World = {
    data,
    jobs,
    bench,
    registry,
    kind,
    strong,
    light,
    answered,
    handlers: (process) => {
      const own = process === undefined ? registry : openRegistry({ redis: process.redis, keyPrefix: data.keyPrefix })
      const whileAlive = (model: ScriptedModel) => ({
        ...model,
        complete: (...asked: Parameters<ScriptedModel['complete']>) =>
          process?.isDead() === true ? new Promise<never>(() => undefined) : model.complete(...asked),
      })
      const services: Services = {
        registry: own,
        queues: process === undefined ? jobs.queues : openQueues({ redis: process.redis, prefix: jobs.prefix, space: jobs.queues.space }),
        payer: openPayer({ registry: own, models: { strong: whileAlive(strong), light: whileAlive(light) } }),
        strongCost: () => null,
        index: openKindIndex(own.kinds),
        observeMake: () => undefined,
      }
      return {
        maker: (job, context) => makeTool(services, job, context),
        direct: async (job) => {
          const open = await registry.runs.unanswered(RUN, job.lines)
          const { kind: id, gather } = job
          await Promise.all(
            open.map(async (line) => {
              answered.set(line.seq, (answered.get(line.seq) ?? 0) + 1)
              if (!gather || id === null) return
              const { answer, isAgreed } = scenario.answers?.(line) ?? { answer: right(line.text), isAgreed: true }
              if (isAgreed) await registry.tools.addExamples(id, [example(line.text, { answer, source: 'agreed', votes: 2 })])
              await registry.tools.addGatheredText(id, { text: line.text, answer, run: RUN })
              await registry.kinds.gathered(id, RUN, line.seq)
            }),
          )
          await registry.runs.noteAnswered(RUN, open)
        },
      }
    },
    close: async () => {
      await bench.close()
      await jobs.close()
      await data.close()
    },
  }
  await scenario.before(world)
  const { generation } = (await registry.kinds.get(kind))!
  await addMake(jobs.queues, RUN, kind, generation)
  await redis.ping()
  return world
}

function reply(text: string): ScriptedReply {
  return { text, costNano: COST_NANO }
}

/** All that a make leaves behind, but for times. */
async function stateOf({ data, registry, kind, bench, answered }: World) {
  const { cooldownUntil, ...record } = (await registry.kinds.get(kind))!
  const released = (await bench.jobs('user')).flatMap(({ data: { lines: sent, ...to } }) =>
    sent.map(({ seq, hop }) => ({ ...to, seq, hop })),
  )
  const paid: Partial<Record<Purpose, number>> = {}
  const ledger = await registry.money.ledger(RUN)
  for (const { purpose } of ledger) paid[purpose] = (paid[purpose] ?? 0) + 1
  return {
    record,
    rests: cooldownUntil > 0,
    tools: (await registry.tools.versions(kind)).map(({ at: _at, ...tool }) => tool),
    examples: (await registry.tools.examples(kind)).map(({ at: _at, ...one }) => one).toSorted((a, b) => (a.text < b.text ? -1 : 1)),
    makes: await registry.tools.makes(),
    paid,
    wasted: ledger.filter(({ bucket }) => bucket === 'waste').length,
    waiting: await registry.kinds.waitingCount(kind),
    run: (await registry.runs.get(RUN))?.waiting,
    released: released.toSorted((a, b) => a.seq - b.seq),
    answered: [...answered].toSorted(([a], [b]) => a - b),
    // An intent whose process died stays until its time is over.
    keys: (await data.redis.keys(`${data.keyPrefix}*`))
      .map((key) => key.slice(data.keyPrefix.length))
      .filter((key) => !key.endsWith(':intents'))
      .toSorted(),
  }
}

/** Calls whose reply nobody has kept. */
async function lostCalls({ registry, strong, light }: World): Promise<number> {
  return strong.calls.length + light.calls.length - (await registry.money.ledger(RUN)).length
}

function askedIn({ messages }: ModelCall): 'propose' | 'repair' | 'answer' {
  if (!String(messages[0]?.content).includes('def solve')) return 'answer'
  return messages.length > 2 ? 'repair' : 'propose'
}

function textOf({ messages }: ModelCall): string {
  return String(messages.at(-1)?.content)
}

/** The light model's arguments for the request of a call, wrong by so much. */
function callReply({ messages }: ModelCall, by: number): string {
  return JSON.stringify({ applies: true, arguments: { n: numberIn(String(messages[1]?.content)) + by } })
}

function firstVersion(kind: KindId): Tool {
  return {
    v: 1,
    kind,
    version: 1,
    sha256: 'f',
    source: '# good\n',
    schema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false },
    tiers: { extracted: true, called: true },
    verbatim: [],
    usage: [{ text: halve(2), arguments: '{"n": 2}', run: RUN }],
    runs: [RUN],
    evidence: {
      proposedFrom: 3,
      heldBack: 3,
      extractedRight: 3,
      calledRight: 3,
      foreignTexts: 0,
      foreignAccepted: 0,
      mutants: 0,
      mutantsSurvived: 0,
      candidates: 1,
      repairs: 0,
    },
    model: 'big',
    generation: 1,
    costNano: null,
    at: 1,
  }
}
