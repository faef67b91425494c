/** Nano-dollars for people: four decimals below a dollar, two above; what rounds to nothing is shown as less than the smallest step. */
export function shownUsd(nano: number): string {
  const sign = nano < 0 ? '-' : ''
  const size = Math.abs(nano)
  if (size > 0 && size < 50_000) return `${sign}<$0.0001`
  const decimals = size < 1_000_000_000 ? 4 : 2
  return `${sign}$${(size / 1e9).toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })}`
}

/** A cost that may be unknown, which is never shown as nothing. */
export function shownCost(nano: number | null): string {
  return nano === null ? 'unknown' : shownUsd(nano)
}

/** The nano-dollars of a decimal string of dollars such as `0.000012345`; throws RangeError for anything else. */
export function nanoOfUsd(usd: string): number {
  const match = /^(-?)(\d{1,6})(?:\.(\d{1,9}))?$/.exec(usd)
  if (match === null) throw new RangeError(`"${usd}" is no amount in dollars`)
  const nano = Number(`${match[2]}${(match[3] ?? '').padEnd(9, '0')}`)
  return match[1] === '-' ? 0 - nano : nano
}

export function shownShare(part: number, whole: number): string {
  if (whole === 0) return '–'
  const percent = (part / whole) * 100
  if (part > 0 && percent < 0.05) return '<0.1 %'
  if (part < whole && percent > 99.95) return '>99.9 %'
  return `${percent.toFixed(percent === 0 || percent === 100 ? 0 : 1)} %`
}
