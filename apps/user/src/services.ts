import type { Finisher, Payer } from '@toolwright/answering'
import type { Queues } from '@toolwright/queues'
import type { KindIndex, Registry } from '@toolwright/registry'
import type { Turns } from './turns.ts'

/** What the handlers of this process work with. */
export interface Services {
  registry: Registry
  queues: Queues
  payer: Payer
  finisher: Finisher
  index: KindIndex
  /** Lines that read alike are judged in turn: once a few have made a template, the others need no judgement. */
  turns: Turns
  /** Counts lines that a tool was to read by itself, by what became of them. */
  countExtracts: (outcome: ExtractOutcome, lines: number) => void
}

/** `contested`: another kind lays claim to them, so the tool alone must not answer. */
export const EXTRACT_OUTCOMES = ['answered', 'refused', 'contested', 'failed'] as const
export type ExtractOutcome = (typeof EXTRACT_OUTCOMES)[number]
