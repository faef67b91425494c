import { type Example, type KindId, type Line, type RequestsJob, type RunSettings } from '@toolwright/contracts'
import { addDirect, addJudge, addMake, addToTool, type JobContext, type Queues } from '@toolwright/queues'
import { type KindIndex, type Placement, type Registry, shapeOf, tokensOf } from '@toolwright/registry'
import type { Destination, Regrouping, Turn } from './regroup.ts'

interface Dispatch {
  registry: Registry
  queues: Queues
  index: KindIndex
  regrouping: Regrouping
  /** Settings of runs, as they were read; they never change while a run lives. */
  settings: Map<string, RunSettings>
}

/** Kinds that may lay claim to a line of a remembered decision: as many as a judge is shown. */
const MAX_RIVALS = 6

/** Examples of a kind that given targets may add up to. */
const MAX_GIVEN = 24

/** What is decided of a line before any state is touched. */
type Decision = { to: 'kind'; kind: KindId; line: Line } | { to: 'judge'; line: Line } | { to: 'direct'; line: Line }

/**
 * Sends each line of a job where its kind says: to a tool, to the strong model as an example, or to wait until the tool is made. A line that no name, template or
 * remembered decision places goes to be judged, and comes back with its kind.
 */
export async function dispatch(services: Dispatch, job: RequestsJob, context: JobContext): Promise<null> {
  const turn = services.regrouping.begin()
  let tokens: string[]
  try {
    tokens = await place(services, job, context, turn)
  } catch (error) {
    turn.drop()
    throw error
  }
  await turn.send()
  await services.registry.kinds.dropPlaced(job.run, tokens)
  return null
}

/** Sends on what goes elsewhere, and puts what goes to tools into this job's turn. Returns under which tokens placements are kept. */
async function place(services: Dispatch, job: RequestsJob, context: JobContext, turn: Turn): Promise<string[]> {
  const { registry, queues, index } = services
  await index.refresh()
  const decisions = await decide(services, job)

  const judged = decisions.filter((one) => one.to === 'judge').map((one) => one.line)
  await addJudge(queues, job.run, judged)
  await addDirect(
    queues,
    { run: job.run, kind: null, gather: false },
    decisions.filter((one) => one.to === 'direct').map((one) => one.line),
  )

  const byKind = new Map<KindId, Line[]>()
  for (const one of decisions) {
    if (one.to !== 'kind') continue
    const lines = byKind.get(one.kind)
    if (lines === undefined) byKind.set(one.kind, [one.line])
    else lines.push(one.line)
  }
  const tokens: string[] = []
  await Promise.all(
    [...byKind].map(async ([kind, lines]) => {
      const token = `${context.jobId}:${kind}`
      tokens.push(token)
      await sendKind(services, job.run, kind, lines, token, turn)
    }),
  )
  await registry.runs.noteDispatched(
    job.run,
    decisions.filter((one) => one.to !== 'judge').map((one) => one.line),
  )
  return tokens
}

async function decide({ registry, index }: Dispatch, job: RequestsJob): Promise<Decision[]> {
  const decisions: Decision[] = []
  const unsure: { line: Line; shape: string }[] = []
  for (const line of job.lines) {
    if (line.body !== undefined) decisions.push({ to: 'direct', line })
    else if (line.kind !== undefined) decisions.push({ to: 'kind', kind: line.kind, line })
    else if (line.kindName !== undefined) {
      const kind = await registry.kinds.named(line.kindName, line.frame, line.text, job.run)
      decisions.push({ to: 'kind', kind, line: { ...line, kind, decidedBy: 'name' } })
    } else {
      const tokens = tokensOf(line.text)
      const [first, ...others] = index.fitting(line.frame, tokens)
      if (first === undefined) unsure.push({ line, shape: shapeOf(line.frame, tokens) })
      else {
        const rivals = others.map((kind) => kind.id)
        decisions.push({
          to: 'kind',
          kind: first.id,
          line: { ...line, kind: first.id, decidedBy: 'template', ...(rivals.length > 0 && { rivals }) },
        })
      }
    }
  }
  const remembered = await registry.kinds.recall(unsure.map((one) => one.shape))
  for (const [at, { line }] of unsure.entries()) {
    const decided = remembered[at] ?? null
    const kind = decided === null ? undefined : (index.living(decided)?.id ?? decided)
    if (kind === undefined) decisions.push({ to: 'judge', line })
    else {
      // No template fits: whoever the judge would be shown may lay claim to the line.
      const nearest = index.nearest(line.frame, line.text, MAX_RIVALS).map((one) => one.kind.id)
      decisions.push({ to: 'kind', kind, line: { ...line, kind, decidedBy: 'decision', rivals: nearest.filter((id) => id !== kind) } })
    }
  }
  return decisions
}

