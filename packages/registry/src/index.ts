export { type Administration, type ImportedKind, openAdministration } from './administration.ts'
export type { Endpoints, Leave } from './endpoints.ts'
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
export { type KindIndex, type Neighbour, openKindIndex } from './kind-index.ts'
export { shapeOf, type Kinds } from './kinds.ts'
export { MakePlan, type Makes } from './makes.ts'
export { type DirectSums, type Intent, KeptReply, type Money, type Sums, type Uncertain } from './money.ts'
export { learn, originOf, readingOf } from './reading.ts'
export { openRegistry, type Registry } from './registry.ts'
export { Ingest, type RunRecord, type Runs } from './runs.ts'
export { fits, loosen, MAX_TEMPLATE_TOKENS, type Template, tokensOf } from './template.ts'
export { GatheredText, type Tools } from './tools.ts'
