/** When the requests under way were read. Grows with what is read and not written, which a run's credit bounds. */
export interface ReadTimes {
  note(seq: number): void
  /** How long ago these were read, in milliseconds, by seq, and forgets them; without those that an earlier process of the run has read. */
  take(results: readonly { seq: number }[]): Map<number, number>
}

export function createReadTimes(now: () => number): ReadTimes {
  const times = new Map<number, number>()
  return {
    note: (seq) => {
      times.set(seq, now())
    },
    take: (results) => {
      const at = now()
      const took = new Map<number, number>()
      for (const { seq } of results) {
        const readAt = times.get(seq)
        if (readAt === undefined) continue
        took.set(seq, at - readAt)
        times.delete(seq)
      }
      return took
    },
  }
}
