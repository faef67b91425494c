import { judgeKind } from '@toolwright/answering'
import type { KindId, Line, UserJob } from '@toolwright/contracts'
import { addJudge, addRequests, type JobContext, oneHopOn } from '@toolwright/queues'
import { learn, type Neighbour, readingOf, shapeOf, tokensOf } from '@toolwright/registry'
import type { Services } from './services.ts'
import { laterOf, settleAll } from './settle-all.ts'

/** Kinds that a judge is shown, the nearest first. */
const MAX_NEIGHBOURS = 6
/** Texts that belong together and make a kind. */
const MEMBERS_FOR_KIND = 3
/** Compare-and-set rounds, each after somebody else's change: under a flood of one new kind they are many, and short. */
const MAX_ROUNDS = 200

type JudgeJob = UserJob & { stage: 'judge' }

/**
 * Finds the kind of lines that nothing else could place, and sends them back to the dispatcher with it. Lines that read alike are judged one after the other: once
 * a few have made a template, the rest needs no judgement.
 */
export async function judgeLines(services: Services, job: JudgeJob, context: JobContext): Promise<null> {
  const decided: Line[] = []
  const ends = await settleAll(job.lines, job.lines.length, async (line) => {
    decided.push(await services.turns.take(openingOf(line), () => decide(services, job, line, context)))
  })
  await addRequests(services.queues, job.run, decided.map(oneHopOn))
  const later = laterOf(job.lines, ends)
  await addJudge(services.queues, job.run, later.lines.map(oneHopOn), later.delayMs)
  return null
}

async function decide(services: Services, job: JudgeJob, line: Line, context: JobContext): Promise<Line> {
  const judgement: Judgement = { turnedDown: new Set(), calls: 0 }
  const decided = await tryDecide(services, job, line, judgement, context)
  if (decided !== null) return decided
  // No kind so far, and perhaps a new one: births go one after the other, or a flood of one new kind would found it many times.
  return await services.turns.take(`birth:${line.frame}`, async () => {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const again = await tryDecide(services, job, line, judgement, context)
      if (again !== null) return again
      const epoch = await services.index.refresh()
      if (unseen(services, line, judgement).length > 0) continue
      const kind = await services.registry.kinds.createInNursery(line.text, line.frame, readingOf(line.text), epoch)
      if (kind !== false) return { ...line, kind, decidedBy: 'nursery' }
    }
    throw new Error(`line ${line.seq}: the kinds kept changing while it was judged`)
  })
}

/** What the judge has said of one line so far. */
interface Judgement {
  turnedDown: Set<KindId>
  calls: number
}

/** The line with its kind, if a template fits by now or the judge finds one among the kinds that it has not turned down yet. */
async function tryDecide(services: Services, job: JudgeJob, line: Line, judgement: Judgement, context: JobContext): Promise<Line | null> {
  const { registry, index, payer } = services
  const tokens = tokensOf(line.text)
  await index.refresh()
  const [fitting, ...others] = index.fitting(line.frame, tokens)
  if (fitting !== undefined)
    return withKind(
      line,
      fitting.id,
      'template',
      others.map((kind) => kind.id),
    )

  const neighbours = unseen(services, line, judgement)
  if (neighbours.length === 0) return null
  judgement.calls++
  const chosen = await judgeKind(
    payer,
    { run: job.run, field: `${line.seq}:judge:${judgement.calls}` },
    neighbours,
    line.text,
    context.signal,
  )
  if (chosen === null) {
    for (const { kind } of neighbours) judgement.turnedDown.add(kind.id)
    return null
  }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    context.signal.throwIfAborted()
    await index.refresh()
    const kind = index.get(chosen)
    if (kind === undefined) throw new Error(`the judge chose ${chosen}, which the index does not know`)
    const reading = learn(kind.reading, line.text)
    const state = kind.state === 'nursery' && reading.members >= MEMBERS_FOR_KIND ? 'gathering' : kind.state
    if (!(await registry.kinds.saveReading(kind.id, reading, state, kind.rev))) continue
    await registry.kinds.remember(shapeOf(line.frame, tokens), kind.id)
    return withKind(
      line,
      kind.id,
      'judge',
      neighbours.map((one) => one.kind.id).filter((id) => id !== chosen),
    )
  }
  throw new Error(`line ${line.seq}: the kind ${chosen} kept changing while the line joined it`)
}

function unseen({ index }: Services, line: Line, { turnedDown }: Judgement): Neighbour[] {
  return index.nearest(line.frame, line.text, MAX_NEIGHBOURS).filter(({ kind }) => !turnedDown.has(kind.id))
}

function withKind(line: Line, kind: KindId, decidedBy: 'template' | 'judge', rivals: KindId[]): Line {
  return { ...line, kind, decidedBy, ...(rivals.length > 0 && { rivals }) }
}

/** The words that a line begins with: lines that share them are likely to be of one kind, and are judged in turn. */
function openingOf(line: Line): string {
  const words = tokensOf(line.text.slice(0, 200)).filter((token) => /^\p{L}/u.test(token))
  return `${line.frame}:${words.slice(0, 3).join(' ')}`
}
