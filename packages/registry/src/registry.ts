import type { RedisConnection } from './redis.ts'
import { type ActiveRuns, openActiveRuns } from './active-runs.ts'
import { type Endpoints, openEndpoints } from './endpoints.ts'
import { type Failures, openFailures } from './failures.ts'
import { registryKeys } from './keys.ts'
import { type Kinds, openKinds } from './kinds.ts'
import { type Makes, openMakes } from './makes.ts'
import { type Money, openMoney } from './money.ts'
import { openRetention, type Retention } from './retention.ts'
import { openRuns, type Runs } from './runs.ts'
import { openTools, type Tools } from './tools.ts'
import { openTotals, type Totals } from './totals.ts'
import { openUndelivered, type Undelivered } from './undelivered.ts'

/** The shared state of one space: all that processes know of each other besides the queues. */
export interface Registry {
  runs: Runs
  activeRuns: ActiveRuns
  kinds: Kinds
  tools: Tools
  makes: Makes
  money: Money
  endpoints: Endpoints
  totals: Totals
  undelivered: Undelivered
  failures: Failures
  retention: Retention
}

/** Over a connection that stays the caller's to close; `keyPrefix` holds the space's hash tag. */
export function openRegistry(options: { redis: RedisConnection; keyPrefix: string }): Registry {
  const { redis } = options
  const keys = registryKeys(options.keyPrefix)
  const kinds = openKinds(redis, keys)
  const failures = openFailures(redis, keys)
  return {
    runs: openRuns(redis, keys),
    activeRuns: openActiveRuns(redis, keys),
    kinds,
    tools: openTools(redis, keys),
    makes: openMakes(redis, keys),
    money: openMoney(redis, keys),
    endpoints: openEndpoints(redis, keys),
    totals: openTotals(redis, keys),
    undelivered: openUndelivered(redis, keys),
    failures,
    retention: openRetention(redis, keys, { kinds, failures }),
  }
}
