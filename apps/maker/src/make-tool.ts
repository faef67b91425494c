import type { MakerJob, RunSettings, Tool } from '@toolwright/contracts'
import { type JobContext, LaterError } from '@toolwright/queues'
import type { Kind, MakeEnd, MakePlan, RunRecord } from '@toolwright/registry'
import { gather } from './gather.ts'
import { labelByTools } from './label-by-tools.ts'
import { openMake } from './make.ts'
import { planMake } from './plan-make.ts'
import { releaseWaiting } from './release.ts'
import { ExecutorFailedError } from './run-steps.ts'
import { type PassedTool, searchCandidate } from './search-candidate.ts'
import type { Services } from './services.ts'

const LOOK_AGAIN_MS = 300
const HALTED_CHECK_MS = 2_000
const WAITING_LOOKED_AT = 200
const COOLDOWN_MS = 3_600_000
/** Until a make that the executor failed goes on; never longer, since nothing is wrong with the kind. */
const PUT_OFF_MS = 60_000

/**
 * One make: gives a kind a tool, or up. Straight from top to bottom, and again from the top after every wait and every crash: steps that have ended are found
 * ended, replies that were paid for are found kept, and the plan is the one it began with. A make always ends, and then every line that waited for it goes on.
 */
export async function makeTool(services: Services, asked: MakerJob, context: JobContext): Promise<null> {
  try {
    return await goOn(services, asked, context)
  } catch (error) {
    if (!(error instanceof ExecutorFailedError)) throw error
    return await putOff(services, asked, error.message, context)
  }
}

async function goOn(services: Services, asked: MakerJob, context: JobContext): Promise<null> {
  const { registry } = services
  const kind = await registry.kinds.get(asked.kind)
  // All that was known of it was forgotten with its run.
  if (kind === null) return null
  if (kind.alias !== '') return await rest(services, asked)
  if (kind.generation !== asked.generation || isSettled(kind)) return await release(services, asked)
  const run = await payingRun(services, asked)
  // Nobody is there to pay, and nobody waits: whoever needs the tool adds the make again, and finds what has been paid for.
  if (run === null) return null
  const job = { ...asked, run: run.id }
  await registry.makes.begin(kind.id, job.generation, run.settings.makeDeadlineMs)

  // Its maker may have died before all that waited for the tool had gone to it.
  if (kind.version > 0) await releaseWaiting(services, kind)
  const plan = (await registry.makes.planned(kind.id, job.generation)) ?? (await begin(services, job, kind, run.settings, context))
  if (plan === null) return null

  const make = openMake(services, job, kind, context)
  const tool = await searchCandidate(make, plan)
  if (tool === null) return await decline(services, job, 'no candidate passed', context)

  const published = await publish(services, job, kind, tool)
  if (!published) throw new LaterError('the kind changed while its tool was made', LOOK_AGAIN_MS)
  context.log.info({ kind: kind.id, version: kind.versions + 1, tiers: tool.tiers, evidence: tool.evidence }, 'published a tool')
  return null
}

/** Gathers until there is something to make a tool from. Null: there is not, and the make has ended. */
async function begin(services: Services, job: MakerJob, kind: Kind, settings: RunSettings, context: JobContext): Promise<MakePlan | null> {
  const { registry } = services
  const gathered = await gather(services, job, kind, settings)
  switch (gathered.status) {
    case 'wait':
      throw new LaterError('gathering examples', LOOK_AGAIN_MS)
    case 'ready':
      return await registry.makes.plan(kind.id, job.generation, () => planMake(services, kind, gathered.examples))
    case 'idle':
      await registry.makes.drop(kind.id, job.generation)
      return null
    case 'unworthy':
      return await end(services, job, { end: 'unworthy', worthAt: gathered.worthAt })
    case 'declined':
      return await decline(services, job, gathered.reason, context)
    case 'unlabelled':
      return await label(services, job, kind, gathered.reason, context)
  }
}

