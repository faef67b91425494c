import { median } from './statistics.ts'

/** A series that is sampled all the while: what it was when it had settled, and in the end. */
export interface Growth {
  samples: number
  /** Median of the second fifth. */
  early: number
  /** Median of the last fifth. */
  late: number
}

/** With fewer samples a fifth says little. */
const MIN_SAMPLES = 25

/** Null where there are too few values. */
export function growthOf(values: readonly number[]): Growth | null {
  if (values.length < MIN_SAMPLES) return null
  const fifth = Math.floor(values.length / 5)
  return { samples: values.length, early: median(values.slice(fifth, 2 * fifth)), late: median(values.slice(-fifth)) }
}

/** The one that grew most, by the ratio of its end to its beginning; null for none. */
export function worstOf(growths: readonly (Growth | null)[]): Growth | null {
  return growths.reduce((worst, one) => (one !== null && (worst === null || ratioOf(one) > ratioOf(worst)) ? one : worst), null)
}

export function ratioOf({ early, late }: Growth): number {
  return late / early
}
