export { type Administration, type ImportedKind, openAdministration } from './administration.ts'
export type { AnnouncedLimit, Endpoints, Granted, Heard, Leave, MinuteLimits, Need, Refused } from './endpoints.ts'
export {
  EXAMPLES_FOR_MAKE,
  MAX_GATHERING,
  MAX_GATHERING_RAISED,
  REFUSED_FOR_MAKE,
  type Kind,
  type KindState,
  type MakeEnd,
  type PeekedLine,
  type Placement,
  type Reading,
  type WaitingLine,
} from './kind.ts'
export { baselineSpread, type BaselineSpread, type DirectMean, directMean, lightAnswerNano } from './estimates.ts'
export type { FailedLine } from './failures.ts'
export { type KindIndex, type Neighbour, openKindIndex } from './kind-index.ts'
export { shapeOf, type Kinds } from './kinds.ts'
export { MakePlan, type Makes } from './makes.ts'
export { LATENCY_BOUNDS_MS, latencyWithin, type Latencies, requestsIn, shownLatency } from './latencies.ts'
export {
  type Budget,
  type DirectSums,
  type Intent,
  KeptReply,
  type KindMoney,
  type Money,
  type OverBudget,
  type PriceUsed,
  type Sums,
  type Uncertain,
} from './money.ts'
export { learn, originOf, readingOf } from './reading.ts'
export { openRegistry, type Registry } from './registry.ts'
export type { Ingest, RunFiles, RunRecord, Runs } from './runs.ts'
export { fits, loosen, MAX_TEMPLATE_TOKENS, type Template, tokensOf } from './template.ts'
export { GatheredText, type Tools } from './tools.ts'
export type { Undelivered, Waiting } from './undelivered.ts'
