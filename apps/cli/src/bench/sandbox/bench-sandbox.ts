import { join } from 'node:path'
import { seededRandom } from '@toolwright/families'
import { type Batch, openSandbox, type Sandbox } from '@toolwright/sandbox'
import { makeDataFolder } from '../../folders.ts'
import { paragraph, renderTable, type Column } from '../../table.ts'
import type { Surroundings } from '../../verb.ts'
import { atLeast, atMost, type Claim, renderClaims } from './claims.ts'
import { type Contestant, freshContestant, NAMES, resultOf, sandboxContestant, warmContestant } from './contestants.ts'
import { findPython, type NativePython, startWarmPython } from './native-python.ts'
import { memoryOf, processorMs, lastOf, type ProcessMemory } from './process-figures.ts'
import { sampleTool, type SampleTool } from './sample-tools.ts'
import { median } from './statistics.ts'
import { BATCH_CALLS, type CallFigures, figuresOf, timeRound, timesFresh, type Timing, warmUp } from './time-calls.ts'
import { timeOpening, timeReplacement, timeReset, untilSettled } from './time-starts.ts'
import { timeWork, workFigures, workRatio, type WorkFigures, type WorkTiming } from './time-work.ts'

/** Small, middling and heavier ones. */
const SMALL = 'word-sorting'
const TOOLS = [SMALL, 'unit-conversion', 'schedule']
const MIB = 1024 * 1024
const STARTS = 5
const NO_PYTHON = 'not measured: no python3 on this machine'
const NO_PROC = 'not measured: this system has no /proc'

interface Starts {
  buildMs: number | null
  openMs: number[]
  withSpareMs: number[]
  withoutSpareMs: number[]
}

interface Warm {
  timings: Timing[]
  work: WorkTiming[]
  resetMs: number[]
  /** Processor time for one single call and for one call of a batch, in the child and in this process. Null where it cannot be told. */
  processor: { single: ProcessorTime | null; batch: ProcessorTime | null }
  /** Of the child that served: small calls alone, then everything, then a call that took about as much memory as leaves it in service. Null where it cannot be told. */
  memory: { small: ProcessMemory | null; all: ProcessMemory | null; large: ProcessMemory | null }
}

interface ProcessorTime {
  childMicroseconds: number
  parentMicroseconds: number
}

/**
 * The sandbox beside this machine's own Python, in rounds that alternate between them, so that what else the machine does strikes all of them.
 * Returns the figures as text.
 */
export async function benchSandbox(surroundings: Surroundings, { rounds }: { rounds: number }, signal: AbortSignal): Promise<string> {
  const { folders, inherited, say, columns } = surroundings
  const imageFolder = join(folders.home, 'sandbox')
  makeDataFolder(imageFolder, { isEmpty: true })
  const python = findPython(inherited)
  if (python === null) say(`warm and fresh python3: ${NO_PYTHON}`)
  const tools = TOOLS.map((name) => sampleTool(folders.root, name))
  const starts = await timeStarts(imageFolder, say, signal)
  const warm = await timeWarm({ imageFolder, python, tools, rounds, inherited, say, signal })
  const work = workFigures(warm.work)
  const calls = figuresOf(warm.timings)
  return [
    paragraph(
      `One child of the sandbox beside ${python === null ? 'nothing' : `CPython ${python.version} (${python.path}), one warm process and a fresh one for each call`}; ` +
        `${rounds} rounds, medians of rounds; p50 and p99 over all rounds. Every answer was checked.`,
      columns,
    ),
    '',
    'Calls: extract and solve of sample tools; a batch is one crossing, with a reset after it\n',
    renderTable(CALL_COLUMNS, calls, columns),
    ...(python === null ? [`warm and fresh python3: ${NO_PYTHON}\n`] : []),
    'Python-bound work\n',
    renderTable(WORK_COLUMNS, work, columns),
    'Starts, resets, memory\n',
    renderTable(FACT_COLUMNS, factsOf(starts, warm), columns),
    'Wanted\n',
    renderClaims(claimsOf(starts, warm, work), columns),
  ].join('\n')
}

