import type { Example, KindId, MakerJob, Tool } from '@toolwright/contracts'
import { hashOf, RunSettings } from '@toolwright/contracts'
import { type JobContext, LaterError } from '@toolwright/queues'
import { ModelError } from '@toolwright/llm'
import { fits, type Kind, type KeptReply, learn, type MakePlan, readingOf, tokensOf } from '@toolwright/registry'
import { createHash } from 'node:crypto'
import { gather } from './gather.ts'
import { type Candidate, readProposal } from './proposal.ts'
import { proposePrompt } from './prompts.ts'
import { releaseWaiting } from './release.ts'
import type { Services } from './services.ts'
import { type Verdict, verify } from './verify.ts'

const LOOK_AGAIN_MS = 300
/** Repairs of one candidate, and candidates written from scratch (LATM, arXiv 2305.17126, section 3.1: three tries). */
const MAX_REPAIRS = 3
const MAX_CANDIDATES = 2
/** The paper's split: three examples to propose from, the others held back. */
const SHOWN = 3
const REFUSED_SHOWN = 3
const MAX_HELD_BACK = 7
const MAX_FOREIGN = 20
const COOLDOWN_MS = 3_600_000

/**
 * One make: gives a kind a tool, or up. Straight from top to bottom, and again from the top after every wait and every crash: steps that have ended are found
 * ended, replies that were paid for are found kept, and the plan is the one it began with. A make always ends, and then every line that waited for it goes on.
 */
export async function makeTool(services: Services, job: MakerJob, context: JobContext): Promise<null> {
  const { registry } = services
  const kind = await registry.kinds.get(job.kind)
  if (kind === null) throw new Error(`there is no kind ${job.kind}`)
  if (kind.generation !== job.generation || isSettled(kind)) {
    await releaseWaiting(services, kind)
    return null
  }

  const run = await registry.runs.get(job.run)
  const settings = run?.settings ?? RunSettings.parse({ v: 1 })
  const gathered = await gather(services, job, kind, settings)
  switch (gathered.status) {
    case 'wait':
      throw new LaterError('gathering examples', LOOK_AGAIN_MS)
    case 'idle':
      await registry.makes.drop(kind.id, job.generation)
      return null
    case 'unworthy':
      return await end(services, job, { end: 'unworthy', worthAt: gathered.worthAt }, null)
    case 'declined':
      return await decline(services, job, gathered.reason, 0, context)
    case 'ready':
      break
  }

  const plan = await registry.makes.plan(kind.id, job.generation, () => planMake(services, kind, gathered.examples))
  const spent = { nano: 0 as number | null }
  const best = await searchCandidate(services, job, kind, plan, spent, context)
  if (best === null) return await decline(services, job, 'no candidate passed', spent.nano, context)

  const published = await publish(services, job, kind, best, spent.nano)
  if (!published) throw new LaterError('the kind changed while its tool was made', LOOK_AGAIN_MS)
  context.log.info({ kind: kind.id, version: kind.versions + 1, tiers: best.tool.tiers, evidence: best.tool.evidence }, 'published a tool')
  return null
}

/** A make that its workers could not survive, or that met what nobody expected, ends too: its lines must not wait for ever. */
export async function abandonMake(services: Services, job: MakerJob, error: Error, context: JobContext): Promise<void> {
  await decline(services, job, `the make failed: ${error.message}`, null, context)
}

function isSettled(kind: Kind): boolean {
  return kind.state === 'unworthy' || (kind.state === 'declined' && kind.cooldownUntil > Date.now())
}

interface Best {
  tool: Omit<Tool, 'version' | 'costNano' | 'at'>
}

