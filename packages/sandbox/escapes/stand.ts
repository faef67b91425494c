import type { Batch, Outcome } from '../src/index.ts'

/** One interpreter, or one place for an interpreter, in which batches run one after the other. */
export interface Subject {
  run: (batch: Batch) => Promise<Outcome[]>
  /** `isSound`: nothing in it seems to have been changed, so that it may serve again where a used one will do. */
  close: (isSound: boolean) => Promise<void>
}

/** A set-up that the escape suite is run against. */
export interface Stand {
  /** No other's on the same host. */
  name: string
  /** How many subjects may be open at once. */
  lanes: number
  /** How often a snippet is tried until it brings about what it states: a busy machine is in the way of some. */
  attempts: number
  /** How long to wait for an effect outside that does not show at once. */
  patienceMs: number
  /** `isFresh`: one in which nothing has run before, as far as the stand does not see to that itself. */
  open: (isFresh: boolean) => Promise<Subject>
  close: () => Promise<void>
}
