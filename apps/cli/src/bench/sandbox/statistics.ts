/** The middle value, or the mean of the two in the middle. Throws for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)]
  const high = sorted[Math.ceil((sorted.length - 1) / 2)]
  if (low === undefined || high === undefined) throw new RangeError('no values, so no median')
  return (low + high) / 2
}

/** Between what the median of all that could have been measured lies, with 95 % confidence or more: by ranks, whatever the distribution. All values where they are fewer than six. Throws for none. */
export function medianInterval(values: readonly number[]): { low: number; high: number } {
  const sorted = values.toSorted((a, b) => a - b)
  // How many values below the median are too few to be by chance alone: the binomial distribution's 2.5 %.
  let rank = 0
  let [one, sum] = [0.5 ** sorted.length, 0]
  while (sum + one <= 0.025) {
    sum += one
    one *= (sorted.length - rank) / (rank + 1)
    rank++
  }
  const at = Math.max(0, rank - 1)
  const [low, high] = [sorted[at], sorted[sorted.length - 1 - at]]
  if (low === undefined || high === undefined) throw new RangeError('no values, so no interval')
  return { low, high }
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
