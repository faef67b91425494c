import { exactUsd, type KindId, type Purpose, type Role, shownUsd, type Tokens } from '@toolwright/contracts'
import { type Model, type ModelCall, ModelError, type Reply } from '@toolwright/llm'
import { LaterError, onceNotFull } from '@toolwright/queues'
import type { Log, Traces } from '@toolwright/runtime'
import type { Heard, Intent, KeptReply, MinuteLimits, OverBudget, Registry } from '@toolwright/registry'
import { type EndpointGate, openEndpointGate, type Pass } from './endpoint-gate.ts'
import { completeTraced } from './traced-call.ts'

export interface Models {
  strong: Model
  light: Model
}

/** What a paid call is about. `field` is unique in the run: a second worker finds the first one's reply under it, and pays nothing. */
export interface Payment {
  run: string
  field: string
  make?: { kind: KindId; generation: number }
  kind: KindId | null
  role: Role
  purpose: Purpose
  text: string
}

export interface Payer {
  /**
   * Makes a model call that is paid for once: the reply is kept before it is used. Throws LaterError while the endpoint refuses or the run is halted, ModelError
   * `rejected` or `timed-out` for the caller to deal with; anything else an endpoint can say halts the run, because no further call could succeed.
   */
  pay(payment: Payment, call: ModelCall, signal: AbortSignal): Promise<KeptReply>
  models: Models
}

export interface ModelCallEvent {
  role: Role
  purpose: Purpose
  model: string
  outcome: 'ok' | ModelError['kind']
  latencyMs: number
  /** What was free of the endpoint's limits when the call began, where they are known. */
  room: Pass['room']
}

/** A call unsettled for this much longer than its time-out belonged to a worker that died. */
const SETTLE_GRACE_MS = 10_000
const HALTED_CHECK_MS = 2_000
/** Calls under way mostly end within a second or a few. */
const RESERVED_CHECK_MS = 500

/** What a day (UTC) and a make may cost, in nano-dollars; undefined: without limit. */
export interface Budgets {
  dayNano?: number | undefined
  makeNano?: number | undefined
}

/** `budgets` hold for all that this process pays for; a run's own budget is in its record. */
export function openPayer(options: {
  registry: Registry
  models: Models
  budgets?: Budgets
  observe?: (event: ModelCallEvent) => void
  /** Told of calls that cost more than they may. */
  log?: Log | undefined
  traces?: Traces | undefined
}): Payer {
  const { registry, models, budgets = {}, log, traces } = options
  const gates = new Map<string, EndpointGate>()

  const gateOf = (model: Model): EndpointGate => {
    const name = nameOf(model)
    let gate = gates.get(name)
    if (gate === undefined) gates.set(name, (gate = openEndpointGate(registry.endpoints, name, limitsOf(name, models))))
    return gate
  }

  return {
    models,
    pay: async (payment, call, signal) => {
      // What is paid for is used, whatever its endpoint and its run are up to by now.
      const paid = await registry.money.kept(payment)
      if (paid !== null) return paid
      const model = models[payment.role]
      const bound = model.bound(call)
      const intent: Intent = {
        ...payment,
        model: model.endpoint.model,
        boundNano: bound.costNano,
        timeoutMs: model.endpoint.timeoutMs + SETTLE_GRACE_MS,
        textBytes: Buffer.byteLength(payment.text),
        budgets,
      }
      const halted = await registry.runs.haltReason(payment.run)
      if (halted !== null) throw new LaterError(`the run is halted: ${halted}`, HALTED_CHECK_MS)
      const pass = await gateOf(model).enter(
        { purpose: payment.purpose, inputBytes: bound.tokens.uncachedInput, replyLimit: bound.tokens.output },
        signal,
      )
      let begun: Awaited<ReturnType<typeof registry.money.begin>>
      try {
        begun = await registry.money.begin(intent)
      } catch (error) {
        await pass.left({ outcome: 'unsent' })
        throw error
      }
      if (begun === 'halted') {
        await pass.left({ outcome: 'unsent' })
        throw new LaterError('the run was halted meanwhile', HALTED_CHECK_MS)
      }
      if ('kept' in begun) {
        await pass.left({ outcome: 'unsent' })
        return begun.kept
      }
      if ('overBudget' in begun) {
        await pass.left({ outcome: 'unsent' })
        return await refuse(registry, intent, begun.overBudget)
      }
      pass.leaves()
      const startedAt = performance.now()
      const observe = (outcome: ModelCallEvent['outcome']) =>
        options.observe?.({
          role: payment.role,
          purpose: payment.purpose,
          model: model.endpoint.model,
          outcome,
          latencyMs: performance.now() - startedAt,
          room: pass.room,
        })
      let reply: Reply
      try {
        reply = traces === undefined ? await model.complete(call, signal) : await completeTraced(traces, payment, model, call, signal)
      } catch (error) {
        if (!(error instanceof ModelError)) {
          // Aborted: the call may have been billed, so its intent stays, and counts as uncertain once its time is over.
          await pass.left({ outcome: 'lost' })
          throw error
        }
        observe(error.kind)
        if (!error.maybeBilled) await registry.money.abandon(intent, begun.attempt)
        switch (error.kind) {
          case 'rate-limited':
          case 'unavailable':
            await registry.runs.noteRefusal(payment.run, { endpoint: nameOf(model), message: error.message })
            throw new LaterError(error.message, await pass.refused(heardIn(error), error.retryAfterMs, error.kind === 'rate-limited'), {
              cause: error,
            })
          case 'timed-out':
          case 'rejected':
            await pass.left(heardIn(error))
            throw error
          case 'credentials':
          case 'no-model':
          case 'quota':
            await pass.left(heardIn(error))
            await registry.runs.halt(payment.run, error.message)
            throw new LaterError(error.message, HALTED_CHECK_MS, { cause: error })
        }
      }
      observe('ok')
      const toKeep = {
        v: 1 as const,
        text: reply.text,
        finish: reply.finish,
        model: reply.model,
        tokens: reply.tokens,
        costNano: reply.costNano,
        price: reply.price,
        completion: call.body === undefined ? null : reply.completion,
      }
      // What is paid for is kept, however long there is no room for it: whoever asked again would pay again.
      const atLightNano = payment.role === 'strong' ? models.light.costOf(reply.tokens) : null
      const kept = await onceNotFull(() => registry.money.settle(intent, begun.attempt, toKeep, atLightNano))
      await pass.succeeded({ usage: usageOf(reply.tokens), announced: reply.announced })
      if (kept.overrunNano > 0) {
        log?.warn(overrunOf(intent, toKeep), 'a call cost more than it may')
        await haltOverrun(registry, intent, kept.overrunNano)
      }
      return kept.reply
    },
  }
}

