import type { Ingest } from '@toolwright/registry'
import type { Money } from './money.ts'

/** Where a run stands, beside its results: what its reader, its watch and its end tell each other. */
export interface Standing {
  /** Lines. */
  read: number
  bytesRead: number
  /** Lines that are in the queues, and outlive a fail-over. */
  handedOver: number
  /** When the first of the lines was read that are not in the queues yet, in milliseconds of `performance.now()`; null where there is none. */
  unsentSince: number | null
  /** Lines in all; null until the input has been read to its end. */
  total: number | null
  /** Why no paid call can succeed until somebody mends something. */
  haltedBy: string | null
  /** What it was halted by is a budget. */
  isOverBudget: boolean
  /** Somebody wants it to read no further for now. */
  isPaused: boolean
  /** Somebody has ended the run for good; `isWithdrawn`: and nothing of it is under way any more. */
  isCancelled: boolean
  isWithdrawn: boolean
  /** Runs of the space that read on now, this one included. */
  activeRuns: number
  /** What keeps the run from going on in this process. */
  fatal: Error | null
  toolsMade: number
  toolsBeingMade: number
  spent: Money
}

/** `ingest`: how far an earlier process of the run has read; null for a new run. */
export function standingOf(ingest: Ingest | null): Standing {
  return {
    read: ingest?.seq ?? 0,
    bytesRead: 0,
    handedOver: ingest?.seq ?? 0,
    unsentSince: null,
    total: ingest?.isDone === true ? ingest.seq : null,
    haltedBy: null,
    isOverBudget: false,
    isPaused: false,
    isCancelled: false,
    isWithdrawn: false,
    activeRuns: 1,
    fatal: null,
    toolsMade: 0,
    toolsBeingMade: 0,
    spent: { nano: 0, unknown: 0 },
  }
}
