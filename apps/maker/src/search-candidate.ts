import type { Tool } from '@toolwright/contracts'
import type { MakePlan } from '@toolwright/registry'
import { createHash } from 'node:crypto'
import type { Make } from './make.ts'
import { proposePrompt } from './prompts.ts'
import { type Candidate, readProposal } from './proposal.ts'
import { type Contradictions, settleLabels } from './relabel.ts'
import { type Verdict, verify } from './verify.ts'

/** Repairs of one candidate, and candidates written from scratch (LATM, arXiv 2305.17126, section 3.1: three tries). */
const MAX_REPAIRS = 3
const MAX_CANDIDATES = 2

/** A tool that has passed, before it is given a version. */
export type PassedTool = Omit<Tool, 'version' | 'costNano' | 'at'>

interface Best {
  verdict: Verdict
  candidate: Candidate
  model: string
  candidates: number
  repairs: number
}

/** Proposes, verifies, repairs; then once more from scratch. The first candidate of which everything is right is taken at once, else the best that can serve. */
export async function searchCandidate(make: Make, begun: MakePlan): Promise<PassedTool | null> {
  const { kind, context } = make
  const predecessor = kind.version > 0 ? await make.services.registry.tools.get(kind.id, kind.version) : null
  const revealed = new Set<string>()
  const contradictions: Contradictions = new Map()
  let plan = begun
  let best: Best | null = null
  let repairs = 0
  for (let attempt = 1; attempt <= MAX_CANDIDATES; attempt++) {
    if (attempt > 1) plan = withOthersShown(plan)
    const turns: { reply: string; problems: string[] }[] = []
    for (let turn = 0; turn <= MAX_REPAIRS; turn++) {
      const step = `a${attempt}t${turn}`
      const reply = await make.ask(turn === 0 ? 'propose' : 'repair', step, proposePrompt(plan.shown, turns, attempt))
      if (reply === null) break
      if (turn > 0) repairs++
      const proposal = readProposal(reply.text)
      if (!proposal.ok || reply.finish !== 'stop') {
        const problem = proposal.ok ? `The reply ended early (${reply.finish}): be brief before the two blocks.` : proposal.problem
        context.log.info({ kind: kind.id, step, finish: reply.finish }, 'the proposal cannot be read')
        turns.push({ reply: reply.text, problems: [problem] })
        continue
      }
      let verdict = await verifyOnce(make, proposal.candidate, plan, revealed, step)
      const { plan: settled, standing } = await settleLabels(make, plan, verdict, contradictions)
      if (settled !== plan) {
        plan = settled
        verdict = await verifyOnce(make, proposal.candidate, plan, revealed, `${step}-relabelled`)
      }
      if (verdict.revealed !== null) revealed.add(verdict.revealed)
      if (isBetter(verdict, best?.verdict ?? null) && passesPredecessor(verdict, predecessor, plan) && provesEnough(plan, revealed))
        best = { verdict, candidate: proposal.candidate, model: reply.model, candidates: attempt, repairs }
      if (verdict.problems.length === 0) break
      // Both tiers serve, and what is left are requests that extract does not know: worth one more try, not all of them.
      if (verdict.extracted && verdict.called && turn > 0) break
      // A label stands against a tool that is right about the others: a candidate written apart shall say who is wrong, before this one is told to give way.
      if (standing.length > 0 && attempt < MAX_CANDIDATES) {
        for (const { text, answer } of standing) contradictions.set(text, answer)
        break
      }
      turns.push({ reply: reply.text, problems: verdict.problems })
    }
    if (best !== null && best.verdict.extracted && best.verdict.called) break
  }
  return best === null ? null : toolOf(make, begun, plan, best)
}

/** The next candidate is written apart: from other examples, where there are enough, so that those of the first are held back from it. */
function withOthersShown(plan: MakePlan): MakePlan {
  const count = plan.shown.length
  if (plan.heldBack.length < count + 2) return plan
  return { ...plan, shown: plan.heldBack.slice(0, count), heldBack: [...plan.shown, ...plan.heldBack.slice(count)] }
}

async function verifyOnce(make: Make, candidate: Candidate, plan: MakePlan, revealed: ReadonlySet<string>, step: string): Promise<Verdict> {
  const { payer, payment, context, kind } = make
  const verdict = await verify(candidate, { payer, payment, plan, revealed, step, context })
  context.log.debug(
    { kind: kind.id, step, extracted: verdict.extracted, called: verdict.called, ...verdict.counts, problems: verdict.problems.length },
    'verified a candidate',
  )
  return verdict
}

function toolOf(
  { job, kind }: Make,
  begun: MakePlan,
  plan: MakePlan,
  { verdict, candidate, model, candidates, repairs }: Best,
): PassedTool {
  return {
    v: 1,
    kind: kind.id,
    sha256: createHash('sha256').update(candidate.source).digest('hex'),
    source: candidate.source,
    schema: candidate.schema,
    tiers: { extracted: verdict.extracted, called: verdict.called },
    verbatim: verdict.verbatim,
    usage: verdict.usage,
    runs: [...new Set([...begun.shown, ...begun.heldBack].map((example) => example.run))].toSorted(),
    evidence: { ...verdict.counts, proposedFrom: plan.shown.length, candidates, repairs },
    model,
    generation: job.generation,
  }
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
