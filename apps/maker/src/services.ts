import type { Payer, StrongCost } from '@toolwright/answering'
import type { Queues } from '@toolwright/queues'
import type { KindIndex, Registry } from '@toolwright/registry'

/** What a make works with. */
export interface Services {
  registry: Registry
  queues: Queues
  payer: Payer
  strongCost: StrongCost
  index: KindIndex
  /** A make has ended, so many seconds after it began, or went on after a rest. */
  observeMake: (result: 'published' | 'declined' | 'unworthy', seconds: number) => void
}
