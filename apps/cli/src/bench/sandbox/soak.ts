import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, seededRandom } from '@toolwright/families'
import { type Outcome, openSandbox, type Sandbox, type SandboxStats } from '@toolwright/sandbox'
import { makeDataFolder } from '../../folders.ts'
import { type Column, paragraph, renderTable } from '../../table.ts'
import type { Surroundings } from '../../verb.ts'
import { atMost, type Claim, renderClaims } from './claims.ts'
import { type Growth, ratioOf, worstOf } from './growth.ts'
import { openDescriptors, processTree } from './process-figures.ts'
import { sampleTool, type SampleTool } from './sample-tools.ts'
import { openSampler, type Samples } from './soak-samples.ts'
import { type KnownBatch, knownBatch } from './soak-tools.ts'
import { untilSettled } from './time-starts.ts'

const TOOLS = ['word-sorting', 'unit-conversion', 'schedule']
const CHILDREN = 2
/** More than there are children, so that some batches always wait. */
const LANES = 4
const BATCH_CALLS = 64
const SAY_EVERY_MS = 10_000
const SHOWN_WRONG = 10
const GONE_MS = 10_000
/** Of the last fifth of a process's samples against the second fifth. */
const ALLOWED_GROWTH = 1.1
const MIB = 1024 * 1024
const NO_SAMPLES = 'not judged: too few samples, or no /proc here'

/**
 * Calls of good, bad and runaway tools, in batches, on two children: every outcome is held against the right one, memory and open descriptors are sampled all the while.
 * Returns the figures as text, and whether nothing was wrong, nothing was lost and nothing grew.
 */
export async function soak(
  surroundings: Surroundings,
  { count, seed }: { count: number; seed: number },
  signal: AbortSignal,
): Promise<{ text: string; isMet: boolean }> {
  const { folders, say, columns } = surroundings
  const imageFolder = join(folders.home, 'sandbox')
  makeDataFolder(imageFolder, { isEmpty: true })
  const tools = TOOLS.map((name) => sampleTool(folders.root, name))
  say('starting a sandbox')
  const sandbox = await openSandbox({ imageFolder, children: { first: CHILDREN, second: 0 }, log: () => undefined })
  const sampler = openSampler(sandbox)
  const tally = openTally()
  let stats: SandboxStats
  let seconds: number
  /** More open descriptors of this process at the end, all children standing as at first. */
  let opened: number | null
  try {
    await untilSettled(sandbox)
    const before = openDescriptors(process.pid)
    const startedAt = performance.now()
    await runAll({
      sandbox,
      batches: batchesOf(seededRandom('soak', seed), tools, count),
      tally,
      afterBatch: sampler.afterBatch,
      say,
      signal,
    })
    seconds = (performance.now() - startedAt) / 1000
    stats = await untilSettled(sandbox)
    const after = openDescriptors(process.pid)
    opened = before === null || after === null ? null : after - before
  } finally {
    await sandbox.close()
  }
  const samples = sampler.samples()
  const claims = [
    atMost('wrong outcomes', 0, tally.wrong.length, String),
    atMost('lost outcomes', 0, tally.given - tally.outcomes, String),
    atMost('children that are missing at the end', 0, stats.children - stats.alive, String),
    atMost('processes that outlived the sandbox', 0, await outlivers(samples.pids), String),
    atMost('more descriptors here, all children standing again', 0, opened, String, NO_SAMPLES),
    ...growthRows(samples).map(claimOf),
  ]
  const text = [
    paragraph(
      `${tally.given} calls on ${CHILDREN} children, at most ${BATCH_CALLS} in a batch, in ${seconds.toFixed(0)} s (${(tally.given / seconds).toFixed(0)} a second); ` +
        `${stats.restarts} children were replaced (${reasonsOf(stats)}). Seed ${seed}. Every outcome was held against the right one.`,
      columns,
    ),
    '',
    renderTable(SORTS, [...tally.sorts.values()], columns),
    `Growth: medians of the second and the last fifth of all samples of a process; of ${samples.children.length} children that served, ` +
      `${samples.children.filter(({ memory }) => memory !== null).length} did so for long enough\n`,
    renderTable(GROWTHS, growthRows(samples), columns),
    'Wanted\n',
    renderClaims(claims, columns),
    ...tally.wrong.slice(0, SHOWN_WRONG).map((line) => `wrong: ${line}`),
  ].join('\n')
  return { text, isMet: claims.every(({ isMet }) => isMet !== false) }
}

function* batchesOf(random: Random, tools: readonly SampleTool[], count: number): Generator<KnownBatch, undefined> {
  for (let given = 0, number = 0; given < count; number++) {
    const batch = knownBatch(random, tools, Math.min(BATCH_CALLS, count - given), number)
    given += batch.calls.length
    yield batch
  }
}

