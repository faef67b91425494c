import type { Batch, Outcome } from '../outcome.ts'

/** What a child is told at its start. */
export interface ChildSettings {
  /** The whole wasm memory may grow to this size. */
  heapBytes: number
  /** What a call may print, standard output and error together. */
  outputBytes: number
  /** What a call may write to files. */
  fileBytes: number
  clockOffsetMs: number
  /** The system kills it when its parent is gone. */
  endsWithParent: boolean
  /** Hash the whole memory after every reset and end when it is not as at first. */
  checkResets: boolean
}

/** Parent to child: first its settings, then batches. */
export type BatchMessage = Omit<Batch, 'surroundings'> & {
  /** Each outcome is sent before the next call begins, so that whoever has to kill the child knows which call it was. Otherwise outcomes may wait for others. */
  reportsEachCall: boolean
}

/** Child to parent, in this order: `ready` or `failed` once; then for every batch `compiled`, an `outcome` per call, and `done` (`recycle`: why the child ends now). */
export type ChildMessage =
  | { type: 'ready' }
  | { type: 'failed'; message: string }
  | { type: 'compiled' }
  | { type: 'outcome'; outcome: Outcome }
  | { type: 'done'; recycle: string | null }
