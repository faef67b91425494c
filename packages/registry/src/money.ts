import { type Bucket, bucketOf, type Cause, LedgerEntry, type Purpose, type Role, Tokens } from '@toolwright/contracts'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { RegistryKeys } from './keys.ts'
import { openScript } from './script.ts'

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
}

const IntentRecord = z.object({ boundNano: z.int().nullable(), until: z.number(), purpose: z.string(), kind: z.string().nullable() })

export interface Sums {
  bucket: Bucket
  role: Role
  model: string
  purpose: Purpose
  cause: Cause
  calls: number
  costNano: number
  /** Entries whose price is unknown; their cost is not in `costNano`. */
  unpriced: number
  tokens: Tokens
}

export interface Uncertain {
  calls: number
  boundNano: number
  unpriced: number
}

export interface DirectSums {
  calls: number
  costNano: number
  unpriced: number
  promptTokens: number
  outputTokens: number
  textBytes: number
}

export interface Money {
  /** Before a paid call: the reply that is already there, or the number of this try (from 1). */
  begin(intent: Intent): Promise<{ kept: KeptReply } | { attempt: number }>
  /** After it: keeps the reply and books it, once. Returns the reply to go on with: another worker's, if it was first, and then this one is booked as waste. */
  settle(intent: Intent, attempt: number, reply: KeptReply): Promise<KeptReply>
  /** The call was not billed. */
  abandon(intent: Intent, attempt: number): Promise<void>
  /** The reply that is kept for a call, or null. */
  kept(call: Pick<Intent, 'run' | 'field' | 'make'>): Promise<KeptReply | null>
  /** What the kept replies under these fields of a run cost and used together; the cost is null where one's price is unknown. */
  spent(run: string, fields: string[]): Promise<{ costNano: number | null; promptTokens: number; outputTokens: number }>
  /** Forgets kept replies of lines that have their result. */
  dropReplies(run: string, fields: string[]): Promise<void>
  ledger(run: string): Promise<LedgerEntry[]>
  sums(run: string | null): Promise<Sums[]>
  uncertain(run: string): Promise<Uncertain>
  direct(kind: string | null): Promise<DirectSums>
}

const SECONDS_KEPT = 30 * 86_400

const BEGIN = `
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept then return {'kept', kept} end
local n = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('EXPIRE', KEYS[2], ${SECONDS_KEPT})
redis.call('HSET', KEYS[3], ARGV[6] .. '#' .. n, string.format('{"boundNano":%s,"until":%d,"purpose":"%s","kind":%s}', ARGV[2], now + tonumber(ARGV[3]), ARGV[4], ARGV[5]))
return {'go', n}
`

const SETTLE = `
local kept = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[15] .. '#' .. ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local generation = KEYS[9] and redis.call('HGET', KEYS[9], 'generation')
local entry, prefix = ARGV[4], ARGV[6]
if kept then entry = ARGV[5] prefix = ARGV[7]
-- What a make that is no longer due has paid for is booked, and kept for nobody.
elseif ARGV[16] == '' or generation == ARGV[16] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
-- A run or make that nobody ends does not keep its replies for ever.
redis.call('EXPIRE', KEYS[1], ${SECONDS_KEPT})
redis.call('EXPIRE', KEYS[2], ${SECONDS_KEPT})
redis.call('RPUSH', KEYS[4], string.sub(entry, 1, -2) .. ',"at":' .. string.format('%d', now) .. '}')
for _, key in ipairs({KEYS[5], KEYS[6]}) do
  redis.call('HINCRBY', key, prefix .. 'calls', 1)
  if ARGV[8] == '' then redis.call('HINCRBY', key, prefix .. 'unpriced', 1) else redis.call('HINCRBY', key, prefix .. 'cost', ARGV[8]) end
  redis.call('HINCRBY', key, prefix .. 'uncachedInput', ARGV[9])
  redis.call('HINCRBY', key, prefix .. 'cacheRead', ARGV[10])
  redis.call('HINCRBY', key, prefix .. 'cacheWrite', ARGV[11])
  redis.call('HINCRBY', key, prefix .. 'output', ARGV[12])
end
if ARGV[13] == '1' and not kept then
  -- A kind that is gone leaves nothing in its name.
  for index = 7, generation and 8 or 7 do
    local key = KEYS[index]
    redis.call('HINCRBY', key, 'calls', 1)
    if ARGV[8] == '' then redis.call('HINCRBY', key, 'unpriced', 1) else redis.call('HINCRBY', key, 'cost', ARGV[8]) end
    redis.call('HINCRBY', key, 'promptTokens', ARGV[9] + ARGV[10] + ARGV[11])
    redis.call('HINCRBY', key, 'outputTokens', ARGV[12])
    redis.call('HINCRBY', key, 'textBytes', ARGV[14])
  end
end
return kept
`

/** A number that a later call has been given stays taken, so that no two calls of a field have the same intent. */
const ABANDON = `
redis.call('HDEL', KEYS[2], ARGV[3] .. '#' .. ARGV[2])
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HINCRBY', KEYS[1], ARGV[1], -1) end
return 1
`