async function runAll(parts: {
  sandbox: Sandbox
  batches: Generator<KnownBatch>
  tally: Tally
  afterBatch: () => void
  say: (line: string) => void
  signal: AbortSignal
}): Promise<void> {
  const { sandbox, batches, tally, afterBatch, say, signal } = parts
  let saidAt = performance.now()
  const lane = async () => {
    for (const { source, timeoutMs, calls } of batches) {
      const batch = { source, timeoutMs, calls: calls.map(({ call }) => call), surroundings: 'first', resetEachCall: false } as const
      tally.add(calls, await sandbox.run(batch, signal))
      afterBatch()
      if (performance.now() - saidAt < SAY_EVERY_MS) continue
      saidAt = performance.now()
      say(`${tally.given} calls, ${tally.wrong.length} wrong outcomes, ${sandbox.stats().restarts} children replaced`)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

interface Sort {
  sort: string
  calls: number
  right: number
  statuses: Set<string>
}

interface Tally {
  given: number
  outcomes: number
  sorts: Map<string, Sort>
  /** What was wrong, for a reader. */
  wrong: string[]
  add(calls: KnownBatch['calls'], outcomes: Outcome[]): void
}

function openTally(): Tally {
  const tally: Tally = { given: 0, outcomes: 0, sorts: new Map(), wrong: [], add }
  return tally

  function add(calls: KnownBatch['calls'], outcomes: Outcome[]): void {
    tally.given += calls.length
    tally.outcomes += outcomes.length
    for (const [at, { sort, call, isRight }] of calls.entries()) {
      const outcome = outcomes[at]
      if (outcome === undefined) continue
      const row = tally.sorts.get(sort) ?? { sort, calls: 0, right: 0, statuses: new Set() }
      tally.sorts.set(sort, row)
      row.calls++
      row.statuses.add(outcome.status)
      if (isRight(outcome)) row.right++
      else tally.wrong.push(`${sort}: ${JSON.stringify(call).slice(0, 200)} became ${JSON.stringify(outcome).slice(0, 300)}`)
    }
  }
}

/** Of the processes that served or were to serve, those that are still there some time after the end. */
async function outlivers(pids: readonly number[]): Promise<number> {
  const count = () => pids.filter((pid) => processTree(pid).length > 0).length
  for (const deadline = performance.now() + GONE_MS; count() > 0 && performance.now() < deadline;) await sleep(10)
  return count()
}

interface GrowthRow {
  what: string
  growth: Growth | null
  shown: (value: number) => string
  /** The last fifth may be so many times the second. */
  allowed: number
}

function growthRows({ own, children }: Samples): GrowthRow[] {
  const [memory, descriptors] = [worstOf(children.map((one) => one.memory)), worstOf(children.map((one) => one.descriptors))]
  return [
    { what: 'memory in use of this process', growth: own.memory, shown: shownMib, allowed: ALLOWED_GROWTH },
    { what: 'memory of the child that grew most', growth: memory, shown: shownMib, allowed: ALLOWED_GROWTH },
    { what: 'descriptors of this process', growth: own.descriptors, shown: String, allowed: ALLOWED_GROWTH },
    { what: 'descriptors of the child that has got most more', growth: descriptors, shown: String, allowed: 1 },
  ]
}

function claimOf({ what, growth, allowed }: GrowthRow): Claim {
  return atMost(what, allowed, growth && ratioOf(growth), (ratio) => `${ratio.toFixed(2)} times itself`, NO_SAMPLES)
}

function reasonsOf({ kills }: SandboxStats): string {
  return Object.entries(kills)
    .map(([reason, times]) => `${reason} ${times}`)
    .join(', ')
}

const SORTS: Column<Sort>[] = [
  { title: 'calls of', align: 'left', cell: ({ sort }) => sort },
  { title: 'calls', align: 'right', cell: ({ calls }) => String(calls) },
  { title: 'right', align: 'right', cell: ({ right }) => String(right) },
  { title: 'outcomes', align: 'left', cell: ({ statuses }) => [...statuses].join(', ') },
]

const GROWTHS: Column<GrowthRow>[] = [
  { title: 'what', align: 'left', cell: ({ what }) => what },
  { title: 'samples', align: 'right', cell: ({ growth }) => String(growth?.samples ?? 0) },
  { title: 'second fifth', align: 'right', cell: ({ growth, shown }) => (growth ? shown(growth.early) : '–') },
  { title: 'last fifth', align: 'right', cell: ({ growth, shown }) => (growth ? shown(growth.late) : '–') },
]

function shownMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`
}