async function timeStarts(imageFolder: string, say: (line: string) => void, signal: AbortSignal): Promise<Starts> {
  say('building the image, then starting and killing children')
  const { buildMs } = await timeOpening(imageFolder)
  const openMs: number[] = []
  for (let round = 0; round < STARTS; round++) {
    signal.throwIfAborted()
    openMs.push((await timeOpening(imageFolder)).openMs)
  }
  const sandbox = await openSandbox({ imageFolder, children: { first: 1, second: 1 }, log: () => undefined })
  try {
    const withSpareMs: number[] = []
    const withoutSpareMs: number[] = []
    for (let round = 0; round < STARTS; round++) {
      signal.throwIfAborted()
      withSpareMs.push(await timeReplacement(sandbox, 'first'))
      withoutSpareMs.push(await timeReplacement(sandbox, 'second'))
    }
    return { buildMs, openMs, withSpareMs, withoutSpareMs }
  } finally {
    await sandbox.close()
  }
}

async function timeWarm(options: {
  imageFolder: string
  python: NativePython | null
  tools: SampleTool[]
  rounds: number
  inherited: NodeJS.ProcessEnv
  say: (line: string) => void
  signal: AbortSignal
}): Promise<Warm> {
  const { imageFolder, python, tools, rounds, inherited, say, signal } = options
  const sandbox = await openSandbox({ imageFolder, children: { first: 1, second: 0 }, log: () => undefined })
  const warmPython = python === null ? null : startWarmPython(python, inherited)
  try {
    await untilSettled(sandbox)
    const ours = sandboxContestant(sandbox, signal)
    const native = warmPython && warmContestant(warmPython)
    const contestants = [ours, ...(native ? [native] : []), ...(python ? [freshContestant(python, inherited)] : [])]
    say('warming up')
    await warmUp(contestants, tools, signal)
    const small = memoryOf(servingPid(sandbox))
    await timeWork(ours, native, signal)
    const [timings, work, resetMs]: [Timing[], WorkTiming[], number[]] = [[], [], []]
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}`)
      timings.push(...(await timeRound(contestants, tools, round, signal)))
      work.push(...(await timeWork(ours, native, signal)))
      resetMs.push(await timeReset(sandbox, signal))
    }
    const processor = {
      single: await timeProcessor(sandbox, ours, tools[0]!, 1),
      batch: await timeProcessor(sandbox, ours, tools[0]!, BATCH_CALLS),
    }
    const all = memoryOf(servingPid(sandbox))
    await takeMemory(sandbox, signal)
    return { timings, work, resetMs, processor, memory: { small, all, large: memoryOf(servingPid(sandbox)) } }
  } finally {
    await Promise.all([sandbox.close(), warmPython?.close()])
  }
}

/** The older of the two: the other is the spare one. */
function servingPid(sandbox: Sandbox): number {
  return sandbox.stats().pids[0] ?? 0
}

/** For calls of the first tool, `calls` in a crossing. Null where the system does not tell. */
async function timeProcessor(sandbox: Sandbox, ours: Contestant, tool: SampleTool, calls: number): Promise<ProcessorTime | null> {
  const child = lastOf(servingPid(sandbox))
  const random = seededRandom('processor', calls)
  const texts = Array.from({ length: calls }, () => tool.sample(random).text)
  const crossings = calls === 1 ? 300 : 50
  const childBefore = processorMs(child)
  const ownBefore = process.cpuUsage()
  for (let crossing = 0; crossing < crossings; crossing++) await ours.run(tool.source, texts)
  const own = process.cpuUsage(ownBefore)
  const childAfter = processorMs(child)
  if (childBefore === null || childAfter === null) return null
  const all = crossings * calls
  return { childMicroseconds: ((childAfter - childBefore) * 1000) / all, parentMicroseconds: (own.user + own.system) / all }
}

const GREEDY = `def solve():
    kept = [bytearray(1 << 20) for _ in range(40)]
    return str(len(kept))
`

/** More, and the child would be replaced after it. */
async function takeMemory(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
  const batch: Batch = { source: GREEDY, calls: [{ arguments: '{}' }], timeoutMs: 10_000, surroundings: 'first', resetEachCall: false }
  for (const outcome of await sandbox.run(batch, signal)) resultOf(outcome)
}

interface Fact {
  what: string
  found: string
}

function factsOf({ buildMs, openMs, withSpareMs, withoutSpareMs }: Starts, { resetMs, processor, memory }: Warm): Fact[] {
  return [
    { what: 'building the image, once', found: buildMs === null ? 'it was there' : shownMs(buildMs) },
    { what: 'opening a sandbox, the image being there', found: shownRange(openMs) },
    { what: 'SIGKILL of the serving child to the next right outcome, a spare one waiting', found: shownRange(withSpareMs) },
    { what: 'the same without a spare one: a new child is started', found: shownRange(withoutSpareMs) },
    { what: 'putting the interpreter back, and loading the tool again', found: shownRange(resetMs) },
    processorFact('one by one', processor.single),
    processorFact(`in batches of ${BATCH_CALLS}`, processor.batch),
    memoryFact('that has served small calls', memory.small),
    memoryFact('after all of the above', memory.all),
    memoryFact('after a call that took 40 MiB (with half of its heap taken it would be replaced)', memory.large),
  ]
}

function processorFact(what: string, time: ProcessorTime | null): Fact {
  return {
    what: `processor time of a call of word-sorting, ${what}`,
    found: time === null ? NO_PROC : `child ${time.childMicroseconds.toFixed(0)} µs, this process ${time.parentMicroseconds.toFixed(0)} µs`,
  }
}

function memoryFact(what: string, found: ProcessMemory | null): Fact {
  const share = found === null || found.pssBytes === null ? '' : `, ${shownMib(found.pssBytes)} of it its own share`
  return { what: `memory of a child ${what}`, found: found === null ? NO_PROC : `${shownMib(found.rssBytes)} resident${share}` }
}

/** The ratios and sizes that are wanted of the sandbox. */
function claimsOf({ withSpareMs, withoutSpareMs }: Starts, { timings, memory }: Warm, work: readonly WorkFigures[]): Claim[] {
  const ofSmall = timings.filter(({ tool }) => tool === SMALL)
  const single = timesFresh(ofSmall, 1)
  return [
    atMost(
      `a single call of ${SMALL}, reset included, against a fresh python3`,
      1 / 20,
      single && 1 / single,
      (ratio) => `1/${(1 / ratio).toFixed(1)} of its time`,
      NO_PYTHON,
    ),
    atLeast(
      `batches of ${BATCH_CALLS} small calls (${SMALL}) against a fresh python3`,
      600,
      timesFresh(ofSmall, BATCH_CALLS),
      (ratio) => `${ratio.toFixed(0)} times its rate`,
      NO_PYTHON,
    ),
    atMost('replacement of a killed child by the spare one', 500, median(withSpareMs), shownMs),
    atMost('replacement of a killed child by a new one', 500, median(withoutSpareMs), shownMs),
    atMost('memory of a child that has served all of this', 250 * MIB, memory.all && memory.all.rssBytes, shownMib, NO_PROC),
    atMost(
      'Python-bound work against native, geometric mean',
      2.2,
      workRatio(work),
      (ratio) => `${ratio.toFixed(2)} times its time`,
      NO_PYTHON,
    ),
  ]
}

const CALL_COLUMNS: Column<CallFigures>[] = [
  { title: 'tool', align: 'left', cell: ({ tool }) => tool },
  { title: 'by', align: 'left', cell: ({ contestant }) => NAMES[contestant] },
  { title: 'single: calls/s', align: 'right', cell: ({ single }) => single.perSecond.toFixed(0) },
  { title: 'p50 ms', align: 'right', cell: ({ single }) => single.p50Ms.toFixed(2) },
  { title: 'p99 ms', align: 'right', cell: ({ single }) => single.p99Ms.toFixed(2) },
  { title: `batches of ${BATCH_CALLS}: calls/s`, align: 'right', cell: ({ batch }) => batch?.perSecond.toFixed(0) ?? '–' },
  { title: 'p50 ms', align: 'right', cell: ({ batch }) => batch?.p50Ms.toFixed(2) ?? '–' },
  { title: 'p99 ms', align: 'right', cell: ({ batch }) => batch?.p99Ms.toFixed(2) ?? '–' },
]

const WORK_COLUMNS: Column<WorkFigures>[] = [
  { title: 'work', align: 'left', cell: ({ task }) => task },
  { title: 'sandbox', align: 'right', cell: ({ sandboxMs }) => shownMs(sandboxMs) },
  { title: 'native', align: 'right', cell: ({ nativeMs }) => (nativeMs === null ? NO_PYTHON : shownMs(nativeMs)) },
  { title: 'ratio', align: 'right', cell: ({ ratio }) => ratio?.toFixed(2) ?? '–' },
]

const FACT_COLUMNS: Column<Fact>[] = [
  { title: 'what', align: 'left', cell: ({ what }) => what },
  { title: 'found', align: 'left', cell: ({ found }) => found },
]

function shownRange(values: readonly number[]): string {
  return `${shownMs(median(values))} (${shownMs(Math.min(...values))} to ${shownMs(Math.max(...values))})`
}

function shownMs(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`
}

function shownMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`
}
