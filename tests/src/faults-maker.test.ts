import type { KindId, LedgerEntry, Purpose } from '@toolwright/contracts'
import { familyNamed, generateStream, type StreamLine } from '@toolwright/families'
import type { ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectNothingLeft } from './fault-load.ts'
import { redeliveryMs } from './kill-at-work.ts'
import { openPipeline, type Pipeline, type RunEnd, seqsOf, type StartedRun, until } from './pipeline.ts'
import { served } from './served.ts'

/** One kind for each step at which its maker is killed; the kind has the family's name. */
const KINDS = {
  proposing: 'unit-conversion',
  repairing: 'date-to-iso',
  calling: 'word-sorting',
  callingAgain: 'phone-to-e164',
  executing: 'dyck',
  executingCalled: 'crt',
  proposed: 'schedule',
  repaired: 'time-zone',
  called: 'invoice-total',
  published: 'tracking',
} as const
type Step = keyof typeof KINDS
const STEPS = Object.keys(KINDS) as Step[]

/** Everybody is right at once, but for kinds that must reach a repair, or a second turn of the tool user. */
const SETTINGS = {
  wrongness: {
    strong: {
      propose: { otherwise: 0, families: { [KINDS.repairing]: 1, [KINDS.repaired]: 1 } },
      repair: { otherwise: 0 },
      answer: { otherwise: 0, families: Object.fromEntries(Object.values(KINDS).map((family) => [family, 0])) },
    },
    light: { call: { otherwise: 0, families: { [KINDS.callingAgain]: 1 } }, 'call-again': { otherwise: 0 } },
  },
  faultyWays: { memorised: 0, loops: 0, 'wrong-form': 0, rigged: 0, clock: 0, permissive: 0, 'no-code': 0, 'bad-schema': 0, 'cut-off': 0 },
}
const LINES = 24

interface Made {
  end: RunEnd
  ledger: LedgerEntry[]
  versions: number
  sha256: string
}

/** What a make comes to when nothing disturbs it. */
const undisturbed = new Map<Step, Made>()
let pipeline: Pipeline

beforeAll(async () => {
  const [opened] = await Promise.all([openCalmKinds(), makeUndisturbed()])
  pipeline = opened
}, 120_000)
afterAll(() => pipeline.close(), 60_000)

test(
  'makers killed with a proposal, a repair and verification calls on the way: another, already there, pays for these again and for nothing else',
  { timeout: 90_000 },
  async () => {
    const steps = ['proposing', 'repairing', 'calling', 'callingAgain'] as const
    const before = await served(pipeline)
    const runs = await beginAll(pipeline, steps)
    await hold('propose', 'proposing')
    await hold('repair', 'repairing')
    await hold('call', 'calling')
    await hold('call-again', 'callingAgain')
    const maker = pipeline.start('maker')
    await untilHeld(8)
    const other = pipeline.start('maker')
    await until('a second maker', async () => (await pipeline.queues.workersOf('maker')) === 2)
    const killedAt = Date.now()
    await pipeline.kill(maker)
    await untilHeld(0)
    await release()
    await expectSoon(killedAt)

    for (const [step, started] of runs) await expectUndisturbed(step, await madeOf(pipeline, step, started))
    expect(await again(runs, 'proposing')).toEqual({ propose: 1 })
    expect(await again(runs, 'repairing')).toEqual({ repair: 1 })
    expect(await again(runs, 'calling')).toEqual({ verify: 3 })
    expect(await again(runs, 'callingAgain')).toEqual({ verify: 3 })
    const after = await served(pipeline)
    expect(after.withStatus('gone') - before.withStatus('gone')).toBe(8)
    await pipeline.kill(other)
  },
)

test(
  'a maker killed while its makes wait for an executor that is not there: another goes on and pays for nothing again',
  { timeout: 60_000 },
  async () => {
    const runs = await beginAll(pipeline, ['executing', 'executingCalled'])
    await hold('propose', 'executing')
    await hold('call', 'executingCalled')
    const maker = pipeline.start('maker')
    await untilHeld(4)
    await killAll('executor')
    await release()
    await until('both makes wait for children', async () => (await pipeline.queues.depth('maker')).waitingChildren === 2)
    await pipeline.kill(maker)
    pipeline.start('executor')
    const other = pipeline.start('maker')

    for (const [step, started] of runs) {
      await expectUndisturbed(step, await madeOf(pipeline, step, started))
      expect(await again(runs, step)).toEqual({})
    }
    await pipeline.kill(other)
  },
)

