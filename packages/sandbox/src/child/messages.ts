import type { Batch, Outcome } from '../outcome.ts'

/** What the child is told at its start, as its one argument. */
export interface ChildSettings {
  pyodideFolder: string
  /** Whole of the wasm memory, the interpreter's own 20 to 25 MiB included. It never grows after the start. */
  heapBytes: number
  hashSeed: number
  clockOffsetMs: number
}

/** Parent to child. */
export type BatchMessage = Omit<Batch, 'surroundings'>

/** Child to parent, in this order: `ready` or `failed` once; then for every batch `compiled`, an `outcome` per call, and `done` (`recycle`: why the child ends now). */
export type ChildMessage =
  | { type: 'ready' }
  | { type: 'failed'; message: string }
  | { type: 'compiled' }
  | { type: 'outcome'; outcome: Outcome }
  | { type: 'done'; recycle: string | null }
