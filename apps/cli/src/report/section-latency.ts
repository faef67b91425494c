import { latencyWithin, requestsIn, shownLatency } from '@toolwright/registry'
import { TIERS } from './figures.ts'
import { type Markup, markup, nothing } from './markup.ts'
import { pageTable, plural } from './page-parts.ts'
import { LINE_STYLES, plotLatency } from './plot-latency.ts'
import { shownCount } from './plot-parts.ts'
import type { RunReport } from './read-run.ts'

/** How long requests took, by how they were answered. */
export function sectionLatency({ latencies, totals }: RunReport): Markup {
  const title = markup`<h2>How long requests took</h2>`
  const shown = TIERS.map((tier) => ({ tier, buckets: latencies[tier], requests: requestsIn(latencies[tier]) })).filter(
    ({ requests }) => requests > 0,
  )
  if (shown.length === 0)
    return markup`<section>${title}<p>No request of this run was timed: its answers came to a process that had not read the requests.</p></section>`
  const timed = shown.reduce((sum, { requests }) => sum + requests, 0)
  const others = Math.max(0, (totals?.answered ?? 0) - timed)
  return markup`<section>${title}
<p>From when a request was read until its result was written, the wait for a tool to be made included. Times are counted in steps of about a tenth, and told by the upper end of their step.${others === 0 ? '' : ` ${plural(others, 'answered request is', 'answered requests are')} not in it: another process of the run had read them.`}</p>
<ul class="legend">${shown.map(({ tier }) => markup`<li><i class="line" style="border-color: var(--${tier}); border-top-style: ${LINE_STYLES[tier]}"></i>${tier}</li>`)}</ul>
${plotLatency(shown)}
${pageTable(
  [
    { title: 'Tier', isNumber: false, cell: ({ tier }) => tier },
    { title: 'Timed', isNumber: true, cell: ({ requests }) => shownCount(requests) },
    ...SHARES.map(([share, name]) => ({
      title: name,
      isNumber: true,
      cell: ({ buckets }: (typeof shown)[number]) => shownLatency(latencyWithin(buckets, share)),
    })),
  ],
  shown,
)}
${timed === 0 ? nothing : markup`<p class="note">p50: half of the requests took at most that; p95 and p99: 95 and 99 of 100.</p>`}
</section>`
}

const SHARES = [
  [0.5, 'p50'],
  [0.95, 'p95'],
  [0.99, 'p99'],
] as const
