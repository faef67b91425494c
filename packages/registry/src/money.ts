import { bucketOf, type Cause, LedgerEntry, type Purpose, Role, Tokens } from '@toolwright/contracts'
import { type RedisConnection, redisTime } from './redis.ts'
import { z } from 'zod'
import type { RegistryKeys } from './keys.ts'
import { ABANDON, BEGIN, SETTLE } from './money-scripts.ts'
import { type DirectSums, directSums, type KindMoney, kindMoney } from './kind-money.ts'
import { readSums, type Sums, sumsPrefix } from './money-sums.ts'
import { openScript } from './script.ts'
import { readUncertain, type Uncertain } from './uncertain.ts'

export type { DirectSums, KindMoney } from './kind-money.ts'
export type { Sums } from './money-sums.ts'
export type { Uncertain } from './uncertain.ts'

/** A paid model reply, kept before it is used, so that no crash pays for it twice. */
export const KeptReply = z.object({
  v: z.literal(1),
  text: z.string(),
  finish: z.string(),
  model: z.string(),
  tokens: Tokens,
  costNano: z.int().nonnegative().nullable(),
  price: z.string(),
  /** The provider's whole completion, where the line's own body was sent. */
  completion: z.record(z.string(), z.unknown()).nullable(),
})
export type KeptReply = z.infer<typeof KeptReply>

/** What a call is about, and the most it can cost. `field` is unique in the run, or in the make that it belongs to: (seq, purpose, turn) or a step's name. */
export interface Intent {
  run: string
  field: string
  /** The make whose step this is; its replies are kept until it ends, whatever becomes of the run that pays. */
  make?: { kind: string; generation: number }
  kind: string | null
  role: Role
  purpose: Purpose
  model: string
  boundNano: number | null
  /** After this the call, still unsettled, counts as uncertain spend. */
  timeoutMs: number
  /** Bytes of the request's text; with the tokens they give an estimate for kinds that were never paid for directly. */
  textBytes: number
  /** What a day (UTC) and a make may cost, in nano-dollars, as far as it is limited; a run's own budget is in its record. */
  budgets?: { dayNano?: number | undefined; makeNano?: number | undefined }
}

/** Why a call is not begun. `unpriced`: nobody knows what it costs, and there is a budget. `spent`: it may cost more than is left. `reserved`: it would fit once calls under way have ended. */
export interface OverBudget {
  why: 'unpriced' | 'spent' | 'reserved'
  scope: 'run' | 'day' | 'make'
  /** Nano-dollars; 0 where `unpriced`. */
  limitNano: number
  spentNano: number
  reservedNano: number
}

/** A budget and what of it is taken, nano-dollars. `reservedNano`: of calls under way and of those that were never settled. `overrunNano`: billed beyond what the calls had been asked to cost at most. */
export interface Budget {
  limitNano: number | null
  spentNano: number
  reservedNano: number
  overrunNano: number
}

/** By which price calls of a model were booked: the list, its version, the id that matched and the tier, or `unknown…`. */
export interface PriceUsed {
  role: Role
  model: string
  price: string
}

const PriceRecord = z.tuple([Role, z.string(), z.string()])

export interface Money {
  /** Before a paid call: the reply that is already there, or the number of this try (from 1), or that its run pays for nothing (any more). */
  begin(intent: Intent): Promise<{ kept: KeptReply } | { attempt: number } | { overBudget: OverBudget } | 'halted'>
  /**
   * After it: keeps the reply and books it, once. Returns the reply to go on with: another worker's, if it was first, and then this one is booked as waste; and by how much it cost
   * more than its bound. `atLightNano`: of a call to the strong model, what the same tokens would have cost at the light one; null where that is not known.
   */
  settle(intent: Intent, attempt: number, reply: KeptReply, atLightNano?: number | null): Promise<{ reply: KeptReply; overrunNano: number }>
  /** The call was not billed. */
  abandon(intent: Intent, attempt: number): Promise<void>
  /** The reply that is kept for a call, or null. */
  kept(call: Pick<Intent, 'run' | 'field' | 'make'>): Promise<KeptReply | null>
  /** What the kept replies under these fields of a run cost and used together; the cost is null where one's price is unknown. */
  spent(run: string, fields: string[]): Promise<{ costNano: number | null; promptTokens: number; outputTokens: number }>
  /** What all kept replies of a make cost, integer nano-dollars; null where one's price is unknown. */
  spentOn(make: { kind: string; generation: number }): Promise<number | null>
  /** Forgets kept replies of lines that have their result. */
  dropReplies(run: string, fields: string[]): Promise<void>
  ledger(run: string): Promise<LedgerEntry[]>
  /** The same one by one, for ledgers that no memory holds. */
  entries(run: string): AsyncGenerator<LedgerEntry>
  sums(run: string | null): Promise<Sums[]>
  /** Of a run; null: of all, done ones included as long as their intents are kept, which is a week. */
  uncertain(run: string | null): Promise<Uncertain>
  /** Sets what a run may cost in all; null: without limit. */
  setBudget(run: string, limitNano: number | null): Promise<void>
  /** Of a run, or of today (UTC) with the limit that was last held to; `overrunNano` of `today` is that of all days. */
  budget(of: { run: string } | 'today'): Promise<Budget>
  /** Of a kind's paid direct calls, over all runs; null: of all kinds. */
  direct(kind: string | null): Promise<DirectSums>
  /** What a kind came to over all runs; null: the direct calls of all kinds. */
  ofKind(kind: string | null): Promise<KindMoney>
  /** The prices of a run's calls so far. */
  prices(run: string): Promise<PriceUsed[]>
}

