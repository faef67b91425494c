/** How many calls of this process were sent away and are not back yet, to the second. */
export interface SentAway {
  note(calls: number, dueAt: number): void
  count(now: number): number
}

/** Times are milliseconds of any one clock. */
export function openSentAway(): SentAway {
  const bySecond = new Map<number, number>()
  return {
    note: (calls, dueAt) => {
      const second = Math.floor(dueAt / 1000)
      bySecond.set(second, (bySecond.get(second) ?? 0) + calls)
    },
    count: (now) => {
      let sum = 0
      for (const [second, calls] of bySecond) {
        if (second * 1000 < now) bySecond.delete(second)
        else sum += calls
      }
      return sum
    },
  }
}
