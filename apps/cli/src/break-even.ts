import { shownUsd } from '@toolwright/contracts'
import type { Money } from './report/money.ts'

/** What a kind's tools cost, and what came of it: in one run, or over all. Money in nano-dollars. */
export interface Earnings {
  /** What the makes of its tools cost, those that failed among them. */
  makes: Money & { calls: number }
  /** Answers of its tools, copies for the same request not counted. */
  uses: number
  /** What its uses cost, and what they saved: each its baseline less its own cost; `unknown`: uses of which it is not known. */
  usesCost: Money
  saved: Money
  /** After so many uses they had saved what its makes cost, and stayed above it; null: they have not. */
  paidAfter: number | null
}

/** Whether a kind's tools have earned what their makes cost. */
export type BreakEven =
  /** Nothing was spent on making a tool here. `savedNano`: what its uses saved; null: of no use is it known. */
  | { status: 'made before'; savedNano: number | null }
  /** All models that made it have the price zero. */
  | { status: 'free'; savedNano: number | null }
  /** Makes were paid for, and no tool has answered. */
  | { status: 'never used'; lostNano: number }
  | { status: 'paid'; after: number; earnedNano: number }
  /** `moreUses`: how many more at what a use has saved so far; null where a use saves nothing. */
  | { status: 'not yet'; missingNano: number; moreUses: number | null }
  /** A price is unknown: of the makes, or of every use. */
  | { status: 'unknown' }

export function breakEvenOf({ makes, uses, saved, paidAfter }: Earnings): BreakEven {
  const knownUses = uses - saved.unknown
  const savedNano = uses > 0 && knownUses === 0 ? null : saved.nano
  if (makes.unknown > 0) return { status: 'unknown' }
  if (makes.calls === 0) return { status: 'made before', savedNano }
  if (makes.nano === 0) return { status: 'free', savedNano }
  if (uses === 0) return { status: 'never used', lostNano: makes.nano }
  if (knownUses === 0) return { status: 'unknown' }
  if (paidAfter !== null) return { status: 'paid', after: paidAfter, earnedNano: saved.nano - makes.nano }
  const missingNano = makes.nano - saved.nano
  return { status: 'not yet', missingNano, moreUses: saved.nano > 0 ? Math.ceil(missingNano / (saved.nano / knownUses)) : null }
}

/** What its tools earned so far less what they cost; null where that is not known. */
export function netOf(earnings: Earnings): number | null {
  const breakEven = breakEvenOf(earnings)
  switch (breakEven.status) {
    case 'made before':
    case 'free':
      return breakEven.savedNano
    case 'never used':
      return -breakEven.lostNano
    case 'paid':
      return breakEven.earnedNano
    case 'not yet':
      return -breakEven.missingNano
    case 'unknown':
      return null
  }
}

/** In words, which a style only repeats; `more` goes on with what a table has in a column of its own. `madeBefore`: what to say where nothing was spent on making one. */
export function verdictOf(earnings: Earnings, madeBefore: string): { style: '' | 'gain' | 'loss'; short: string; more: string } {
  const breakEven = breakEvenOf(earnings)
  switch (breakEven.status) {
    case 'made before':
      return { style: '', short: madeBefore, more: '' }
    case 'free':
      return { style: '', short: 'making it cost nothing', more: '' }
    case 'never used':
      return { style: 'loss', short: 'no tool has answered', more: `: ${shownUsd(breakEven.lostNano)} not earned back` }
    case 'paid':
      return {
        style: 'gain',
        short: `paid after ${counted(breakEven.after, 'use', 'uses')}`,
        more: `, ${shownUsd(breakEven.earnedNano)} earned since`,
      }
    case 'not yet': {
      const still =
        breakEven.moreUses === null ? 'a use saves nothing' : `about ${counted(breakEven.moreUses, 'more use', 'more uses')} would pay it`
      return { style: 'loss', short: `not paid: ${still}`, more: `, ${shownUsd(breakEven.missingNano)} to go` }
    }
    case 'unknown':
      return { style: '', short: 'unknown: a price is not known', more: '' }
  }
}

/** What a use has cost, its share of the makes included, in nano-dollars; null where a price is unknown, or nothing was used. */
export function ownNano({ makes, uses: count, usesCost }: Earnings): number | null {
  return count === 0 || makes.unknown > 0 || usesCost.unknown > 0 ? null : (makes.nano + usesCost.nano) / count
}

/** Against the light model, which would answer for `lightNano` directly (null: that is not known). */
export function besideLight(earnings: Earnings, lightNano: number | null): 'dearer' | 'not dearer' | 'unknown' {
  const own = ownNano(earnings)
  if (own === null || lightNano === null) return 'unknown'
  return own > lightNano ? 'dearer' : 'not dearer'
}

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}
