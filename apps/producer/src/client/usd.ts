/** A sum of integer nano-dollars (10^-9 $), with the number of parts whose price nobody knows and that it therefore lacks. */
export interface Money {
  nano: number
  unknown: number
}

/** Exact dollars as a decimal string, such as `0.000012345`; no floating point on the way. Throws RangeError for what is not an integer. */
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

/** For people: four decimals below a dollar, two above. What is there but rounds to nothing is shown as less than the smallest step. */
export function shownUsd(nano: number): string {
  const sign = nano < 0 ? '-' : ''
  const size = Math.abs(nano)
  if (size > 0 && size < 50_000) return `${sign}<$0.0001`
  const decimals = size < 1_000_000_000 ? 4 : 2
  const dollars = (size / 1e9).toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
  return `${sign}$${dollars}`
}

/** An unknown price is never shown as nothing: `unknown`, or `at least $…` where only parts of the sum are known. */
export function shownMoney(money: Money): string {
  if (money.unknown === 0) return shownUsd(money.nano)
  return money.nano === 0 ? 'unknown' : `at least ${shownUsd(money.nano)}`
}

export function addMoney(money: Money, nano: number | null): void {
  if (nano === null) money.unknown++
  else money.nano += nano
}
