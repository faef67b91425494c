import { type Answered, executionOf, extractCalls, readExtracted } from '@toolwright/answering'
import type { ExecutionJob, KindId, Line, UserJob } from '@toolwright/contracts'
import { addCall, addDirect, type JobContext, oneHopOn } from '@toolwright/queues'
import type { Services } from './services.ts'

/** The model that `extracted` answers name: none was asked. */
const EXTRACTED_MODEL = 'toolwright/extracted'

/** Answers lines without any model: the tool reads the request itself. What it refuses goes on to the tool user, what it breaks on to the strong model. */
export async function extractLines(services: Services, job: UserJob & { stage: 'extract' }, context: JobContext): Promise<null> {
  const { registry, queues, finisher } = services
  const { run, kind, version, lines } = job
  const tool = await registry.tools.get(kind, version)
  const steps: Record<string, ExecutionJob> = {
    own: executionOf(tool.source, extractCalls(lines.map((line) => line.text)), { surroundings: 'first', resetEachCall: false }),
  }
  const rivals = await rivalSteps(services, lines)
  for (const { step, execution } of rivals) steps[step] = execution
  const ends = await context.execute(steps)

  // A text that the extractors of two kinds accept says that one of them has not understood it.
  const contested = new Set<number>()
  for (const { step, lines: asked } of rivals) {
    const end = ends[step]!
    if (end.status === 'failed') continue
    for (const [at, outcome] of end.result.outcomes.entries()) if (outcome.status === 'ok') contested.add(asked[at]!.seq)
  }

  const own = ends['own']!
  const answered: Answered[] = []
  const refused: Line[] = []
  const failed: Line[] = []
  for (const [at, line] of lines.entries()) {
    const outcome = own.status === 'done' ? own.result.outcomes[at] : undefined
    if (outcome === undefined || contested.has(line.seq)) {
      ;(contested.has(line.seq) ? refused : failed).push(line)
      continue
    }
    const extracted = readExtracted(tool, outcome)
    if (extracted.status === 'answered') {
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
    } else {
      ;(extracted.status === 'refused' ? refused : failed).push(line)
    }
  }
  if (own.status === 'failed') context.log.warn({ kind, version, reason: own.reason }, 'the executor could not run the tool')
  await finisher.finish(run, answered)
  if (tool.tiers.called) await addCall(queues, { run, kind, version }, true, refused.map(oneHopOn))
  else await addDirect(queues, { run, kind, gather: false }, refused.map(oneHopOn))
  await addDirect(queues, { run, kind, gather: false }, failed.map(oneHopOn))
  return null
}

/** For lines that other kinds lay claim to: those kinds' extractors, on these lines. */
async function rivalSteps({ registry }: Services, lines: Line[]): Promise<{ step: string; execution: ExecutionJob; lines: Line[] }[]> {
  const claims = new Map<KindId, Line[]>()
  for (const line of lines) for (const rival of line.rivals ?? []) claims.set(rival, [...(claims.get(rival) ?? []), line])
  const steps: { step: string; execution: ExecutionJob; lines: Line[] }[] = []
  const states = await registry.kinds.peek([...claims.keys()])
  for (const [at, [rival, asked]] of [...claims].entries()) {
    const version = states[at]?.version ?? 0
    if (version === 0) continue
    const tool = await registry.tools.get(rival, version)
    if (!tool.tiers.extracted) continue
    const calls = asked.map((line) => ({ text: line.text, solve: false }))
    steps.push({
      step: `rival-${rival}`,
      execution: executionOf(tool.source, calls, { surroundings: 'first', resetEachCall: false }),
      lines: asked,
    })
  }
  return steps
}
