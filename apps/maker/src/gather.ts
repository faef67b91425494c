import type { Example, MakerJob, RunSettings } from '@toolwright/contracts'
import { EXAMPLES_FOR_MAKE, type Kind, MAX_GATHERING_RAISED } from '@toolwright/registry'
import { letThrough } from './release.ts'
import type { Services } from './services.ts'

export type Gathered =
  | { status: 'ready'; examples: Example[] }
  /** Not yet; the make looks again soon. Lines do not poll, the make does it for them. */
  | { status: 'wait' }
  | { status: 'declined'; reason: string }
  /** Enough examples, but too few lines: a tool would cost more than it saves. */
  | { status: 'unworthy'; worthAt: number }
  /** Nothing waits, and nothing can come: there is nothing to make a tool for now. */
  | { status: 'idle' }

/** Where a price is unknown, a tool is taken to be worth making for this many lines. */
const LINES_WITHOUT_PRICE = 10
/** Tokens of a make, where none has been paid for yet: two proposals and a repair, with what they read. */
const ASSUMED_MAKE_TOKENS = { uncachedInput: 8_000, cacheRead: 0, cacheWrite: 0, output: 4_000 }

/** Whether a make has what it needs to propose: enough trusted examples, and enough lines to be worth it. */
export async function gather(services: Services, job: MakerJob, kind: Kind, settings: RunSettings): Promise<Gathered> {
  const { registry } = services
  const { ageMs } = await registry.makes.begin(kind.id, job.generation)
  const examples = await registry.tools.examples(kind.id)
  const isOver = ageMs >= settings.makeDeadlineMs
  const canBringMore = !isOver && (await registry.runs.canBringMore(job.run))

  if (examples.length >= EXAMPLES_FOR_MAKE) {
    if (kind.version > 0 || settings.make === 'eager') return { status: 'ready', examples }
    const worthAt = await linesToPay(services, kind)
    if (kind.seen >= worthAt) return { status: 'ready', examples }
    return canBringMore ? { status: 'wait' } : { status: 'unworthy', worthAt }
  }

  const waiting = await registry.kinds.waitingCount(kind.id)
  const gathered = await registry.kinds.gatheredCount(kind.id)
  const inFlight = Math.max(0, kind.started - gathered)
  const missing = EXAMPLES_FOR_MAKE - examples.length
  if (isOver) return { status: 'declined', reason: `only ${examples.length} trusted examples within the time for a make` }
  // One for one: as many more as are missing and not under way already.
  const more = Math.min(missing - inFlight, MAX_GATHERING_RAISED - kind.started, waiting)
  if (more > 0 && kind.started >= kind.allowed) {
    await letThrough(services, kind.id, more)
    return { status: 'wait' }
  }
  if (inFlight > 0) return { status: 'wait' }
  if (kind.started >= MAX_GATHERING_RAISED) {
    return { status: 'declined', reason: `of ${gathered} answers only ${examples.length} were agreed on` }
  }
  if (waiting > 0 && kind.started < kind.allowed) {
    // The counter has room again: after an earlier make of this kind.
    await letThrough(services, kind.id, Math.min(missing, waiting))
    return { status: 'wait' }
  }
  return canBringMore ? { status: 'wait' } : { status: 'idle' }
}

/** How many lines of the kind it takes until a tool has paid for itself. */
async function linesToPay(services: Services, kind: Kind): Promise<number> {
  const { registry, strongCost } = services
  const own = await registry.money.direct(kind.id)
  const all = own.calls > own.unpriced ? own : await registry.money.direct(null)
  const priced = all.calls - all.unpriced
  const makes = await registry.tools.makes()
  const makeNano = makes.priced > 0 ? makes.costNano / makes.priced : strongCost(ASSUMED_MAKE_TOKENS)
  if (priced <= 0 || makeNano === null || all.costNano === 0) return LINES_WITHOUT_PRICE
  return Math.max(EXAMPLES_FOR_MAKE, Math.ceil(makeNano / (all.costNano / priced)))
}
