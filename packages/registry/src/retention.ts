import type { Redis } from 'ioredis'
import { openDropExamples } from './drop-examples.ts'
import type { RegistryKeys } from './keys.ts'
import type { Kinds } from './kinds.ts'

/** Users' texts are not kept for ever. */
export interface Retention {
  /**
   * Deletes examples that are older than so many days, by Redis' clock, and kinds of one or two texts that have been in the nursery for as long. What a tool that serves
   * is used with stays: its usage examples, and the few texts that tell its kind. Returns how many examples and kinds.
   */
  sweep(days: number): Promise<{ examples: number; kinds: number }>
}

const DAY_MS = 86_400_000

export function openRetention(redis: Redis, keys: RegistryKeys, kinds: Kinds): Retention {
  const dropExamples = openDropExamples(redis, keys)
  return {
    sweep: async (days) => {
      const [seconds] = await redis.time()
      const before = Number(seconds) * 1000 - days * DAY_MS
      let examples = 0
      for (const kind of await kinds.list()) examples += await dropExamples(kind, ({ at }) => at < before)
      return { examples, kinds: await kinds.emptyNursery(before) }
    },
  }
}
