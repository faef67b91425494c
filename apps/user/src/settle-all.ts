import { LaterError } from '@toolwright/queues'

/** What became of one line in a job of several: done, or to be taken up again after a while because its endpoint holds. */
export type LineEnd<T> = { status: 'done'; value: T } | { status: 'later'; delayMs: number }

/**
 * Works on lines side by side, at most `width` at a time. A line that must come later does not hold up the others. Any other error is thrown, once the lines
 * under way have ended: what they paid for is kept.
 */
export async function settleAll<L, T>(lines: readonly L[], width: number, work: (line: L) => Promise<T>): Promise<LineEnd<T>[]> {
  const ends: LineEnd<T>[] = []
  const errors: unknown[] = []
  let next = 0
  const takeTurns = async () => {
    while (next < lines.length && errors.length === 0) {
      const at = next++
      try {
        ends[at] = { status: 'done', value: await work(lines[at]!) }
      } catch (error) {
        if (error instanceof LaterError) ends[at] = { status: 'later', delayMs: error.delayMs }
        else errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, lines.length) }, takeTurns))
  if (errors.length > 0) throw errors[0]
  return ends
}

/** The lines that must come later, and the longest of their delays. */
export function laterOf<L, T>(lines: readonly L[], ends: LineEnd<T>[]): { lines: L[]; delayMs: number } {
  const later: L[] = []
  let delayMs = 0
  for (const [at, end] of ends.entries()) {
    if (end.status !== 'later') continue
    later.push(lines[at]!)
    delayMs = Math.max(delayMs, end.delayMs)
  }
  return { lines: later, delayMs }
}
