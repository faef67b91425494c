import type { TierName } from '@toolwright/contracts'
import type { Earnings } from '../break-even.ts'
import { addMoney } from './money.ts'
import type { ResultLine } from './result-lines.ts'
import { type ThinnedCurve, thinnedCurve } from './thinned.ts'

/** What a run's requests of one kind came to. Money in nano-dollars. */
export interface KindFigures extends Earnings {
  id: string
  requests: number
  failed: number
  tiers: Record<TierName, number>
  targets: number
  right: number
  usesOfVersion: Map<number, number>
  /** Answered requests; of these, those that no direct call of their own answered, and whose baseline rests on direct calls of the kind, or of others. */
  answered: number
  measured: number
  assumed: number
  /** What its uses so far had saved less what its makes cost, from 0 uses on. */
  netCurve: ThinnedCurve
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
    usesCost: { nano: 0, unknown: 0 },
    saved: { nano: 0, unknown: 0 },
    answered: 0,
    measured: 0,
    assumed: 0,
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
  kind.answered++
  if (line.tier !== 'direct' || line.isDuplicate) {
    if (line.basis === 'measured') kind.measured++
    if (line.basis === 'assumed') kind.assumed++
  }
  if (line.isRight !== null) kind.targets++
  if (line.isRight === true) kind.right++
  if (line.tier === 'direct' || line.isDuplicate) return
  if (kind.uses === 0) kind.netCurve.add(0, -kind.makes.nano)
  kind.uses++
  if (line.version !== null) kind.usesOfVersion.set(line.version, (kind.usesOfVersion.get(line.version) ?? 0) + 1)
  addMoney(kind.usesCost, line.costNano)
  addMoney(kind.saved, line.baselineNano === null || line.costNano === null ? null : line.baselineNano - line.costNano)
  const net = kind.saved.nano - kind.makes.nano
  kind.netCurve.add(kind.uses, net)
  if (net < 0 || kind.saved.nano <= 0) kind.paidAfter = null
  else kind.paidAfter ??= kind.uses
}
