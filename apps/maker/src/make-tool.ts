import { type MakerJob, RunSettings, type Tool } from '@toolwright/contracts'
import { type JobContext, LaterError } from '@toolwright/queues'
import type { Kind, MakeEnd, MakePlan } from '@toolwright/registry'
import { gather } from './gather.ts'
import { labelByTools } from './label-by-tools.ts'
import { openMake } from './make.ts'
import { planMake } from './plan-make.ts'
import { releaseWaiting } from './release.ts'
import { type PassedTool, searchCandidate } from './search-candidate.ts'
import type { Services } from './services.ts'

const LOOK_AGAIN_MS = 300
const HALTED_CHECK_MS = 2_000
const WAITING_LOOKED_AT = 200
const COOLDOWN_MS = 3_600_000

/**
 * One make: gives a kind a tool, or up. Straight from top to bottom, and again from the top after every wait and every crash: steps that have ended are found
 * ended, replies that were paid for are found kept, and the plan is the one it began with. A make always ends, and then every line that waited for it goes on.
 */
export async function makeTool(services: Services, asked: MakerJob, context: JobContext): Promise<null> {
  const { registry } = services
  const kind = await registry.kinds.get(asked.kind)
  if (kind === null) throw new Error(`there is no kind ${asked.kind}`)
  if (kind.generation !== asked.generation || isSettled(kind)) {
    await releaseWaiting(services, kind)
    return null
  }
  const run = await payingRun(services, asked)
  // Nobody is there to pay, and nobody waits: whoever needs the tool adds the make again, and finds what has been paid for.
  if (run === null) return null
  const job = { ...asked, run }

  // Its maker may have died before all that waited for the tool had gone to it.
  if (kind.version > 0) await releaseWaiting(services, kind)
  const plan = (await registry.makes.planned(kind.id, job.generation)) ?? (await begin(services, job, kind, context))
  if (plan === null) return null

  const make = openMake(services, job, kind, context)
  const tool = await searchCandidate(make, plan)
  if (tool === null) return await decline(services, job, 'no candidate passed', make.spentNano(), context)

  const published = await publish(services, job, kind, tool, make.spentNano())
  if (!published) throw new LaterError('the kind changed while its tool was made', LOOK_AGAIN_MS)
  context.log.info({ kind: kind.id, version: kind.versions + 1, tiers: tool.tiers, evidence: tool.evidence }, 'published a tool')
  return null
}

/** Gathers until there is something to make a tool from. Null: there is not, and the make has ended. */
async function begin(services: Services, job: MakerJob, kind: Kind, context: JobContext): Promise<MakePlan | null> {
  const { registry } = services
  const run = await registry.runs.get(job.run)
  const gathered = await gather(services, job, kind, run?.settings ?? RunSettings.parse({ v: 1 }))
  switch (gathered.status) {
    case 'wait':
      throw new LaterError('gathering examples', LOOK_AGAIN_MS)
    case 'ready':
      return await registry.makes.plan(kind.id, job.generation, () => planMake(services, kind, gathered.examples))
    case 'idle':
      await registry.makes.drop(kind.id, job.generation)
      return null
    case 'unworthy':
      return await end(services, job, { end: 'unworthy', worthAt: gathered.worthAt }, null)
    case 'declined':
      return await decline(services, job, gathered.reason, 0, context)
    case 'unlabelled':
      return await label(services, job, kind, gathered.reason, context)
  }
}

/** Looks for labels where answers do not agree. With them the make goes on as any other; without, the kind is given up. */
async function label(services: Services, job: MakerJob, kind: Kind, reason: string, context: JobContext): Promise<null> {
  const { registry } = services
  const make = openMake(services, job, kind, context)
  const labels = await labelByTools(make, await registry.tools.gatheredTexts(kind.id))
  if (labels.length === 0) return await decline(services, job, reason, make.spentNano(), context)
  // Answers that few agreed on are worth less than what two programs worked out.
  for (const example of labels) await registry.tools.replaceExample(kind.id, example)
  throw new LaterError('labelled by tools', 0)
}

/** A make that its workers could not survive, or that met what nobody expected, ends too: its lines must not wait for ever. */
export async function abandonMake(services: Services, job: MakerJob, error: Error, context: JobContext): Promise<void> {
  await decline(services, job, `the make failed: ${error.message}`, null, context)
}

/** The run that pays: the one that asked, or, if that is halted, done or gone, one that waits for the tool. Null where there is none. */
async function payingRun({ registry }: Services, job: MakerJob): Promise<string | null> {
  const waiting = await registry.kinds.peekWaiting(job.kind, WAITING_LOOKED_AT)
  const candidates = new Set([job.run, ...waiting.map(({ run }) => run)])
  for (const run of candidates) {
    const record = await registry.runs.get(run)
    if (record?.state === 'active' && record.haltedBy === null) return run
  }
  // Lines that wait for a tool wait for their run to go on, too.
  if (waiting.length > 0) throw new LaterError('every run that waits for this tool is halted', HALTED_CHECK_MS)
  return null
}

function isSettled(kind: Kind): boolean {
  return kind.state === 'unworthy' || (kind.state === 'declined' && kind.cooldownUntil > Date.now())
}

async function publish(services: Services, job: MakerJob, kind: Kind, passed: PassedTool, costNano: number | null): Promise<boolean> {
  const { registry } = services
  const version = kind.versions + 1
  const tool: Tool = { ...passed, version, costNano, at: Date.now() }
  const isPublished = await settle(services, job, { end: 'published', version, tool: JSON.stringify(tool) }, costNano)
  const now = await registry.kinds.get(kind.id)
  if (now !== null) await releaseWaiting(services, now)
  return isPublished
}

async function decline(services: Services, job: MakerJob, reason: string, costNano: number | null, context: JobContext): Promise<null> {
  context.log.info({ kind: job.kind, reason }, 'gave up making a tool')
  return await end(services, job, { end: 'declined', reason, cooldownMs: COOLDOWN_MS }, costNano)
}

async function end(services: Services, job: MakerJob, how: MakeEnd, costNano: number | null): Promise<null> {
  await settle(services, job, how, costNano)
  const kind = await services.registry.kinds.get(job.kind)
  if (kind !== null) await releaseWaiting(services, kind)
  return null
}

async function settle(services: Services, job: MakerJob, how: MakeEnd, costNano: number | null): Promise<boolean> {
  const isOurs = await services.registry.kinds.settle(job.kind, job.generation, how)
  if (isOurs) {
    await services.registry.tools.noteMake(how.end, costNano)
    await services.registry.makes.drop(job.kind, job.generation)
  }
  return isOurs
}
