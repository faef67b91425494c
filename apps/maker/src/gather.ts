import type { Example, MakerJob, RunSettings } from '@toolwright/contracts'
import { EXAMPLES_FOR_MAKE, fits, type Kind, MAX_GATHERING_RAISED, type PeekedLine, REFUSED_FOR_MAKE, tokensOf } from '@toolwright/registry'
import { letThrough } from './release.ts'
import type { Services } from './services.ts'

export type Gathered =
  | { status: 'ready'; examples: Example[] }
  /** Not yet; the make looks again soon. Lines do not poll, the make does it for them. */
  | { status: 'wait' }
  | { status: 'declined'; reason: string }
  /** Many answers, and too few that agree: what the model cannot say, a program of its may work out. */
  | { status: 'unlabelled'; reason: string }
  /** Enough examples, but too few lines: a tool would cost more than it saves. */
  | { status: 'unworthy'; worthAt: number }
  /** Nothing waits, and nothing can come: there is nothing to make a tool for now. */
  | { status: 'idle' }

const WAITING_LOOKED_AT = 200
/** So many of every wording make an example to show and one to hold back. */
const EXAMPLES_OF_WORDING = 2
/** Where a price is unknown, a tool is taken to be worth making for this many lines. */
const LINES_WITHOUT_PRICE = 10
/** Tokens of a make, where none has been paid for yet: two proposals and a repair, with what they read. */
const ASSUMED_MAKE_TOKENS = { uncachedInput: 8_000, cacheRead: 0, cacheWrite: 0, output: 4_000 }

/** Whether a make has what it needs to propose: enough trusted examples, and enough lines to be worth it. Past the deadline it goes by what there is. */
export async function gather(services: Services, job: MakerJob, kind: Kind, settings: RunSettings): Promise<Gathered> {
  const { registry } = services
  const examples = await registry.tools.examples(kind.id)
  const isOver = await registry.makes.isOverdue(kind.id, job.generation)
  const canBringMore = !isOver && (await registry.runs.canBringMore(job.run))

  if (kind.version > 0) {
    // A tool that serves is made again only for what it refused: a make may be due by its generation alone, for lines that waited while it was published.
    const refused = examples.filter((example) => example.refusedBy === kind.version)
    return refused.length >= REFUSED_FOR_MAKE ? { status: 'ready', examples } : { status: 'idle' }
  }

  const gathered = await registry.kinds.gatheredCount(kind.id)
  const inFlight = Math.max(0, kind.started - gathered)
  const waiting = await registry.kinds.peekWaiting(kind.id, WAITING_LOOKED_AT)

  if (examples.length >= EXAMPLES_FOR_MAKE) {
    if (settings.make === 'worth') {
      const worthAt = await linesToPay(services, kind)
      if (kind.seen < worthAt) return canBringMore ? { status: 'wait' } : { status: 'unworthy', worthAt }
    }
    const unseen = unseenWordings(kind, examples, waiting).slice(0, MAX_GATHERING_RAISED - kind.started)
    if (isOver || (unseen.length === 0 && inFlight === 0)) return { status: 'ready', examples }
    if (inFlight === 0) await letThrough(services, kind.id, unseen)
    return { status: 'wait' }
  }

  const missing = EXAMPLES_FOR_MAKE - examples.length
  if (isOver) return { status: 'declined', reason: `only ${examples.length} trusted examples within the time for a make` }
  // One for one: as many more as are missing and not under way already.
  const more = Math.min(missing - inFlight, MAX_GATHERING_RAISED - kind.started)
  if (more > 0 && waiting.length > 0) {
    await letThrough(services, kind.id, waiting.slice(0, more))
    return { status: 'wait' }
  }
  if (inFlight > 0) return { status: 'wait' }
  if (kind.started >= MAX_GATHERING_RAISED) {
    return { status: 'unlabelled', reason: `of ${gathered} answers only ${examples.length} were agreed on` }
  }
  return canBringMore ? { status: 'wait' } : { status: 'idle' }
}

/**
 * Waiting lines in wordings of which there is hardly an example yet, two of each: a tool that never saw a wording refuses it, and would be made again for it at once.
 */
function unseenWordings(kind: Kind, examples: Example[], waiting: PeekedLine[]): PeekedLine[] {
  const templates = kind.reading.templates.map((template) => template.tokens)
  const wordingOf = (text: string) => {
    const tokens = tokensOf(text)
    return templates.findIndex((template) => fits(template, tokens))
  }
  const seen = examples.map((example) => wordingOf(example.text))
  const waitingIn = waiting.map((one) => wordingOf(one.line.text))
  return templates.flatMap((_, wording) => {
    const missing = EXAMPLES_OF_WORDING - seen.filter((one) => one === wording).length
    const lines = waiting.filter((_line, at) => waitingIn[at] === wording)
    return missing > 0 && lines.length > EXAMPLES_OF_WORDING ? lines.slice(0, missing) : []
  })
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
