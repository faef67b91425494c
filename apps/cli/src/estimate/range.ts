/** Nano-dollars; null where a price that it takes is unknown. */
export interface Range {
  low: number | null
  expected: number | null
  high: number | null
}

export function constant(nano: number | null): Range {
  return { low: nano, expected: nano, high: nano }
}

/** What may be off by so much at most: `off.low` and `off.high` are factors. */
export function within(nano: number | null, off: { low: number; high: number }): Range {
  return { low: scaled(nano, off.low), expected: nano, high: scaled(nano, off.high) }
}

export function times({ low, expected, high }: Range, count: number): Range {
  return { low: scaled(low, count), expected: scaled(expected, count), high: scaled(high, count) }
}

/** As if all of them were off the same way. */
export function sumOf(ranges: readonly Range[]): Range {
  return {
    low: total(ranges.map(({ low }) => low)),
    expected: total(ranges.map(({ expected }) => expected)),
    high: total(ranges.map(({ high }) => high)),
  }
}

export function total(parts: readonly (number | null)[]): number | null {
  return parts.reduce((sum, part) => (sum === null || part === null ? null : sum + part), 0)
}

/** The error of a sum, from those of its parts, which do not depend on each other. */
export function rootOfSquares(parts: readonly number[]): number {
  return Math.sqrt(parts.reduce((sum, part) => sum + part ** 2, 0))
}

function scaled(nano: number | null, by: number): number | null {
  return nano === null ? null : Math.round(nano * by)
}
