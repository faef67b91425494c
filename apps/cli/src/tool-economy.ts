import { exactUsd, shownCost, shownUsd } from '@toolwright/contracts'
import { type DirectMean, directMean, type KindMoney, lightAnswerNano, type Registry } from '@toolwright/registry'
import { besideLight, breakEvenOf, type Earnings, netOf, ownNano, verdictOf } from './break-even.ts'
import { shownMoney } from './report/money.ts'

/** What a kind's tools came to over all runs of the space. */
export interface Economy extends Earnings {
  /** What a direct answer of the strong model costs; null where none was paid for. */
  direct: DirectMean | null
  /** What one of the light model would cost, in nano-dollars: an estimate; null where that is not known. */
  lightNano: number | null
}

/** Reads economies; `all`: the direct calls of all kinds. */
export async function readEconomy(money: Registry['money'], kind: string, all: KindMoney): Promise<Economy> {
  const own = await money.ofKind(kind)
  return { ...earningsOf(own), direct: directMean(own), lightNano: lightAnswerNano(own, all) }
}

/** Sums do not say when they were paid back: it is told from what a use saved on average. */
export function earningsOf({ makes, uses }: KindMoney): Earnings {
  const unknown = uses.count - uses.priced
  const isPaid = uses.savedNano > 0 && uses.savedNano >= makes.costNano
  return {
    makes: { nano: makes.costNano, unknown: makes.unpriced, calls: makes.calls },
    uses: uses.count,
    usesCost: { nano: uses.costNano, unknown },
    saved: { nano: uses.savedNano, unknown },
    paidAfter: isPaid ? Math.max(1, Math.ceil(makes.costNano / (uses.savedNano / uses.priced))) : null,
  }
}

const MADE_ELSEWHERE = 'nothing was paid for it here'

/** A cell of each for a table, in few words. */
export const shownMakes = ({ makes }: Economy): string => (makes.calls === 0 ? 'none here' : shownMoney(makes))
export const shownSaving = (economy: Economy): string => signed(savedPerUse(economy))
export const shownNet = (economy: Economy): string => signed(netOf(economy))
export const shownBreakEven = (economy: Economy): string => verdictOf(economy, MADE_ELSEWHERE).short
export function shownBesideLight({ lightNano, ...earnings }: Economy): string {
  const beside = besideLight(earnings, lightNano)
  return beside === 'unknown' ? beside : `${beside} (${shownUsd(Math.round(lightNano!))})`
}

/** Lines of `name value`. */
export function economyFacts(economy: Economy): [string, string][] {
  const { makes, uses, usesCost, direct, lightNano } = economy
  const { short, more } = verdictOf(economy, MADE_ELSEWHERE)
  const saving = savedPerUse(economy)
  const own = ownNano(economy)
  return [
    ['makes', makes.calls === 0 ? 'none here' : `all that were tried for its kind cost ${shownMoney(makes)}`],
    [
      'uses',
      uses === 0 ? 'none' : `${uses.toLocaleString('en-US')}, which cost ${shownMoney(usesCost)}; one saves ${signed(saving)} (estimate)`,
    ],
    ['paid', `${short}${more}`],
    ['baseline', shownDirect(direct)],
    [
      'light',
      lightNano === null
        ? 'what the light model would cost directly is unknown'
        : `${shownUsd(Math.round(lightNano))} a request by the light model directly (estimate; its answers may be worse)${own === null ? '' : `; a use, makes included, costs ${shownUsd(Math.round(own))}: ${own > lightNano ? 'dearer than that' : 'not dearer'}`}`,
    ],
  ]
}

/** For programs: dollars are exact decimal strings, rounded to a nano-dollar where they are means, and null where they are not known. */
export function economyJson(economy: Economy): Record<string, unknown> {
  const { makes, uses, usesCost, saved, direct, lightNano } = economy
  const { status, ...figures } = breakEvenOf(economy)
  return {
    makes_usd: makes.unknown > 0 ? null : exactUsd(makes.nano),
    make_calls: makes.calls,
    uses,
    uses_usd: usesCost.unknown > 0 ? null : exactUsd(usesCost.nano),
    saved_usd: saved.unknown > 0 ? null : exactUsd(saved.nano),
    saved_per_use_usd: usd(savedPerUse(economy)),
    net_usd: usd(netOf(economy)),
    break_even: {
      status,
      after_uses: 'after' in figures ? figures.after : null,
      missing_usd: 'missingNano' in figures ? exactUsd(figures.missingNano) : 'lostNano' in figures ? exactUsd(figures.lostNano) : null,
      more_uses: 'moreUses' in figures ? figures.moreUses : null,
    },
    baseline: {
      is_estimate: true,
      usd: usd(direct?.nano ?? null),
      observations: direct?.observations ?? 0,
      plus_minus_usd: usd(direct?.plusMinusNano ?? null),
    },
    light_baseline: {
      is_estimate: true,
      usd: usd(lightNano),
      use_with_makes_usd: usd(ownNano(economy)),
      tool_is: besideLight(economy, lightNano),
    },
  }
}

function savedPerUse({ uses, saved }: Economy): number | null {
  const known = uses - saved.unknown
  return known === 0 ? null : saved.nano / known
}

function shownDirect(direct: DirectMean | null): string {
  if (direct === null) return 'unknown: no direct answer with a known price'
  const { nano, observations, plusMinusNano } = direct
  const calls = observations === 1 ? '1 direct call' : `${observations.toLocaleString('en-US')} direct calls`
  const interval =
    plusMinusNano === null
      ? '; too few for an interval'
      : `, 95 % interval ${shownUsd(Math.max(0, Math.round(nano - plusMinusNano)))} to ${shownUsd(Math.round(nano + plusMinusNano))}`
  return `${shownUsd(Math.round(nano))} a request by the strong model (estimate: mean of ${calls}${interval})`
}

function signed(nano: number | null): string {
  return nano === null ? 'unknown' : shownCost(Math.round(nano))
}

function usd(nano: number | null): string | null {
  return nano === null ? null : exactUsd(Math.round(nano))
}
