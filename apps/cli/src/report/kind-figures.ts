import type { TierName } from '@toolwright/contracts'
import { addMoney, type Money } from './money.ts'
import type { ResultLine } from './result-lines.ts'
import { type ThinnedCurve, thinnedCurve } from './thinned.ts'

/** What a run's requests of one kind came to. Money in nano-dollars. */
export interface KindFigures {
  id: string
  requests: number
  failed: number
  tiers: Record<TierName, number>
  targets: number
  right: number
  /** What the makes of its tools cost in this run, those that failed among them. */
  makes: Money & { calls: number }
  /** Answers of its tools, copies for the same request not counted. */
  uses: number
  usesOfVersion: Map<number, number>
  /** What its uses saved, each its baseline less its own cost; `unknown`: uses of which one of the two is not known. */
  saved: Money
  /** Its direct calls, from which a baseline is estimated. */
  directCalls: { count: number; sum: number; squares: number }
  /** Answered requests whose baseline rests on them. */
  measured: number
  /** What its uses so far had saved less what its makes cost, from 0 uses on. */
  netCurve: ThinnedCurve
  /** After so many uses they had saved what its makes cost, and stayed above it; null: they have not. */
  paidAfter: number | null
}

export function emptyKind(id: string): KindFigures {
  return {
    id,
    requests: 0,
    failed: 0,
    tiers: { extracted: 0, called: 0, direct: 0 },
    targets: 0,
    right: 0,
    makes: { nano: 0, unknown: 0, calls: 0 },
    uses: 0,
    usesOfVersion: new Map(),
    saved: { nano: 0, unknown: 0 },
    directCalls: { count: 0, sum: 0, squares: 0 },
    measured: 0,
    netCurve: thinnedCurve(NET_POINTS),
    paidAfter: null,
  }
}

const NET_POINTS = 60

/** Adds a result; what its makes cost must have been added before. */
export function addLine(kind: KindFigures, line: ResultLine): void {
  kind.requests++
  if (line.tier === null) {
    kind.failed++
    return
  }
  kind.tiers[line.tier]++
  if (line.basis === 'measured') kind.measured++
  if (line.isRight !== null) kind.targets++
  if (line.isRight === true) kind.right++
  if (line.tier === 'direct' || line.isDuplicate) return
  if (kind.uses === 0) kind.netCurve.add(0, -kind.makes.nano)
  kind.uses++
  if (line.version !== null) kind.usesOfVersion.set(line.version, (kind.usesOfVersion.get(line.version) ?? 0) + 1)
  addMoney(kind.saved, line.baselineNano === null || line.costNano === null ? null : line.baselineNano - line.costNano)
  const net = kind.saved.nano - kind.makes.nano
  kind.netCurve.add(kind.uses, net)
  if (net < 0 || kind.saved.nano <= 0) kind.paidAfter = null
  else kind.paidAfter ??= kind.uses
}

/** Whether a kind's tools have earned what their makes cost in this run. */
export type BreakEven =
  /** Nothing was spent on making a tool in this run. `savedNano`: what tools made before saved; null: of no use is it known. */
  | { status: 'made before'; savedNano: number | null }
  /** Makes were paid for, and no tool has answered. */
  | { status: 'never used'; lostNano: number }
  | { status: 'paid'; after: number; earnedNano: number }
  /** `moreUses`: how many more at what a use has saved so far; null where a use saves nothing. */
  | { status: 'not yet'; missingNano: number; moreUses: number | null }
  /** A price is unknown: of the makes, or of every use. */
  | { status: 'unknown' }

export function breakEvenOf({ makes, uses, saved, paidAfter }: KindFigures): BreakEven {
  const knownUses = uses - saved.unknown
  if (makes.unknown > 0) return { status: 'unknown' }
  if (makes.calls === 0) return { status: 'made before', savedNano: uses > 0 && knownUses === 0 ? null : saved.nano }
  if (uses === 0) return { status: 'never used', lostNano: makes.nano }
  if (knownUses === 0) return { status: 'unknown' }
  if (paidAfter !== null) return { status: 'paid', after: paidAfter, earnedNano: saved.nano - makes.nano }
  const missingNano = makes.nano - saved.nano
  return { status: 'not yet', missingNano, moreUses: saved.nano > 0 ? Math.ceil(missingNano / (saved.nano / knownUses)) : null }
}

/** What its tools earned so far less what they cost; null where that is not known. */
export function netOf(kind: KindFigures): number | null {
  const breakEven = breakEvenOf(kind)
  switch (breakEven.status) {
    case 'made before':
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
