import { shownUsd } from '@toolwright/contracts'

/** A sum of integer nano-dollars (10^-9 $), with the number of parts whose price nobody knows and that it therefore lacks. */
export interface Money {
  nano: number
  unknown: number
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
