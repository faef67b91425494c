import type { Line } from '@toolwright/contracts'
import { type JobContext, LaterError } from '@toolwright/queues'

/** What became of lines that were worked on together, each list in their order. */
export interface Settled<T> {
  done: T[]
  /** To be taken up again after a while, because their endpoint holds, and after how long: the longest of their delays, each job at another moment after it. */
  later: Line[]
  delayMs: number
  /** To go on alone: a bad request never fails its batch, it leaves it, and has tries of its own. */
  leaving: Line[]
}

/**
 * Works on lines of a job side by side. None holds up the others. `isAlone`: the job has this line only; then what it throws is the job's failure.
 */
export async function settleAll<T>(
  lines: readonly Line[],
  isAlone: boolean,
  context: JobContext,
  work: (line: Line) => Promise<T>,
): Promise<Settled<T>> {
  const ends = await Promise.allSettled(lines.map(work))
  // The process stops, or another worker has the job: whatever the lines threw, it says nothing of them.
  context.signal.throwIfAborted()
  const settled: Settled<T> = { done: [], later: [], delayMs: 0, leaving: [] }
  let spreadMs = 0
  for (const [at, end] of ends.entries()) {
    const line = lines[at]!
    if (end.status === 'fulfilled') settled.done.push(end.value)
    else if (end.reason instanceof LaterError) {
      settled.later.push(line)
      settled.delayMs = Math.max(settled.delayMs, end.reason.delayMs)
      spreadMs = Math.max(spreadMs, end.reason.spreadMs)
    } else if (isAlone) throw end.reason
    else {
      context.log.warn({ error: end.reason, seq: line.seq }, 'a line failed and goes on alone')
      settled.leaving.push(line)
    }
  }
  settled.delayMs = Math.ceil(settled.delayMs + Math.random() * spreadMs)
  return settled
}
