import { judgeKind } from '@toolwright/answering'
import { hashOf, type KindId, type Line, type UserJob } from '@toolwright/contracts'
import { addJudge, addRequests, type JobContext, oneHopOn } from '@toolwright/queues'
import { learn, type Neighbour, readingOf, shapeOf, tokensOf } from '@toolwright/registry'
import { addUserAlone } from './alone.ts'
import type { Services } from './services.ts'
import { settleAll } from './settle-all.ts'

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
  const { queues, turns } = services
  const { run, lines } = job
  const { done, later, delayMs, leaving } = await settleAll(lines, lines.length === 1, context, (line) =>
    turns.take(openingOf(line), () => decide(services, job, line, context)),
  )
  await addRequests(queues, run, done.map(oneHopOn))
  await addJudge(queues, run, later.map(oneHopOn), delayMs)
  await addUserAlone(queues, job, leaving)
  return null
}

async function decide(services: Services, job: JudgeJob, line: Line, context: JobContext): Promise<Line> {
  const judgement: Judgement = { turnedDown: new Set() }
  const decided = await tryDecide(services, job, line, judgement, context)
  if (decided !== null) return decided
  // No kind so far, and perhaps a new one: births go one after the other, or a flood of one new kind would found it many times.
  return await services.turns.take(`birth:${line.frame}`, async () => {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const again = await tryDecide(services, job, line, judgement, context)
      if (again !== null) return again
      const epoch = await services.index.refresh()
      if (unseen(services, line, judgement).length > 0) continue
      const kind = await services.registry.kinds.createInNursery(line.text, line.frame, readingOf(line.text, job.run), epoch)
      if (kind !== false) return withKind(line, kind, 'nursery', [...judgement.turnedDown])
    }
    throw new Error(`line ${line.seq}: the kinds kept changing while it was judged`)
  })
}

/** What the judge has said of one line so far. */
interface Judgement {
  turnedDown: Set<KindId>
}

/** The line with its kind, if a template fits by now or the judge finds one among the kinds that it has not turned down yet. */
async function tryDecide(services: Services, job: JudgeJob, line: Line, judgement: Judgement, context: JobContext): Promise<Line | null> {
  const { registry, index, payer } = services
  const tokens = tokensOf(line.text)
  await index.refresh()
  const [fitting, ...alsoFitting] = index.fitting(line.frame, tokens)
  if (fitting !== undefined)
    return withKind(
      line,
      fitting.id,
      'template',
      alsoFitting.map((kind) => kind.id),
    )

  const neighbours = unseen(services, line, judgement)
  if (neighbours.length === 0) return null
  // A reply names a group by its number: kept, it holds for these kinds in this order only.
  const shown = hashOf(...neighbours.map((one) => one.kind.id)).slice(0, 12)
  const chosen = await judgeKind(payer, { run: job.run, field: `${line.seq}:judge:${shown}` }, neighbours, line.text, context.signal)
  if (chosen === null) {
    for (const { kind } of neighbours) judgement.turnedDown.add(kind.id)
    return null
  }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    context.signal.throwIfAborted()
    await index.refresh()
    const kind = index.living(chosen)
    if (kind === undefined) {
      // It has made room in the nursery, or was forgotten.
      judgement.turnedDown.add(chosen)
      return null
    }
    const reading = learn(kind.reading, line.text, job.run)
    const state = kind.state === 'nursery' && reading.members >= MEMBERS_FOR_KIND ? 'gathering' : kind.state
    if (!(await registry.kinds.saveReading(kind.id, reading, state, kind.rev))) continue
    // Until a kind has its three texts, each further one must be judged, or they would never be three.
    if (state !== 'nursery') await registry.kinds.remember(shapeOf(line.frame, tokens), kind.id)
    const others = neighbours.map((one) => one.kind.id).filter((id) => id !== chosen)
    return withKind(line, kind.id, 'judge', [...judgement.turnedDown, ...others])
  }
  throw new Error(`line ${line.seq}: the kind ${chosen} kept changing while the line joined it`)
}

function unseen({ index }: Services, line: Line, { turnedDown }: Judgement): Neighbour[] {
  return index.nearest(line.frame, line.text, MAX_NEIGHBOURS).filter(({ kind }) => !turnedDown.has(kind.id))
}

function withKind(line: Line, kind: KindId, decidedBy: 'template' | 'judge' | 'nursery', rivals: KindId[]): Line {
  return { ...line, kind, decidedBy, ...(rivals.length > 0 && { rivals }) }
}

/** The words that a line begins with: lines that share them are likely to be of one kind, and are judged in turn. */
function openingOf(line: Line): string {
  const words = tokensOf(line.text.slice(0, 200)).filter((token) => /^\p{L}/u.test(token))
  return `${line.frame}:${words.slice(0, 3).join(' ')}`
}