export function openMoney(redis: RedisConnection, keys: RegistryKeys): Money {
  const begin = openScript(redis, BEGIN)
  const settle = openScript(redis, SETTLE)
  const abandon = openScript(redis, ABANDON)
  const makeKey = ({ make }: Intent): string[] => (make === undefined ? [] : [keys.make(make.kind, make.generation)])
  const keptKeys = ({ run, make }: Pick<Intent, 'run' | 'make'>): [string, string] =>
    make === undefined
      ? [keys.replies(run), keys.tries(run)]
      : [keys.makeReplies(make.kind, make.generation), keys.makeTries(make.kind, make.generation)]
  async function* entries(run: string): AsyncGenerator<LedgerEntry> {
    for (let start = 0; ; start += 1000) {
      const page = await redis.lrange(keys.ledger(run), start, start + 999)
      for (const text of page) yield LedgerEntry.parse(JSON.parse(text))
      if (page.length < 1000) return
    }
  }

  return {
    begin: async (intent) => {
      const [what, value, ...amounts] = (await begin(
        [...keptKeys(intent), keys.intents(intent.run), keys.run(intent.run), keys.days, ...makeKey(intent)],
        [
          intent.field,
          intent.boundNano ?? 'null',
          intent.timeoutMs,
          intent.purpose,
          JSON.stringify(intent.kind),
          intentId(intent),
          intent.budgets?.dayNano ?? '',
          intent.budgets?.makeNano ?? '',
        ],
      )) as [string, string | number, ...string[]]
      if (what === 'halted') return 'halted'
      if (what === 'unpriced' || what === 'spent' || what === 'reserved') {
        const [limitNano = 0, spentNano = 0, reservedNano = 0] = amounts.map(Number)
        // The script's own names.
        return { overBudget: { why: what, scope: value as OverBudget['scope'], limitNano, spentNano, reservedNano } }
      }
      return what === 'kept' ? { kept: KeptReply.parse(JSON.parse(String(value))) } : { attempt: Number(value) }
    },
    settle: async (intent, attempt, reply, atLightNano = null) => {
      const cause: Cause = attempt > 1 ? 'retry' : 'normal'
      const entry = (as: Cause) =>
        JSON.stringify({
          v: 1,
          run: intent.run,
          kind: intent.kind,
          role: intent.role,
          model: reply.model,
          purpose: intent.purpose,
          cause: as,
          bucket: bucketOf(intent.purpose, as),
          tokens: reply.tokens,
          costNano: reply.costNano,
          price: reply.price,
        })
      // A call of which nobody knows what it used tells nothing of what others will.
      const isDirect = intent.purpose === 'answer' && intent.role === 'strong' && (reply.costNano !== null || hasTokens(reply.tokens))
      const kind = intent.make?.kind ?? intent.kind
      const isMaking = bucketOf(intent.purpose, cause) === 'makes'
      const isAboutKind = isDirect || isMaking || intent.make !== undefined
      const [kept, overrun] = (await settle(
        [
          ...keptKeys(intent),
          keys.intents(intent.run),
          keys.ledger(intent.run),
          keys.money(intent.run),
          keys.spaceMoney,
          keys.allDirect,
          keys.run(intent.run),
          keys.days,
          makeKey(intent)[0] ?? keys.run(intent.run),
          keys.prices(intent.run),
          ...(kind !== null && isAboutKind ? [keys.direct(kind), keys.kind(kind)] : []),
        ],
        [
          intent.field,
          attempt,
          JSON.stringify(reply),
          entry(cause),
          entry('waste'),
          sumsPrefix(bucketOf(intent.purpose, cause), intent, reply.model, cause),
          sumsPrefix('waste', intent, reply.model, 'waste'),
          reply.costNano ?? '',
          reply.tokens.uncachedInput,
          reply.tokens.cacheRead,
          reply.tokens.cacheWrite,
          reply.tokens.output,
          isDirect ? '1' : '0',
          intent.textBytes,
          intentId(intent),
          intent.make?.generation ?? '',
          atLightNano ?? '',
          isMaking ? '1' : '0',
          JSON.stringify([intent.role, reply.model, reply.price] satisfies z.infer<typeof PriceRecord>),
        ],
      )) as [string | null, string]
      return { reply: kept === null ? reply : KeptReply.parse(JSON.parse(kept)), overrunNano: Number(overrun) }
    },
    abandon: async (intent, attempt) => {
      await abandon(
        [keptKeys(intent)[1], keys.intents(intent.run), keys.run(intent.run), keys.days, ...makeKey(intent)],
        [intent.field, attempt, intentId(intent)],
      )
    },
    kept: async (call) => {
      const text = await redis.hget(keptKeys(call)[0], call.field)
      return text === null ? null : KeptReply.parse(JSON.parse(text))
    },
    spent: async (run, fields) => {
      const sum: { costNano: number | null; promptTokens: number; outputTokens: number } = { costNano: 0, promptTokens: 0, outputTokens: 0 }
      for (const text of await redis.hmget(keys.replies(run), ...fields)) {
        if (text === null) continue
        const { tokens, costNano } = KeptReply.parse(JSON.parse(text))
        sum.costNano = plus(sum.costNano, costNano)
        sum.promptTokens += tokens.uncachedInput + tokens.cacheRead + tokens.cacheWrite
        sum.outputTokens += tokens.output
      }
      return sum
    },
    spentOn: async ({ kind, generation }) => {
      const replies = (await redis.hvals(keys.makeReplies(kind, generation))).map((text) => KeptReply.parse(JSON.parse(text)))
      return replies.reduce((sum: number | null, { costNano }) => plus(sum, costNano), 0)
    },
    dropReplies: async (run, fields) => {
      if (fields.length === 0) return
      await redis
        .multi()
        .hdel(keys.replies(run), ...fields)
        .hdel(keys.tries(run), ...fields)
        .exec()
    },
    ledger: async (run) => await Array.fromAsync(entries(run)),
    entries,
    sums: async (run) => readSums(await redis.hgetall(run === null ? keys.spaceMoney : keys.money(run))),
    uncertain: async (run) => await readUncertain(redis, keys, run),
    setBudget: async (run, limitNano) => {
      if (limitNano === null) await redis.hdel(keys.run(run), 'budget')
      else await redis.hset(keys.run(run), 'budget', limitNano)
    },
    budget: async (of) => {
      if (of === 'today') {
        const day = Math.floor((await redisTime(redis, keys.days)) / MS_PER_DAY)
        return budgetOf(await redis.hmget(keys.days, 'limit', `${day}:spent`, `${day}:reserved`, 'overrun'))
      }
      return budgetOf(await redis.hmget(keys.run(of.run), 'budget', 'spent', 'reserved', 'overrun'))
    },
    direct: async (kind) => directSums(await redis.hgetall(kind === null ? keys.allDirect : keys.direct(kind))),
    ofKind: async (kind) => kindMoney(await redis.hgetall(kind === null ? keys.allDirect : keys.direct(kind))),
    prices: async (run) => {
      const used = (await redis.smembers(keys.prices(run))).toSorted().map((text) => PriceRecord.parse(JSON.parse(text)))
      return used.map(([role, model, price]) => ({ role, model, price }))
    },
  }
}

const MS_PER_DAY = 86_400_000

function budgetOf([limit, spent, reserved, overrun]: (string | null)[]): Budget {
  return {
    limitNano: limit == null ? null : Number(limit),
    spentNano: Number(spent ?? 0),
    reservedNano: Number(reserved ?? 0),
    overrunNano: Number(overrun ?? 0),
  }
}

function hasTokens(tokens: Tokens): boolean {
  return Object.values(tokens).some((count) => count > 0)
}

/** Unknown with anything is unknown. */
function plus(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other
}

function intentId({ make, field }: Intent): string {
  return make === undefined ? field : `${make.kind}:${make.generation}:${field}`
}
