import { type Bucket, shownShare, shownUsd } from '@toolwright/contracts'
import type { Sums } from '@toolwright/registry'
import { type Markup, markup, nothing } from './markup.ts'
import { type Money, shownMoney, sumOfMoney } from './money.ts'
import { pageTable, plural } from './page-parts.ts'
import { shownCount } from './plot-parts.ts'
import { plotMoney } from './plot-money.ts'
import type { Estimates, RunReport } from './read-run.ts'

/** What was spent against the baseline, over time and in parts. */
export function sectionMoney(report: RunReport): Markup {
  const { figures, sums } = report
  const hasBaseline = figures.baselineCurve.length > 0
  const buckets = BUCKETS.map(([bucket, about]) => ({ bucket, about, rows: sums.filter((row) => row.bucket === bucket) }))
  return markup`<section>
<h2>Spent against the baseline</h2>
<p>The baseline is an estimate of what did not happen: each answered request by the strong model alone, at the mean cost of the direct calls of its kind. ${baselineNotes(report)}</p>
<ul class="legend"><li><i class="line" style="border-color: var(--spent)"></i>spent</li>${hasBaseline ? markup`<li><i class="line" style="border-color: var(--baseline); border-top-style: dashed"></i>baseline of the requests answered so far (estimate)</li>` : nothing}</ul>
${plotMoney(report)}
${hasBaseline || report.missing !== null || figures.totals.answered === 0 ? nothing : markup`<p class="note">The results do not say when they were written, so the baseline is not drawn over time.</p>`}
${pageTable(
  [
    { title: 'Where the money went', isNumber: false, cell: ({ bucket, about }) => markup`${bucket}<small>${about}</small>` },
    { title: 'Calls', isNumber: true, cell: ({ rows }) => shownCount(callsOf(rows)) },
    { title: 'Cost', isNumber: true, cell: ({ rows }) => shownMoney(costOf(rows)) },
    {
      title: 'Share',
      isNumber: true,
      cell: ({ rows }) => (figures.spent.unknown > 0 ? 'unknown' : shownShare(costOf(rows).nano, figures.spent.nano)),
    },
  ],
  buckets,
)}
${openEnds(report)}
${shownPrices(report)}
<details><summary>By model and purpose</summary>
${pageTable(
  [
    { title: 'Model', isNumber: false, cell: ({ model, role }) => markup`${model}<small>${role} model</small>` },
    { title: 'Purpose', isNumber: false, cell: ({ purpose, cause }) => (cause === 'normal' ? purpose : `${purpose} (${cause})`) },
    { title: 'Calls', isNumber: true, cell: ({ calls }) => shownCount(calls) },
    {
      title: 'Input tokens',
      isNumber: true,
      cell: ({ tokens }) => shownCount(tokens.uncachedInput + tokens.cacheRead + tokens.cacheWrite),
    },
    { title: 'Output tokens', isNumber: true, cell: ({ tokens }) => shownCount(tokens.output) },
    { title: 'Cost', isNumber: true, cell: (row) => shownMoney(costOf([row])) },
  ],
  sums.toSorted((a, b) => b.costNano - a.costNano),
)}</details>
</section>`
}

const BUCKETS: [Bucket, string][] = [
  ['results', 'the answers’ own model calls'],
  ['makes', 'examples, proposals, repairs and checks of tools'],
  ['overhead', 'judging which kind a request is of'],
  ['waste', 'paid replies that nothing used'],
]

function baselineNotes({ estimates, totals }: RunReport): string {
  if (totals === null) return ''
  const { baseline } = totals
  return [
    ...(estimates === null ? [] : spreadNotes(estimates)),
    ...(baseline.assumed > 0 ? [`For ${plural(baseline.assumed, 'request', 'requests')} it is assumed from other kinds.`] : []),
    ...(baseline.unknown > 0 ? [`For ${plural(baseline.unknown, 'request', 'requests')} it is unknown, and counted nowhere.`] : []),
  ].join(' ')
}

/** The errors of such sums are about normal where many requests are in them; with few observations the interval is as wide as Student's distribution makes it. */
function spreadNotes({ spread, atLightNano }: Estimates): string[] {
  const { plusMinusNano, observations, covered, uncovered } = spread
  return [
    ...(plusMinusNano === null
      ? []
      : [
          `For ${plural(covered, 'request', 'requests')} that went another way it rests on ${plural(observations, 'direct call', 'direct calls')} of their kinds, in this run and before: what they would have cost lies within ± ${shownUsd(plusMinusNano)} with 95 % confidence.`,
        ]),
    ...(uncovered > 0
      ? [`For ${plural(uncovered, 'request', 'requests')} there is no interval: their kinds have fewer than two direct calls.`]
      : []),
    ...(atLightNano === null
      ? []
      : [
          `A second baseline is the light model answering all of it directly, for about ${shownUsd(atLightNano)}: its price on the tokens of the direct calls. It may write more or less, and its answers may be worse.`,
        ]),
  ]
}

function shownPrices({ figures: { prices } }: RunReport): Markup {
  if (prices.length === 0) return nothing
  const shown = prices.map(({ price, isZero }) => `${price}${isZero ? ', which is zero' : ''}`)
  return markup`<p class="note">Prices that calls were booked by: ${shown.join('; ')}.</p>`
}

function openEnds({ uncertain, budget }: RunReport): Markup {
  const notes = [
    ...(uncertain.calls > 0
      ? [
          `${plural(uncertain.calls, 'model call was', 'model calls were')} begun and never settled: up to ${uncertain.unpriced > 0 ? 'an unknown amount' : shownUsd(uncertain.boundNano)} may have been billed beside these.`,
        ]
      : []),
    ...(budget.overrunNano > 0 ? [`${shownUsd(budget.overrunNano)} were billed beyond what calls had been asked to cost at most.`] : []),
  ]
  return notes.length === 0 ? nothing : markup`<p class="note">${notes.join(' ')}</p>`
}

function costOf(rows: readonly Sums[]): Money {
  return sumOfMoney(rows.map(({ costNano, unpriced }) => ({ nano: costNano, unknown: unpriced })))
}

function callsOf(rows: readonly Sums[]): number {
  return rows.reduce((sum, { calls }) => sum + calls, 0)
}
