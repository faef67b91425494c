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
  /** Starts the make's clock, unless it runs. Lines wait for the make until its deadline, so many milliseconds of Redis' clock after that. */
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
}

/** A make that nobody ends does not stay for ever. */
const SECONDS_KEPT = 86_400

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
  const keep = openScript(redis, KEEP_PLAN)
  const markOverdue = openScript(redis, MARK_OVERDUE)
  const planned = async (kind: KindId, generation: number) => {
    const kept = await redis.hget(keys.make(kind, generation), 'plan')
    return kept === null ? null : MakePlan.parse(JSON.parse(kept))
  }

  return {
    begin: async (kind, generation, deadlineMs) => {
      const key = keys.make(kind, generation)
      await redis.hsetnx(key, 'deadline', (await redisTime(redis, key)) + deadlineMs)
      await redis.expire(key, SECONDS_KEPT)
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
      const multi = redis.multi().hdel(keys.make(kind, generation), 'deadline').hdel(keys.kind(kind), 'overdue')
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
      await redis.del(...keysOfMake(keys, kind, generation))
    },
  }
}