/** A call that may cost more than is left is not made. Throws LaterError; ModelError `rejected` where only the make has to do without. */
async function refuse(registry: Registry, intent: Intent, over: OverBudget): Promise<never> {
  if (over.why === 'reserved') throw new LaterError('calls under way have reserved what is left of the budget', RESERVED_CHECK_MS)
  const reason = reasonOf(intent, over)
  if (over.scope === 'make') throw new ModelError(reason, 'rejected')
  await registry.runs.halt(intent.run, reason, { isOverBudget: true })
  throw new LaterError(reason, HALTED_CHECK_MS)
}

function reasonOf({ model, boundNano }: Intent, { why, scope, limitNano, spentNano, reservedNano }: OverBudget): string {
  if (why === 'unpriced')
    return `the price of ${model} is unknown, and ${ABOUT_SCOPE[scope]} is limited: give its price in a file that TOOLWRIGHT_PRICES names, or set no limit`
  const uncertain = reservedNano > 0 ? ` and ${shownUsd(reservedNano)} reserved by calls that are not settled` : ''
  return `${ABOUT_SCOPE[scope]} is limited to ${shownUsd(limitNano)}: ${shownUsd(spentNano)} spent${uncertain}, and the next call may cost up to ${shownUsd(boundNano ?? 0)}`
}

const ABOUT_SCOPE: Record<OverBudget['scope'], string> = {
  run: 'what the run may cost (--max-cost-usd)',
  day: 'what a day (UTC) may cost (TOOLWRIGHT_MAX_USD_PER_DAY)',
  make: 'what making a tool may cost (TOOLWRIGHT_MAX_USD_PER_MAKE)',
}

/** What the log says of a call that cost more than its bound: no texts. */
function overrunOf({ run, kind, purpose, model, boundNano }: Intent, { costNano, tokens }: KeptReply): object {
  return { run, kind, purpose, model, boundUsd: usdOrNull(boundNano), costUsd: usdOrNull(costNano), tokens }
}

function usdOrNull(nano: number | null): string | null {
  return nano === null ? null : exactUsd(nano)
}

/** An endpoint that bills more than it was asked for makes every bound worthless, whichever call shows it: whoever has set a limit is asked first. */
async function haltOverrun(registry: Registry, { run, model, budgets }: Intent, overrunNano: number): Promise<void> {
  const { limitNano } = await registry.money.budget({ run })
  const limits = [
    ...(limitNano === null ? [] : ['--max-cost-usd']),
    ...(budgets?.dayNano === undefined ? [] : ['TOOLWRIGHT_MAX_USD_PER_DAY']),
    ...(budgets?.makeNano === undefined ? [] : ['TOOLWRIGHT_MAX_USD_PER_MAKE']),
  ]
  if (limits.length === 0) return
  const reason = `${model} billed ${shownUsd(overrunNano)} more for a call than it was asked for at most (overrun), so no limit can be held (${limits.join(', ')})`
  await registry.runs.halt(run, reason, { isOverBudget: true })
}

/** What a limit or an outage holds. */
function nameOf({ endpoint }: Model): string {
  return `${endpoint.baseUrl}|${endpoint.model}`
}

/** Where both roles are the same model, both limits hold. */
function limitsOf(name: string, models: Models): MinuteLimits {
  const set = [models.strong, models.light].filter((model) => nameOf(model) === name).map(({ endpoint }) => endpoint.limits)
  return { requests: lowest(set.map((limits) => limits?.requests)), tokens: lowest(set.map((limits) => limits?.tokens)) }
}

function lowest(limits: (number | undefined)[]): number | undefined {
  const known = limits.filter((limit) => limit !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** What a call that failed says of the endpoint's limits. */
function heardIn(error: ModelError): Heard {
  const { announced } = error
  if (error.kind === 'rate-limited' || error.kind === 'rejected') return { outcome: 'refused', announced }
  if (error.maybeBilled) return { outcome: 'lost', announced }
  return { outcome: error.statusCode === undefined ? 'unsent' : 'failed', announced }
}

function usageOf({ uncachedInput, cacheRead, cacheWrite, output }: Tokens): { input: number; output: number } | null {
  const input = uncachedInput + cacheRead + cacheWrite
  return input + output === 0 ? null : { input, output }
}
