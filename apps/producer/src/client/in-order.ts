import type { LineResult } from '@toolwright/contracts'
import type { Undelivered } from '@toolwright/registry'
import { createWrittenSet } from './written-set.ts'

/** Results of an ordered run: each is kept in the registry from when it comes until all before it have been written, whatever dies meanwhile. */
export interface InOrder {
  /** Takes up what an earlier process of the run has left there. To be called before anything else. */
  restore(): Promise<void>
  /** Resolves once they are kept. */
  hold(results: readonly LineResult[]): Promise<void>
  /** Seqs of those whose turn it is, some at once; none where the next one has not come. */
  next(): number[]
  /** Seqs of some whose turn will not come, since those before them never will; none where all are written. */
  nextOfAll(): Promise<number[]>
  /** Results that `next` has named. */
  read(seqs: readonly number[]): Promise<LineResult[]>
  has(seq: number): boolean
  /** How many have come that others keep from being written. */
  readonly size: number
}

/** What is in memory, and in one commit, at a time. */
const AT_ONCE = 200

export function createInOrder(options: { run: string; undelivered: Undelivered; isWritten: (seq: number) => boolean }): InOrder {
  const { run, undelivered, isWritten } = options
  // A bit for each line of the run; those that have been written since stay set.
  const come = createWrittenSet()
  /** The low-water mark: every line before it is written. */
  let low = 0
  let passed = 0

  const passWritten = () => {
    for (; isWritten(low); low++) if (come.has(low)) passed++
  }
  return {
    get size() {
      passWritten()
      return come.size - passed
    },
    has: (seq) => come.has(seq),
    restore: async () => {
      const seqs = await undelivered.held(run)
      // Its process died when it had written them.
      await undelivered.dropHeld(run, seqs.filter(isWritten))
      for (const seq of seqs) if (!isWritten(seq)) come.add(seq)
    },
    hold: async (results) => {
      const fresh = results.filter(({ seq }) => !isWritten(seq) && !come.has(seq))
      await undelivered.hold(run, fresh)
      for (const { seq } of fresh) come.add(seq)
    },
    next: () => {
      passWritten()
      const seqs: number[] = []
      for (let seq = low; seqs.length < AT_ONCE && come.has(seq) && !isWritten(seq); seq++) seqs.push(seq)
      return seqs
    },
    nextOfAll: async () => {
      const seqs = (await undelivered.held(run)).filter((seq) => !isWritten(seq))
      return seqs.toSorted((a, b) => a - b).slice(0, AT_ONCE)
    },
    read: (seqs) => undelivered.readHeld(run, seqs),
  }
}