test('a maker killed right after replies were stored: another finds them and pays for nothing again', { timeout: 90_000 }, async () => {
  const runs = await beginAll(pipeline, ['proposed', 'repaired', 'called'])
  await hold('propose', 'proposed')
  await hold('repair', 'repaired')
  await hold('call', 'called')
  const maker = pipeline.start('maker')
  await untilHeld(5)
  await release()
  await atOnce(async () => {
    const [proposed, repaired, called] = await Promise.all([...runs.values()].map(({ run }) => pipeline.ledger(run)))
    return count(proposed!, 'propose') === 1 && count(repaired!, 'repair') === 1 && count(called!, 'verify') === 3
  })
  const killedAt = Date.now()
  await pipeline.kill(maker)
  const other = pipeline.start('maker')
  await expectSoon(killedAt)

  for (const [step, started] of runs) await expectUndisturbed(step, await madeOf(pipeline, step, started))
  expect(await again(runs, 'proposed')).not.toHaveProperty('propose')
  expect(await again(runs, 'repaired')).not.toHaveProperty('repair')
  expect(await again(runs, 'called')).not.toHaveProperty('verify')
  await pipeline.kill(other)
})

test(
  'a maker killed while it releases the lines that waited: every one goes on, and no second tool is made',
  { timeout: 90_000 },
  async () => {
    const runs = await beginAll(pipeline, ['published'])
    const more = linesOf('published', 2_000)
    const crowd = pipeline.begin(more.map((line) => ({ input: line.text, kind: KINDS.published })))
    await untilDispatched(pipeline, crowd, more.length)
    const maker = pipeline.start('maker')
    const kind = await kindOf(pipeline, 'published')
    await atOnce(async () => (await pipeline.registry.kinds.get(kind))?.version === 1)
    const killedAt = Date.now()
    await pipeline.kill(maker)
    expect(await pipeline.registry.kinds.waitingCount(kind)).toBeGreaterThan(0)
    const other = pipeline.start('maker')
    await expectSoon(killedAt)

    const { code, results, talk } = await crowd.ended
    expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
    expect(seqsOf(results)).toEqual(more.map((_, at) => at))
    await expectUndisturbed('published', await madeOf(pipeline, 'published', runs.get('published')!))
    expect(await again(runs, 'published')).toEqual({})
    await pipeline.kill(other)
  },
)

test('after all that, Redis holds no job and no key but what is to be kept', { timeout: 90_000 }, () => expectNothingLeft(pipeline))

async function makeUndisturbed(): Promise<void> {
  const calm = await openCalmKinds()
  const runs = await beginAll(calm, STEPS)
  calm.start('maker')
  for (const [step, started] of runs) undisturbed.set(step, await madeOf(calm, step, started))
  await calm.close()
}

/** A pipeline without a maker in which every kind is known by one line, so that no plan hangs on which kind came first. */
async function openCalmKinds(): Promise<Pipeline> {
  const opened = await openPipeline({ settings: SETTINGS })
  const { code, talk } = await opened.run(STEPS.map((step) => labelled(step, linesOf(step, 1)[0]!)))
  expect(code, `${talk}\n${opened.log()}`).toBe(0)
  for (const maker of opened.processes('maker')) await opened.kill(maker)
  return opened
}

/** One run for each kind, read and dispatched to the last line before a maker is there to begin: what a make is planned from is then always the same. */
async function beginAll(on: Pipeline, steps: readonly Step[]): Promise<Map<Step, StartedRun>> {
  const runs = new Map(
    steps.map((step) => [
      step,
      on.begin(
        linesOf(step, LINES).map((line) => labelled(step, line)),
        { settings: { make: 'eager' } },
      ),
    ]),
  )
  for (const started of runs.values()) await untilDispatched(on, started, LINES)
  return runs
}

