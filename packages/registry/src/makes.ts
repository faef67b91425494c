import { Example, type KindId } from '@toolwright/contracts'
import { type RedisConnection, redisTime } from './redis.ts'
import { z } from 'zod'
import { keysOfMake, type RegistryKeys } from './keys.ts'
import { openScript } from './script.ts'

/** What a make works from, fixed when it begins to propose, so that a resumed make asks and checks the same. */
export const MakePlan = z.object({
  v: z.literal(1),
  shown: z.array(Example),
  heldBack: z.array(Example),
  /** Texts of other kinds that `extract` must refuse, or answer as trusted there. */
  foreign: z.array(z.object({ text: z.string(), answer: z.string().nullable(), run: z.string().default('') })),
})
export type MakePlan = z.infer<typeof MakePlan>

export interface Makes {
  /** Starts the make's clock, unless it runs: it is under way now. Lines wait for the make until its deadline, so many milliseconds of Redis' clock after that. */
  begin(kind: KindId, generation: number, deadlineMs: number): Promise<void>
  /** Whether its deadline has passed; not before it has begun. */
  isOverdue(kind: KindId, generation: number): Promise<boolean>
  /** Lines wait for this make no longer: they go direct until it ends, or rests. */
  markOverdue(kind: KindId, generation: number): Promise<void>
  /** The make rests: when it goes on its clock starts anew, and lines wait for it again. What it has stays as long as its plan does. */
  pause(kind: KindId, generation: number): Promise<void>
  /** The plan that was kept, or null while the make still gathers. */
  planned(kind: KindId, generation: number): Promise<MakePlan | null>
  /** Keeps the plan, or returns the one that is there. Throws where the make is no longer the one due. */
  plan(kind: KindId, generation: number, propose: () => Promise<MakePlan>): Promise<MakePlan>
  /** Forgets what a make has that ends without being settled. */
  drop(kind: KindId, generation: number): Promise<void>
  /** How long a make has been under way, in milliseconds: since it began, or went on after a rest; null where it is not. */
  ageMs(kind: KindId, generation: number): Promise<number | null>
  /** The same of all makes that are under way, the oldest first. */
  agesMs(): Promise<number[]>
}

/** A make that nobody ends does not stay for ever. */
const SECONDS_KEPT = 86_400

const BEGIN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSETNX', KEYS[1], 'deadline', string.format('%d', now + tonumber(ARGV[1])))
redis.call('EXPIRE', KEYS[1], ${SECONDS_KEPT})
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%d', now - ${SECONDS_KEPT * 1000}))
redis.call('ZADD', KEYS[2], 'NX', string.format('%d', now), ARGV[2])
return 1
`

const KEEP_PLAN = `
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return false end
redis.call('HSETNX', KEYS[2], 'plan', ARGV[2])
redis.call('EXPIRE', KEYS[2], ${SECONDS_KEPT})
return redis.call('HGET', KEYS[2], 'plan')
`

const MARK_OVERDUE = `
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'overdue', ARGV[1])
return 1
`

export function openMakes(redis: RedisConnection, keys: RegistryKeys): Makes {
  const begin = openScript(redis, BEGIN)
  const keep = openScript(redis, KEEP_PLAN)
  const markOverdue = openScript(redis, MARK_OVERDUE)
  const planned = async (kind: KindId, generation: number) => {
    const kept = await redis.hget(keys.make(kind, generation), 'plan')
    return kept === null ? null : MakePlan.parse(JSON.parse(kept))
  }

  return {
    begin: async (kind, generation, deadlineMs) => {
      await begin([keys.make(kind, generation), keys.makesUnderWay], [deadlineMs, nameOf(kind, generation)])
    },
    isOverdue: async (kind, generation) => {
      const key = keys.make(kind, generation)
      const deadline = await redis.hget(key, 'deadline')
      return deadline !== null && (await redisTime(redis, key)) >= Number(deadline)
    },
    markOverdue: async (kind, generation) => {
      await markOverdue([keys.kind(kind)], [generation])
    },
    pause: async (kind, generation) => {
      const multi = redis
        .multi()
        .hdel(keys.make(kind, generation), 'deadline')
        .hdel(keys.kind(kind), 'overdue')
        .zrem(keys.makesUnderWay, nameOf(kind, generation))
      for (const key of keysOfMake(keys, kind, generation)) multi.expire(key, SECONDS_KEPT)
      await multi.exec()
    },
    planned,
    plan: async (kind, generation, propose) => {
      const key = keys.make(kind, generation)
      const kept = await planned(kind, generation)
      if (kept !== null) return kept
      const text = await keep([keys.kind(kind), key], [generation, JSON.stringify(await propose())])
      if (typeof text !== 'string') throw new Error(`make ${generation} of ${kind} was called off while it was planned`)
      return MakePlan.parse(JSON.parse(text))
    },
    drop: async (kind, generation) => {
      await redis
        .multi()
        .del(...keysOfMake(keys, kind, generation))
        .zrem(keys.makesUnderWay, nameOf(kind, generation))
        .exec()
    },
    ageMs: async (kind, generation) => {
      const begun = await redis.zscore(keys.makesUnderWay, nameOf(kind, generation))
      return begun === null ? null : (await redisTime(redis, keys.makesUnderWay)) - Number(begun)
    },
    agesMs: async () => {
      const now = await redisTime(redis, keys.makesUnderWay)
      return (await readUnderWay(redis, keys)).filter(({ isDue }) => isDue).map(({ begun }) => now - begun)
    },
  }
}

/** Strikes makes off the list of those under way that nobody ended: their kinds were set by hand, or are gone. */
export async function strikeCalledOff(redis: RedisConnection, keys: RegistryKeys): Promise<void> {
  const names = (await readUnderWay(redis, keys)).filter(({ isDue }) => !isDue).map(({ name }) => name)
  if (names.length > 0) await redis.zrem(keys.makesUnderWay, ...names)
}

async function readUnderWay(redis: RedisConnection, keys: RegistryKeys): Promise<{ name: string; begun: number; isDue: boolean }[]> {
  const all = await redis.zrange(keys.makesUnderWay, '0', '-1', 'WITHSCORES')
  const makes = Array.from({ length: all.length / 2 }, (_, at) => ({ name: all[2 * at]!, begun: Number(all[2 * at + 1]) }))
  const generations = await Promise.all(makes.map(({ name }) => redis.hget(keys.kind(name.split(' ')[0]!), 'generation')))
  return makes.map((make, at) => ({ ...make, isDue: make.name.split(' ')[1] === generations[at] }))
}

function nameOf(kind: KindId, generation: number): string {
  return `${kind} ${generation}`
}
