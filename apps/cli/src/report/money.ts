import { shownUsd } from '@toolwright/contracts'

/** A sum of integer nano-dollars, and how many parts it lacks because nobody knows their price. */
export interface Money {
  nano: number
  unknown: number
}

export function addMoney(money: Money, nano: number | null): void {
  if (nano === null) money.unknown++
  else money.nano += nano
}

export function sumOfMoney(parts: readonly Money[]): Money {
  return { nano: parts.reduce((sum, { nano }) => sum + nano, 0), unknown: parts.reduce((sum, { unknown }) => sum + unknown, 0) }
}

/** An unknown price is never shown as nothing. */
export function shownMoney({ nano, unknown }: Money): string {
  if (unknown === 0) return shownUsd(nano)
  return nano === 0 ? 'unknown' : `at least ${shownUsd(nano)}`
}
