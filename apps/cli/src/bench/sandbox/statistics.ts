/** The middle value, or the mean of the two in the middle. Throws for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)]
  const high = sorted[Math.ceil((sorted.length - 1) / 2)]
  if (low === undefined || high === undefined) throw new RangeError('no values, so no median')
  return (low + high) / 2
}

/** The smallest value that at least this share of the values do not exceed; `share` in (0, 1]. Throws for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  if (value === undefined) throw new RangeError('no values, so no percentile')
  return value
}

/** Of numbers above zero. Throws for none. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values, so no mean')
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}
