import { type RedisConnection, redisTime } from './redis.ts'
import { openDropExamples } from './drop-examples.ts'
import type { RegistryKeys } from './keys.ts'
import type { Failures } from './failures.ts'
import type { Kinds } from './kinds.ts'

/** Users' texts are not kept for ever. */
export interface Retention {
  /**
   * Deletes examples that are older than so many days, by Redis' clock, kinds of one or two texts that have been in the nursery for as long, and requests that failed for
   * good as long ago. What a tool that serves is used with stays: its usage examples, and the few texts that tell its kind. Returns how many of each.
   */
  sweep(days: number): Promise<{ examples: number; kinds: number; requests: number }>
}

const DAY_MS = 86_400_000

export function openRetention(
  redis: RedisConnection,
  keys: RegistryKeys,
  { kinds, failures }: { kinds: Kinds; failures: Failures },
): Retention {
  const dropExamples = openDropExamples(redis, keys)
  return {
    sweep: async (days) => {
      const before = (await redisTime(redis, keys.kinds)) - days * DAY_MS
      let examples = 0
      for (const kind of await kinds.list()) examples += await dropExamples(kind, ({ at }) => at < before)
      return { examples, kinds: await kinds.emptyNursery(before), requests: await failures.dropOlder(before) }
    },
  }
}
