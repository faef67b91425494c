import { shownShare } from '@toolwright/contracts'
import { TIERS, type TierFigures, type Totals } from './figures.ts'
import { type Markup, markup, nothing } from './markup.ts'
import { shownMoney } from './money.ts'
import { pageTable, plural } from './page-parts.ts'
import { shownCount } from './plot-parts.ts'
import { plotTiers } from './plot-tiers.ts'
import type { RunReport } from './read-run.ts'
import { shareInterval } from './share-interval.ts'

const ABOUT = {
  extracted: 'a tool alone, no model call',
  called: 'a tool, its arguments by the light model',
  direct: 'the strong model, no tool',
} as const

/** How requests were answered, and how often right where targets were given. */
export function sectionAnswers({ totals, figures, missing }: RunReport): Markup {
  if (totals === null || totals.answered === 0) return nothing
  const hasTargets = TIERS.some((tier) => totals.tiers[tier].targets > 0)
  const all = TIERS.map((tier) => totals.tiers[tier])
  const rows = [
    ...TIERS.map((tier) => ({ name: tier, about: ABOUT[tier] as string, figures: totals.tiers[tier] })),
    { name: 'all', about: '', figures: sumOf(all) },
  ]
  return markup`<section>
<h2>How requests were answered</h2>
<p>${hasTargets ? 'Right: answers equal to the target, of the requests that had one; below, how many these are, and where the share lies with 95 % confidence.' : 'No targets were given, so nothing is said of how many answers are right.'}${duplicates(totals)}</p>
${missing === null ? markup`<ul class="legend">${TIERS.map((tier) => markup`<li><i class="key-${tier}"></i>${tier}: ${ABOUT[tier]}</li>`)}</ul>${plotTiers(figures.tierShares)}` : nothing}
${pageTable(
  [
    { title: 'Tier', isNumber: false, cell: ({ name, about }) => markup`${name}<small>${about}</small>` },
    { title: 'Requests', isNumber: true, cell: ({ figures: { lines } }) => shownCount(lines) },
    { title: 'Share', isNumber: true, cell: ({ figures: { lines } }) => shownShare(lines, totals.answered) },
    ...(hasTargets ? [{ title: 'Right', isNumber: true, cell: ({ figures: tier }: { figures: TierFigures }) => shownRight(tier) }] : []),
    { title: 'Cost', isNumber: true, cell: ({ figures: { cost } }) => shownMoney(cost) },
  ],
  rows,
)}
</section>`
}

function shownRight({ targets, right }: TierFigures): Markup | string {
  if (targets === 0) return 'no targets'
  const { low, high } = shareInterval(right, targets)
  return markup`${shownShare(right, targets)}<small>${shownCount(right)} of ${shownCount(targets)}</small><small>${(low * 100).toFixed(1)}–${(high * 100).toFixed(1)} %</small>`
}

function duplicates({ duplicates: count }: Totals): string {
  return count === 0 ? '' : ` ${plural(count, 'request', 'requests')} got the answer to an earlier one that is the same, at no cost.`
}

function sumOf(tiers: readonly TierFigures[]): TierFigures {
  const sum = (of: (tier: TierFigures) => number) => tiers.reduce((total, tier) => total + of(tier), 0)
  return {
    lines: sum(({ lines }) => lines),
    targets: sum(({ targets }) => targets),
    right: sum(({ right }) => right),
    cost: { nano: sum(({ cost }) => cost.nano), unknown: sum(({ cost }) => cost.unknown) },
  }
}