async function untilDispatched(on: Pipeline, { run }: StartedRun, lines: number): Promise<void> {
  await until('all lines are dispatched', async () => (await on.registry.runs.get(run))?.dispatched === lines)
}

/** Lines in the family's first wordings alone: a tool knows them all, and none is refused. */
function linesOf(step: Step, lines: number): StreamLine[] {
  const stream = generateStream({ families: [familyNamed(KINDS[step])!], count: lines * 2, seed: 7, mix: false, typoShare: 0 })
  return [...stream].slice(0, lines)
}

function labelled(step: Step, line: StreamLine): object {
  return { input: line.text, kind: KINDS[step], target: line.target }
}

async function kindOf(on: Pipeline, step: Step): Promise<KindId> {
  for (const id of await on.registry.kinds.list()) if ((await on.registry.kinds.get(id))?.name === KINDS[step]) return id
  throw new Error(`there is no kind ${KINDS[step]}`)
}

async function madeOf(on: Pipeline, step: Step, started: StartedRun): Promise<Made> {
  const end = await started.ended
  const kind = await kindOf(on, step)
  const versions = (await on.registry.kinds.get(kind))?.versions ?? 0
  expect(versions, `${step}: ${end.talk}\n${on.log()}`).toBeGreaterThan(0)
  return { end, ledger: await on.ledger(started.run), versions, sha256: (await on.registry.tools.get(kind, 1)).sha256 }
}

/** The same tool, once, for the same replies, and every line answered once and right. */
async function expectUndisturbed(step: Step, made: Made): Promise<void> {
  const calm = undisturbed.get(step)!
  const { code, results, talk } = made.end
  expect(code, `${step}: ${talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(results), step).toEqual(Array.from({ length: LINES }, (_, at) => at))
  expect(
    results.filter((result) => result.toolwright.correct !== true),
    step,
  ).toEqual([])
  expect(made.versions, step).toBe(1)
  expect(made.sha256, step).toBe(calm.sha256)
  expect(paid(made.ledger), step).toEqual(paid(calm.ledger))
  expect(
    made.ledger.filter((entry) => entry.cause === 'waste'),
    step,
  ).toEqual([])
}

/** Replies that were paid for, by purpose. */
function paid(ledger: LedgerEntry[]): Partial<Record<Purpose, number>> {
  const counts: Partial<Record<Purpose, number>> = {}
  for (const { purpose } of ledger) counts[purpose] = (counts[purpose] ?? 0) + 1
  return counts
}

/** Calls of a make that were made again after one that came to nothing, by purpose. */
async function again(runs: Map<Step, StartedRun>, step: Step): Promise<Partial<Record<Purpose, number>>> {
  const ledger = await pipeline.ledger(runs.get(step)!.run)
  return paid(ledger.filter((entry) => entry.cause === 'retry'))
}

function count(ledger: LedgerEntry[], purpose: Purpose): number {
  return ledger.filter((entry) => entry.purpose === purpose).length
}

async function expectSoon(killedAt: number): Promise<void> {
  const tookMs = await redeliveryMs('maker', killedAt, () => pipeline.log())
  console.info(`a dead maker's make was taken up again after ${tookMs} ms`)
  expect(tookMs).toBeLessThan(10_000)
}

function hold(purpose: string, step: Step): Promise<unknown> {
  return pipeline.simulator.control('/hold', { purpose, family: KINDS[step] })
}

async function untilHeld(calls: number): Promise<void> {
  let last: unknown
  await until(`${calls} calls are held`, async () => {
    last = await pipeline.simulator.control('/held')
    return typeof last === 'object' && last !== null && 'held' in last && last.held === calls
  }).catch((error: unknown) => {
    throw new Error(`${JSON.stringify(last)}\n${pipeline.log()}`, { cause: error })
  })
}

function release(): Promise<unknown> {
  return pipeline.simulator.control('/release', {})
}

/** Waits without a pause between two looks: what follows must come before the next step. */
async function atOnce(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await holds())) if (performance.now() > end) throw new Error(`waited in vain\n${pipeline.log()}`)
}

async function killAll(stage: 'executor'): Promise<void> {
  const all: ChildProcess[] = pipeline.processes(stage)
  await Promise.all(all.map((one) => pipeline.kill(one)))
}