async function sendKind(services: Dispatch, run: string, kind: KindId, lines: Line[], token: string, turn: Turn): Promise<void> {
  const { registry, queues } = services
  const sendAs = (other: KindId) =>
    sendKind(
      services,
      run,
      other,
      lines.map((line) => ({ ...line, kind: other })),
      token,
      turn,
    )
  const [state] = await registry.kinds.peek([kind])
  if (state !== undefined && state.alias !== '') return await sendAs(state.alias)
  const isTooled = state !== undefined && state.version > 0
  await addGivenExamples(registry, run, kind, lines, isTooled ? 0 : MAX_GIVEN)
  if (isTooled) {
    await registry.kinds.addSeen(kind, lines.length)
    return turn.put({ run, kind, version: state.version }, lines)
  }
  const placement = await registry.kinds.place(kind, run, token, traced(queues, lines), (await settingsOf(services, run)).whileMaking)
  switch (placement.go) {
    case 'alias':
      return await sendAs(placement.kind)
    case 'gone':
      return await addDirect(queues, { run, kind: null, gather: false }, lines)
    case 'tool':
      return turn.put({ run, kind, version: placement.version }, lines)
    case 'split':
      return await addSplit(queues, run, kind, lines, placement)
  }
}

/** Lines that are to wait: whoever releases them finds the batch that they came in. */
function traced({ traces }: Queues, lines: Line[]): Line[] {
  const origin = traces?.current()
  if (traces === undefined || origin === undefined) return lines
  const trace = traces.carry(origin)
  return lines.map((line) => ({ ...line, trace }))
}

async function addSplit(queues: Queues, run: string, kind: KindId, lines: Line[], placement: Placement & { go: 'split' }): Promise<void> {
  const pick = (indexes: number[]) => indexes.map((at) => lines[at]!)
  await addDirect(queues, { run, kind, gather: true }, pick(placement.gather))
  await addDirect(queues, { run, kind, gather: false }, pick(placement.direct))
  // Every line that gathers or waits makes sure that the make exists: after a crash, no other line may come to do it.
  if (placement.makes) await addMake(queues, run, kind, placement.generation)
}

/** Lines for one exact tool version, as batches. */
export async function sendToTool(
  { registry, queues }: Pick<Dispatch, 'registry' | 'queues'>,
  destination: Destination,
  lines: Line[],
): Promise<void> {
  const { tiers } = await registry.tools.get(destination.kind, destination.version)
  await addToTool(queues, destination, tiers, lines)
}

/** Targets that came with requests are examples at once: a labelled kind needs no answer to be paid for. Beyond `room` they only take the place of what others answered. */
async function addGivenExamples(registry: Registry, run: string, kind: KindId, lines: Line[], room: number): Promise<void> {
  const given = lines.flatMap(({ text, target }): Example[] =>
    target === undefined ? [] : [{ v: 1, text, answer: target, source: 'given', votes: 1, run, at: Date.now() }],
  )
  if (given.length > 0) await registry.tools.addExamples(kind, given, room)
}

async function settingsOf({ registry, settings }: Dispatch, run: string): Promise<RunSettings> {
  const known = settings.get(run)
  if (known !== undefined) return known
  const record = await registry.runs.get(run)
  if (record === null) throw new Error(`run ${run} is not in the registry`)
  settings.set(run, record.settings)
  return record.settings
}
