/** A point of a plot. */
export type Point = readonly [x: number, y: number]

/** A curve of any length in bounded memory. */
export interface ThinnedCurve {
  /** The next point; x never falls. */
  add(x: number, y: number): void
  /** At most twice `room` and one points, the first and the last of all that came among them. */
  points(): Point[]
}

/** Keeps every point until there are twice `room`, then every second one, and so on. */
export function thinnedCurve(room: number): ThinnedCurve {
  let kept: Point[] = []
  let stride = 1
  let count = 0
  let last: Point | null = null
  return {
    add: (x, y) => {
      last = [x, y]
      if (count++ % stride !== 0) return
      kept.push(last)
      if (kept.length < room * 2) return
      kept = kept.filter((_, at) => at % 2 === 0)
      stride *= 2
    },
    points: () => (last === null || kept.at(-1) === last ? [...kept] : [...kept, last]),
  }
}

/** Counts of names over a stream of any length, in at most twice `room` shares of the stream that are alike in size. */
export interface ThinnedCounts<Name extends string> {
  add(name: Name): void
  /** `from` and `to`: how many came before the share, and up to its end. */
  shares(): { from: number; to: number; counts: Record<Name, number> }[]
}

export function thinnedCounts<Name extends string>(names: readonly Name[], room: number): ThinnedCounts<Name> {
  const none = (): Record<Name, number> => {
    const counts: Partial<Record<Name, number>> = {}
    for (const name of names) counts[name] = 0
    // Every name has just been given its count.
    return counts as Record<Name, number>
  }
  let bins: Record<Name, number>[] = []
  let size = 1
  let count = 0
  return {
    add: (name) => {
      if (count++ % size === 0) bins.push(none())
      bins.at(-1)![name]++
      if (bins.length < room * 2 || count % size !== 0) return
      bins = bins.flatMap((bin, at) => (at % 2 === 0 ? [bin] : []).map((left) => addAll(left, bins[at + 1])))
      size *= 2
    },
    shares: () => bins.map((counts, at) => ({ from: at * size, to: Math.min(count, (at + 1) * size), counts })),
  }

  function addAll(counts: Record<Name, number>, more: Record<Name, number> | undefined): Record<Name, number> {
    if (more !== undefined) for (const name of names) counts[name] += more[name]
    return counts
  }
}
