import { shownUsd } from '@toolwright/contracts'
import { onceNotFull, type Depth, type Queues } from '@toolwright/queues'
import { type KindIndex, openKindIndex, type Registry, type Sums } from '@toolwright/registry'
import { setTimeout as delay } from 'node:timers/promises'
import type { RunRequest } from '../run-request.ts'
import { LinesLost } from './lines-lost.ts'
import type { Money } from './money.ts'
import { createOutageTalk, ENDPOINT_WORDS } from './outage-talk.ts'
import { RunGone } from './run-gone.ts'
import type { Standing } from './standing.ts'

export interface WatchOptions {
  registry: Registry
  queues: Queues
  request: RunRequest
  standing: Standing
  /** Something happened that is worth a line. */
  event: (text: string) => void
  /** The run cannot go on: `standing` says why. */
  stop: () => void
  /** The run has been cancelled. */
  onCancelled: () => void
  /** Whether what stops the run's paid calls ends it. */
  needsCalls: boolean
}

const LOOK_MS = 250
const ATTEND_MS = 60_000
/** How long the end of a run waits for makes that it has begun to pay for. */
const MAKES_GRACE_MS = 120_000
/** Shorter than this, it is not worth a line. */
const MAKES_SAID_MS = 2_000

/** Looks after a run until `signal`: tools made, money spent, a halt. */
export async function watchRun(options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { registry, queues, request, standing, event, stop, onCancelled, needsCalls } = options
  const { run } = request
  const index = openKindIndex(registry.kinds)
  await index.refresh()
  const tools = countTools(index)
  const outageTalk = createOutageTalk(() => performance.now(), ENDPOINT_WORDS)
  const tellTools = async () => {
    await index.refresh()
    for (const { kind, version } of tools.made()) event(await describeTool(registry, kind, version))
    standing.toolsMade = tools.count()
  }
  let attendedAt = -Infinity
  const attend = async () => {
    if (performance.now() - attendedAt < ATTEND_MS) return
    await registry.runs.attend(run)
    attendedAt = performance.now()
  }
  const look = async () => {
    await tellTools()
    standing.toolsBeingMade = makesIn(await queues.depth('maker'))
    standing.spent = sumOf(await registry.money.sums(run))
    const { handedOver } = standing
    const known = await registry.runs.get(run)
    if (known === null) standing.fatal ??= new RunGone(request.run)
    // The latest lines are gone from the queues too.
    else if (known.ingest.seq < handedOver) standing.fatal ??= new LinesLost(request, handedOver)
    standing.isCancelled = known?.isCancelled ?? false
    if (standing.isCancelled) onCancelled()
    standing.haltedBy = needsCalls && !standing.isCancelled ? (known?.haltedBy ?? null) : null
    standing.isOverBudget = known?.isOverBudget ?? false
    const isPaused = known?.isPaused ?? false
    if (isPaused !== standing.isPaused)
      event(isPaused ? `paused: what is under way ends, and nothing more is read until ./toolwright unpause ${run}` : 'the run goes on')
    standing.isPaused = isPaused
    if (isPaused || known === null) await registry.activeRuns.leave(run)
    else standing.activeRuns = await registry.activeRuns.beat(run)
    const refusal = await registry.runs.refusal(run)
    const isHeld = refusal !== null && standing.haltedBy === null && (await registry.endpoints.isHeld(refusal.endpoint))
    const talk = outageTalk(isHeld ? refusal.message : null)
    if (talk !== null) event(talk)
    if (standing.haltedBy !== null || standing.fatal !== null) stop()
    await attend()
  }
  while (!signal.aborted) {
    await onceNotFull(look, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
  // A run may end between two looks.
  await tellTools()
  await registry.activeRuns.leave(run)
}

/** Resolves when the makes that the run pays for are settled, or have taken too long, or `signal` is aborted. Another run's may take as long as they like. */
export async function makesSettled(
  { queues, request: { run }, event }: Pick<WatchOptions, 'queues' | 'request' | 'event'>,
  signal: AbortSignal,
): Promise<void> {
  const begunAt = performance.now()
  for (let isSaid = false; !signal.aborted;) {
    const makes = await queues.countOf('maker', run)
    const waitedMs = performance.now() - begunAt
    if (makes === 0 || waitedMs > MAKES_GRACE_MS) return
    if (!isSaid && waitedMs > MAKES_SAID_MS) {
      event('every request is answered; waiting for tools that are still being made, for requests to come (Ctrl-C: end now)')
      isSaid = true
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

export function sumOf(sums: Sums[]): Money {
  return sums.reduce((sum, row) => ({ nano: sum.nano + row.costNano, unknown: sum.unknown + row.unpriced }), { nano: 0, unknown: 0 })
}

/** The tools that are published from now on. */
function countTools(index: KindIndex): { made(): { kind: string; version: number }[]; count(): number } {
  const before = new Map(index.all().map((kind) => [kind.id, kind.versions]))
  const seen = new Map<string, number>()
  return {
    made: () => {
      const made: { kind: string; version: number }[] = []
      for (const { id, versions } of index.all()) {
        for (let version = (seen.get(id) ?? before.get(id) ?? 0) + 1; version <= versions; version++) made.push({ kind: id, version })
        seen.set(id, versions)
      }
      return made
    },
    count: () => [...seen].reduce((sum, [id, versions]) => sum + versions - (before.get(id) ?? 0), 0),
  }
}

async function describeTool(registry: Registry, kind: string, version: number): Promise<string> {
  const tool = await registry.tools.get(kind, version)
  const tiers = [tool.tiers.extracted && 'extracted', tool.tiers.called && 'called'].filter((one) => one !== false).join(' and ')
  const cost = tool.costNano === null ? 'cost unknown' : shownUsd(tool.costNano)
  return `tool made: ${kind} v${version} (${tiers}), ${tool.evidence.proposedFrom + tool.evidence.heldBack} examples, ${cost}`
}

function makesIn(depth: Depth): number {
  return depth.waiting + depth.active + depth.delayed + depth.waitingChildren
}
