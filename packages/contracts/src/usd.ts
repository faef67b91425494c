/** Exact dollars as a decimal string, such as `0.000012345`, from integer nano-dollars; no floating point on the way. Throws RangeError for what is not an integer. */
export function exactUsd(nano: number): string {
  if (!Number.isSafeInteger(nano)) throw new RangeError(`${nano} is not a whole number of nano-dollars`)
  const digits = String(Math.abs(nano)).padStart(10, '0')
  const fraction = digits.slice(-9).replace(/0+$/, '')
  return `${nano < 0 ? '-' : ''}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`
}

/** The inverse of `exactUsd`; null for anything that it does not write. */
export function nanoOfUsd(usd: string): number | null {
  const match = /^(-?)(\d{1,7})(?:\.(\d{1,9}))?$/.exec(usd)
  if (match === null) return null
  const nano = Number(`${match[2]}${(match[3] ?? '').padEnd(9, '0')}`)
  if (!Number.isSafeInteger(nano)) return null
  return match[1] === '-' && nano !== 0 ? -nano : nano
}

/** Nano-dollars for people: four decimals below a dollar, two above. What is there but rounds to nothing is shown as less than the smallest step. */
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

/** A share as `71.2 %`; all or nothing only where it is exactly that. */
export function shownShare(part: number, whole: number): string {
  if (whole === 0) return '–'
  const percent = (part / whole) * 100
  if (part > 0 && percent < 0.05) return '<0.1 %'
  if (part < whole && percent > 99.95) return '>99.9 %'
  return `${percent.toFixed(percent === 0 || percent === 100 ? 0 : 1)} %`
}