/** Proposes, verifies, repairs; then once more from scratch. The first candidate of which everything is right is taken at once, else the best that can serve. */
async function searchCandidate(
  services: Services,
  job: MakerJob,
  kind: Kind,
  plan: MakePlan,
  spent: { nano: number | null },
  context: JobContext,
): Promise<Best | null> {
  const predecessor = kind.version > 0 ? await services.registry.tools.get(kind.id, kind.version) : null
  let best: { verdict: Verdict; candidate: Candidate; model: string; candidates: number; repairs: number } | null = null
  let repairs = 0
  const revealed = new Set<string>()
  for (let attempt = 1; attempt <= MAX_CANDIDATES; attempt++) {
    const turns: { reply: string; problems: string[] }[] = []
    for (let turn = 0; turn <= MAX_REPAIRS; turn++) {
      const step = `a${attempt}t${turn}`
      const reply = await ask(services, job, plan, turns, attempt, step, context)
      if (reply === null) break
      spent.nano = spent.nano === null || reply.costNano === null ? null : spent.nano + reply.costNano
      if (turn > 0) repairs++
      const proposal = readProposal(reply.text)
      if (!proposal.ok || reply.finish !== 'stop') {
        const problem = proposal.ok ? `The reply ended early (${reply.finish}): be brief before the two blocks.` : proposal.problem
        context.log.info({ kind: kind.id, step, problem }, 'the proposal cannot be read')
        turns.push({ reply: reply.text, problems: [problem] })
        continue
      }
      const verdict = await verify(proposal.candidate, {
        payer: services.payer,
        payment: paymentOf(job),
        plan,
        revealed,
        step,
        context,
      })
      if (verdict.revealed !== null) revealed.add(verdict.revealed)
      context.log.info(
        { kind: kind.id, step, extracted: verdict.extracted, called: verdict.called, ...verdict.counts, problems: verdict.problems },
        'verified a candidate',
      )
      if (isBetter(verdict, best?.verdict ?? null) && passesPredecessor(verdict, predecessor, plan) && provesEnough(plan, revealed))
        best = { verdict, candidate: proposal.candidate, model: reply.model, candidates: attempt, repairs }
      if (verdict.problems.length === 0) break
      // Both tiers serve, and what is left are requests that extract does not know: worth one more try, not all of them.
      if (verdict.extracted && verdict.called && turn > 0) break
      turns.push({ reply: reply.text, problems: verdict.problems })
    }
    if (best !== null && best.verdict.extracted && best.verdict.called) break
  }
  if (best === null) return null
  const { verdict, candidate, model } = best
  const { counts } = verdict
  return {
    tool: {
      v: 1,
      kind: kind.id,
      sha256: createHash('sha256').update(candidate.source).digest('hex'),
      source: candidate.source,
      schema: candidate.schema,
      tiers: { extracted: verdict.extracted, called: verdict.called },
      verbatim: verdict.verbatim,
      usage: verdict.usage,
      evidence: { ...counts, proposedFrom: plan.shown.length, candidates: best.candidates, repairs: best.repairs },
      model,
      generation: job.generation,
    },
  }
}

async function ask(
  services: Services,
  job: MakerJob,
  plan: MakePlan,
  turns: { reply: string; problems: string[] }[],
  attempt: number,
  step: string,
  context: JobContext,
): Promise<KeptReply | null> {
  const purpose = turns.length === 0 ? ('propose' as const) : ('repair' as const)
  try {
    const call = proposePrompt(plan.shown, turns, attempt)
    return await services.payer.pay({ ...paymentOf(job), role: 'strong', purpose, field: step, text: '' }, call, context.signal)
  } catch (error) {
    if (error instanceof ModelError && error.kind === 'rejected') {
      context.log.warn({ kind: job.kind, step, error }, 'the endpoint refuses the proposal')
      return null
    }
    throw error
  }
}

function paymentOf(job: MakerJob): { run: string; kind: KindId; make: { kind: KindId; generation: number } } {
  return { run: job.run, kind: job.kind, make: { kind: job.kind, generation: job.generation } }
}

/** `extracted` counts most: that is where the economy is. */
function isBetter(verdict: Verdict, than: Verdict | null): boolean {
  return worthOf(verdict) > (than === null ? 0 : worthOf(than))
}

function worthOf(verdict: Verdict): number {
  return (verdict.extracted ? 2 : 0) + (verdict.called ? 1 : 0)
}

/** At least two examples must have been held back from the tool maker to the end: a tool that knows all of them by heart has shown nothing. */
function provesEnough(plan: MakePlan, revealed: ReadonlySet<string>): boolean {
  return plan.heldBack.filter((example) => !revealed.has(example.text)).length >= 2
}

/** A new version must pass all that its predecessor passed, and understand at least half of what that one refused. */
function passesPredecessor(verdict: Verdict, predecessor: Tool | null, plan: MakePlan): boolean {
  if (predecessor === null) return true
  if ((predecessor.tiers.extracted && !verdict.extracted) || (predecessor.tiers.called && !verdict.called)) return false
  const refused = [...plan.shown, ...plan.heldBack].filter((example) => example.refusedBy === predecessor.version)
  const understood = refused.filter((example) => verdict.extractedTexts.includes(example.text))
  return refused.length === 0 || understood.length * 2 >= refused.length
}