/** Looks for labels where answers do not agree. With them the make goes on as any other; without, the kind is given up. */
async function label(services: Services, job: MakerJob, kind: Kind, reason: string, context: JobContext): Promise<null> {
  const { registry } = services
  const make = openMake(services, job, kind, context)
  const labels = await labelByTools(make, await registry.tools.gatheredTexts(kind.id))
  if (labels.length === 0) return await decline(services, job, reason, context)
  // Answers that few agreed on are worth less than what two programs worked out.
  await registry.tools.replaceExamples(kind.id, labels)
  throw new LaterError('labelled by tools', 0)
}

/** A make that its workers could not survive, or that met what nobody expected, ends too: its lines must not wait for ever. */
export async function abandonMake(services: Services, job: MakerJob, error: Error, context: JobContext): Promise<void> {
  await decline(services, job, `the make failed: ${error.message}`, context)
}

/** The run that pays: the one that asked, or, if that is halted, done or gone, one that waits for the tool. Null where there is none. */
async function payingRun({ registry }: Services, job: MakerJob): Promise<RunRecord | null> {
  const waiting = await registry.kinds.peekWaiting(job.kind, WAITING_LOOKED_AT)
  const candidates = new Set([job.run, ...waiting.map(({ run }) => run)])
  for (const run of candidates) {
    const record = await registry.runs.get(run)
    if (record?.state === 'active' && record.haltedBy === null && !record.isCancelled) return record
  }
  await registry.makes.pause(job.kind, job.generation)
  // Lines that wait for a tool wait for their run to go on, too.
  if (waiting.length > 0) throw new LaterError('every run that waits for this tool is halted', HALTED_CHECK_MS)
  return null
}

function isSettled(kind: Kind): boolean {
  return kind.state === 'unworthy' || (kind.state === 'declined' && kind.cooldownUntil > Date.now())
}

async function publish(services: Services, job: MakerJob, kind: Kind, passed: PassedTool): Promise<boolean> {
  const costNano = await services.registry.money.spentOn(job)
  const version = kind.versions + 1
  const tool: Tool = { ...passed, version, costNano, at: Date.now() }
  const how = { end: 'published' as const, version, tool: JSON.stringify(tool) }
  const isPublished = await settle(services, job, how, costNano)
  await release(services, job)
  return isPublished
}

async function decline(services: Services, job: MakerJob, reason: string, context: JobContext): Promise<null> {
  context.log.info({ kind: job.kind, reason }, 'gave up making a tool')
  return await end(services, job, { end: 'declined', reason, cooldownMs: COOLDOWN_MS })
}

/**
 * The executor is broken: the kind counts as declined for a short while, and the lines that waited go on. The generation stays, and with it the plan and what was paid
 * for: when lines come after that, the make goes on from there.
 */
async function putOff(services: Services, job: MakerJob, reason: string, context: JobContext): Promise<null> {
  const { registry } = services
  context.log.warn({ kind: job.kind, reason }, 'a make is put off')
  await registry.kinds.settle(job.kind, job.generation, { end: 'put-off', reason, cooldownMs: PUT_OFF_MS })
  await registry.makes.pause(job.kind, job.generation)
  return await release(services, job)
}

/** The kind was merged into another, which answers its lines: its own make goes on should it ever stand for itself again. */
async function rest(services: Services, job: MakerJob): Promise<null> {
  await services.registry.makes.pause(job.kind, job.generation)
  return await release(services, job)
}

async function end(services: Services, job: MakerJob, how: SettledEnd): Promise<null> {
  await settle(services, job, how, await services.registry.money.spentOn(job))
  return await release(services, job)
}

type SettledEnd = Exclude<MakeEnd, { end: 'put-off' }>

async function settle({ registry, observeMake }: Services, job: MakerJob, how: SettledEnd, costNano: number | null): Promise<boolean> {
  const ageMs = await registry.makes.ageMs(job.kind, job.generation)
  const isCounted = await registry.kinds.settle(job.kind, job.generation, how, costNano)
  if (isCounted && ageMs !== null) observeMake(how.end, ageMs / 1000)
  return isCounted
}

async function release(services: Services, job: MakerJob): Promise<null> {
  const kind = await services.registry.kinds.get(job.kind)
  // Where a kind gathers, this make was called off, and lines wait for the one that is due now.
  if (kind !== null && (kind.alias !== '' || kind.version > 0 || kind.state !== 'gathering')) await releaseWaiting(services, kind)
  return null
}
