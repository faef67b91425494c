import { Example, type KindId } from '@toolwright/contracts'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { RegistryKeys } from './keys.ts'

/** What a make works from, fixed when it begins to propose, so that a resumed make asks and checks the same. */
export const MakePlan = z.object({
  v: z.literal(1),
  shown: z.array(Example),
  heldBack: z.array(Example),
  /** Texts of other kinds that `extract` must refuse, or answer as trusted there. */
  foreign: z.array(z.object({ text: z.string(), answer: z.string().nullable() })),
})
export type MakePlan = z.infer<typeof MakePlan>

export interface Makes {
  /** When this make began, in milliseconds of Redis' clock, and how long ago that is; the first call sets it. */
  begin(kind: KindId, generation: number): Promise<{ startedAt: number; ageMs: number }>
  /** The plan that was kept, or null while the make still gathers. */
  planned(kind: KindId, generation: number): Promise<MakePlan | null>
  /** Keeps the plan, or returns the one that is there. */
  plan(kind: KindId, generation: number, propose: () => Promise<MakePlan>): Promise<MakePlan>
  /** Forgets the plan and the kept replies of a make that has ended. */
  drop(kind: KindId, generation: number): Promise<void>
}

/** A make that nobody ends does not stay for ever. */
const SECONDS_KEPT = 86_400

export function openMakes(redis: Redis, keys: RegistryKeys): Makes {
  const planned = async (kind: KindId, generation: number) => {
    const kept = await redis.hget(keys.make(kind, generation), 'plan')
    return kept === null ? null : MakePlan.parse(JSON.parse(kept))
  }

  return {
    begin: async (kind, generation) => {
      const [seconds, micros] = await redis.time()
      const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
      const key = keys.make(kind, generation)
      await redis.hsetnx(key, 'startedAt', String(now))
      await redis.expire(key, SECONDS_KEPT)
      const startedAt = Number(await redis.hget(key, 'startedAt'))
      return { startedAt, ageMs: now - startedAt }
    },
    planned,
    plan: async (kind, generation, propose) => {
      const key = keys.make(kind, generation)
      const kept = await planned(kind, generation)
      if (kept !== null) return kept
      await redis.hsetnx(key, 'plan', JSON.stringify(await propose()))
      await redis.expire(key, SECONDS_KEPT)
      const text = await redis.hget(key, 'plan')
      if (text === null) throw new Error(`the plan of make ${kind} ${generation} vanished while it was kept`)
      return MakePlan.parse(JSON.parse(text))
    },
    drop: async (kind, generation) => {
      await redis.del(
        keys.gatheredTexts(kind),
        keys.make(kind, generation),
        keys.makeReplies(kind, generation),
        keys.makeTries(kind, generation),
      )
    },
  }
}
