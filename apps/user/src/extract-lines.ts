import { type Answered, executionOf, extractCalls, readExtracted } from '@toolwright/answering'
import { type ExecutionJob, EXTRACTED_MODEL, type KindId, type Line, type UserJob } from '@toolwright/contracts'
import { addCall, addDirect, type ExecutionEnd, type JobContext, oneHopOn } from '@toolwright/queues'
import type { Services } from './services.ts'
import { sendBack, stillServes } from './still-serves.ts'

type ExtractJob = UserJob & { stage: 'extract' }

/** Answers lines without any model: the tool reads the request itself. What it refuses goes on to the tool user, what it breaks on to the strong model. */
export async function extractLines(services: Services, job: ExtractJob, context: JobContext): Promise<null> {
  const { registry, queues, finisher } = services
  const { run, kind, version, lines } = job
  if (!(await stillServes(services, job))) {
    await sendBack(services, job, lines)
    return null
  }
  const tool = await registry.tools.get(kind, version)
  const steps: Record<string, ExecutionJob> = {
    own: executionOf(tool.source, extractCalls(lines.map((line) => line.text)), { surroundings: 'first', resetEachCall: false }),
  }
  const rivals = await rivalSteps(services, job)
  for (const { step, execution } of rivals) steps[step] = execution
  const ends = await context.execute(steps)
  const contested = contestedIn(rivals, ends)

  const own = ends['own']!
  const answered: Answered[] = []
  const refused: Line[] = []
  const unsure: Line[] = []
  const failed: Line[] = []
  for (const [at, line] of lines.entries()) {
    const outcome = own.status === 'done' ? own.result.outcomes[at] : undefined
    const extracted = outcome === undefined ? null : readExtracted(tool, outcome)
    if (extracted === null || extracted.status === 'failed') failed.push(line)
    else if (extracted.status === 'refused') refused.push(line)
    else if (contested.has(line.seq)) unsure.push(line)
    else {
      answered.push({
        status: 'answered',
        line,
        tier: 'extracted',
        kind,
        version,
        model: EXTRACTED_MODEL,
        answer: extracted.answer,
        completion: null,
        fields: [],
      })
    }
  }
  if (own.status === 'failed') context.log.warn({ kind, version, reason: own.reason }, 'the executor could not run the tool')
  services.countExtracts('answered', answered.length)
  services.countExtracts('refused', refused.length)
  services.countExtracts('contested', unsure.length)
  services.countExtracts('failed', failed.length)
  await finisher.finish(run, answered)
  // What another kind lays claim to is no reason for a new make: the tool did read it.
  if (tool.tiers.called) {
    await addCall(queues, { run, kind, version }, true, refused.map(oneHopOn))
    await addCall(queues, { run, kind, version }, false, unsure.map(oneHopOn))
  } else {
    await addDirect(queues, { run, kind, gather: false, refusedBy: version }, refused.map(oneHopOn))
    await addDirect(queues, { run, kind, gather: false }, unsure.map(oneHopOn))
  }
  await addDirect(queues, { run, kind, gather: false }, failed.map(oneHopOn))
  return null
}

interface RivalStep {
  step: string
  execution: ExecutionJob
  lines: Line[]
}

/** For lines that other kinds may lay claim to: those kinds' extractors, on these lines. */
async function rivalSteps({ registry }: Services, { kind, lines }: ExtractJob): Promise<RivalStep[]> {
  const claims = new Map<KindId, Line[]>()
  for (const line of lines) for (const rival of line.rivals ?? []) claims.set(rival, [...(claims.get(rival) ?? []), line])
  // A line that came here by an alias may have this very kind among its rivals.
  claims.delete(kind)
  const steps: RivalStep[] = []
  const states = await registry.kinds.peek([...claims.keys()])
  for (const [at, [rival, asked]] of [...claims].entries()) {
    const { version, alias } = states[at]!
    if (version === 0 || alias !== '') continue
    const tool = await registry.tools.get(rival, version)
    if (!tool.tiers.extracted) continue
    const calls = asked.map((line) => ({ text: line.text, solve: false }))
    steps.push({
      step: `rival-${rival}`,
      execution: { ...executionOf(tool.source, calls, { surroundings: 'first', resetEachCall: false }), tool: `${rival}@${version}` },
      lines: asked,
    })
  }
  return steps
}

/**
 * The lines, by seq, that the tool alone must not answer. A text that the extractors of two kinds accept says that one of them has not understood it, and an extractor
 * that could not be asked may be one of the two.
 */
function contestedIn(rivals: RivalStep[], ends: Record<string, ExecutionEnd>): Set<number> {
  const contested = new Set<number>()
  for (const { step, lines } of rivals) {
    const end = ends[step]!
    for (const [at, line] of lines.entries())
      if (end.status === 'failed' || end.result.outcomes[at]?.status === 'ok') contested.add(line.seq)
  }
  return contested
}
