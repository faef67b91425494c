import { textOf } from '../read-values.ts'

/** An amount as requests write it, such as `7.90`, for patterns. */
export const amountPattern = String.raw`(?:0|[1-9][0-9]{0,5})\.[0-9]{2}`

/** Whole cents of an amount such as `7.90`. Throws `RangeError` on anything else. */
export function centsOf(value: unknown, name: string): number {
  const amount = textOf(value, name)
  if (!new RegExp(`^${amountPattern}$`).test(amount)) throw new RangeError(`${name} is not an amount: ${amount}`)
  return Number(amount.replace('.', ''))
}

/** `7.90` for 790 cents. */
export function amountText(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
}

/** The quotient of two whole numbers, not negative, halves rounded up. Throws `RangeError` where doubles would no longer be exact. */
export function halfUp(numerator: number, denominator: number): number {
  const doubled = 2 * numerator + denominator
  if (!Number.isSafeInteger(doubled)) throw new RangeError(`${numerator} is too large`)
  return Math.floor(doubled / (2 * denominator))
}