/** Which examples are shown and which held back, and what other kinds' texts must be refused; drawn once, by hash, so that no order of arrival decides. */
async function planMake(services: Services, kind: Kind, examples: Example[]): Promise<MakePlan> {
  const order = (example: Example) => hashOf(kind.id, kind.generation, example.text)
  const drawn = examples.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
  // What the serving version refused is why a tool is made again.
  const isRefused = (example: Example) => kind.version > 0 && example.refusedBy === kind.version
  const refused = inTurn(drawn.filter(isRefused))
  const others = inTurn(drawn.filter((example) => !isRefused(example)))
  const refusedShown = Math.min(REFUSED_SHOWN, Math.floor(refused.length / 2))
  const shown = [...refused.slice(0, refusedShown), ...others.slice(0, SHOWN)]
  const heldBack = [...refused.slice(refusedShown).slice(0, REFUSED_SHOWN), ...others.slice(SHOWN)].slice(0, MAX_HELD_BACK)
  return { v: 1, shown, heldBack, foreign: await foreignTexts(services, kind, shown[0]!.text) }
}

/** Examples of each wording in turn, the commonest first, and last those that read like no other: whoever writes `extract` should see every wording, and no slip. */
function inTurn(examples: Example[]): Example[] {
  const [first, ...rest] = examples
  if (first === undefined) return []
  const reading = rest.reduce((sum, example) => learn(sum, example.text), readingOf(first.text))
  const groups: Example[][] = reading.templates.map(() => [])
  const odd: Example[] = []
  for (const example of examples) {
    const tokens = tokensOf(example.text)
    const at = reading.templates.findIndex((template) => fits(template.tokens, tokens))
    ;(groups[at] ?? odd).push(example)
  }
  groups.sort((a, b) => b.length - a.length)
  const taken: Example[] = []
  for (let round = 0; taken.length + odd.length < examples.length; round++)
    taken.push(...groups.flatMap((group) => group.slice(round, round + 1)))
  return [...taken, ...odd]
}

async function foreignTexts(services: Services, kind: Kind, text: string): Promise<MakePlan['foreign']> {
  const { registry, index } = services
  await index.refresh()
  const near = index.nearest(kind.frame, text, MAX_FOREIGN + 1).filter((one) => one.kind.id !== kind.id && one.kind.state !== 'nursery')
  const texts = await Promise.all(
    near.slice(0, MAX_FOREIGN).map(async ({ kind: other }) => {
      const [example] = await registry.tools.examples(other.id)
      if (example !== undefined) return { text: example.text, answer: example.answer }
      const sample = other.reading.samples[0]
      return sample === undefined ? null : { text: sample, answer: null }
    }),
  )
  return texts.filter((one) => one !== null)
}

async function publish(services: Services, job: MakerJob, kind: Kind, best: Best, costNano: number | null): Promise<boolean> {
  const { registry } = services
  const version = kind.versions + 1
  const tool: Tool = { ...best.tool, version, costNano, at: Date.now() }
  const isPublished = await settle(services, job, { end: 'published', version, tool: JSON.stringify(tool) }, costNano)
  const now = await registry.kinds.get(kind.id)
  if (now !== null) await releaseWaiting(services, now)
  return isPublished
}

async function decline(services: Services, job: MakerJob, reason: string, costNano: number | null, context: JobContext): Promise<null> {
  context.log.info({ kind: job.kind, reason }, 'gave up making a tool')
  return await end(services, job, { end: 'declined', reason, cooldownMs: COOLDOWN_MS }, costNano)
}

async function end(
  services: Services,
  job: MakerJob,
  how: Parameters<Services['registry']['kinds']['settle']>[2],
  costNano: number | null,
): Promise<null> {
  await settle(services, job, how, costNano)
  const kind = await services.registry.kinds.get(job.kind)
  if (kind !== null) await releaseWaiting(services, kind)
  return null
}

async function settle(
  services: Services,
  job: MakerJob,
  how: Parameters<Services['registry']['kinds']['settle']>[2],
  costNano: number | null,
): Promise<boolean> {
  const isOurs = await services.registry.kinds.settle(job.kind, job.generation, how)
  if (isOurs) {
    await services.registry.tools.noteMake(how.end, costNano)
    await services.registry.makes.drop(job.kind, job.generation)
  }
  return isOurs
}