export function openMoney(redis: Redis, keys: RegistryKeys): Money {
  const begin = openScript(redis, BEGIN)
  const settle = openScript(redis, SETTLE)
  const abandon = openScript(redis, ABANDON)
  const keptKeys = ({ run, make }: Pick<Intent, 'run' | 'make'>): [string, string] =>
    make === undefined
      ? [keys.replies(run), keys.tries(run)]
      : [keys.makeReplies(make.kind, make.generation), keys.makeTries(make.kind, make.generation)]

  return {
    begin: async (intent) => {
      const [what, value] = (await begin(
        [...keptKeys(intent), keys.intents(intent.run)],
        [intent.field, intent.boundNano ?? 'null', intent.timeoutMs, intent.purpose, JSON.stringify(intent.kind), intentId(intent)],
      )) as [string, string | number]
      return what === 'kept' ? { kept: KeptReply.parse(JSON.parse(String(value))) } : { attempt: Number(value) }
    },
    settle: async (intent, attempt, reply) => {
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
      const isDirect = intent.purpose === 'answer' && intent.role === 'strong'
      const kind = intent.make?.kind ?? intent.kind
      const kept = await settle(
        [
          ...keptKeys(intent),
          keys.intents(intent.run),
          keys.ledger(intent.run),
          keys.money(intent.run),
          keys.spaceMoney,
          keys.allDirect,
          ...(kind === null ? [] : [keys.direct(kind), keys.kind(kind)]),
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
        ],
      )
      return typeof kept === 'string' ? KeptReply.parse(JSON.parse(kept)) : reply
    },
    abandon: async (intent, attempt) => {
      await abandon([keptKeys(intent)[1], keys.intents(intent.run)], [intent.field, attempt, intentId(intent)])
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
        sum.costNano = sum.costNano === null || costNano === null ? null : sum.costNano + costNano
        sum.promptTokens += tokens.uncachedInput + tokens.cacheRead + tokens.cacheWrite
        sum.outputTokens += tokens.output
      }
      return sum
    },
    dropReplies: async (run, fields) => {
      if (fields.length === 0) return
      await redis
        .multi()
        .hdel(keys.replies(run), ...fields)
        .hdel(keys.tries(run), ...fields)
        .exec()
    },
    ledger: async (run) => {
      const entries: LedgerEntry[] = []
      for (let start = 0; ; start += 1000) {
        const page = await redis.lrange(keys.ledger(run), start, start + 999)
        for (const text of page) entries.push(LedgerEntry.parse(JSON.parse(text)))
        if (page.length < 1000) return entries
      }
    },
    sums: async (run) => readSums(await redis.hgetall(run === null ? keys.spaceMoney : keys.money(run))),
    uncertain: async (run) => {
      const [seconds] = await redis.time()
      const now = Number(seconds) * 1000
      const total: Uncertain = { calls: 0, boundNano: 0, unpriced: 0 }
      for (const text of await redis.hvals(keys.intents(run))) {
        const intent = IntentRecord.parse(JSON.parse(text))
        if (intent.until > now) continue
        total.calls++
        if (intent.boundNano === null) total.unpriced++
        else total.boundNano += intent.boundNano
      }
      return total
    },
    direct: async (kind) => {
      const hash = await redis.hgetall(kind === null ? keys.allDirect : keys.direct(kind))
      const value = (field: string) => Number(hash[field] ?? 0)
      return {
        calls: value('calls'),
        costNano: value('cost'),
        unpriced: value('unpriced'),
        promptTokens: value('promptTokens'),
        outputTokens: value('outputTokens'),
        textBytes: value('textBytes'),
      }
    },
  }
}

function intentId({ make, field }: Intent): string {
  return make === undefined ? field : `${make.kind}:${make.generation}:${field}`
}

/** A field of the sums is a JSON array of labels, then what is summed; model names may hold any character. */
function sumsPrefix(bucket: Bucket, intent: Intent, model: string, cause: Cause): string {
  return `${JSON.stringify([bucket, intent.role, model, intent.purpose, cause])}:`
}

function readSums(hash: Record<string, string>): Sums[] {
  const rows = new Map<string, Sums>()
  for (const [field, text] of Object.entries(hash)) {
    const at = field.lastIndexOf(':')
    const labels = field.slice(0, at)
    let row = rows.get(labels)
    if (row === undefined) {
      // Written by `sumsPrefix` alone.
      const [bucket, role, model, purpose, cause] = JSON.parse(labels) as [Bucket, Role, string, Purpose, Cause]
      row = {
        bucket,
        role,
        model,
        purpose,
        cause,
        calls: 0,
        costNano: 0,
        unpriced: 0,
        tokens: { uncachedInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 },
      }
      rows.set(labels, row)
    }
    const value = Number(text)
    switch (field.slice(at + 1)) {
      case 'calls':
        row.calls = value
        break
      case 'cost':
        row.costNano = value
        break
      case 'unpriced':
        row.unpriced = value
        break
      case 'uncachedInput':
        row.tokens.uncachedInput = value
        break
      case 'cacheRead':
        row.tokens.cacheRead = value
        break
      case 'cacheWrite':
        row.tokens.cacheWrite = value
        break
      case 'output':
        row.tokens.output = value
        break
    }
  }
  return [...rows.values()]
}
