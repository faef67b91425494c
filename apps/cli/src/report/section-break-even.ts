import { shownUsd } from '@toolwright/contracts'
import { breakEvenOf, type KindFigures, netOf } from './kind-figures.ts'
import { type Markup, markup, nothing } from './markup.ts'
import { shownMoney } from './money.ts'
import { bestAndWorst, kindName, pageTable, plural } from './page-parts.ts'
import { plotBreakEven, plotNets } from './plot-break-even.ts'
import { shownCount, shownNet } from './plot-parts.ts'
import type { RunReport } from './read-run.ts'

const BARS = 40
const CURVES = 24
const ROWS = 300

/** What making each tool cost, what its uses saved, and whether it has paid; losing ones like winning ones. */
export function sectionBreakEven(report: RunReport): Markup {
  const { figures, missing } = report
  const concerned = figures.kinds.filter(({ makes, uses }) => makes.calls > 0 || uses > 0)
  const title = markup`<h2>Has each tool paid for itself?</h2>`
  if (concerned.length === 0) return markup`<section>${title}<p>This run made no tool and used none.</p></section>`
  const sorted = concerned.toSorted((a, b) => (netOf(b) ?? -Infinity) - (netOf(a) ?? -Infinity) || b.requests - a.requests)
  const table = markup`${pageTable(columnsOf(report), bestAndWorst(sorted, ROWS))}${leftOut(sorted.length, ROWS, 'rows')}`
  if (missing !== null) {
    return markup`<section>${title}<p>What the uses of each tool saved is in the results alone, which are missing. This is what making them cost in this run.</p>${table}</section>`
  }
  const known = sorted.filter((kind) => netOf(kind) !== null)
  const paidFor = known.filter(({ makes, uses }) => makes.calls > 0 && uses > 0)
  const curves = bestAndWorst(paidFor, CURVES)
  return markup`<section>${title}
<p>A tool starts at what all makes for its kind cost in this run, those that failed among them. Each answer of the tool then adds what it saved: the baseline (an estimate) less the answer’s own calls. ${tally(concerned)}</p>
${known.length === 0 ? nothing : bars(report, known)}
<div class="cards">${curves.map((kind) => card(report, kind))}</div>
${leftOut(paidFor.length, CURVES, 'curves')}
${table}
</section>`
}

function bars(report: RunReport, kinds: readonly KindFigures[]): Markup {
  return markup`${plotNets(bestAndWorst(kinds, BARS), ({ id }) => kindName(report, id))}
<p class="note">Plain bars: what tools earned beyond their cost. Striped bars: what they lack to have paid for it; where no tool has answered, all that its makes cost.${leftOutText(kinds.length, BARS, 'bars')}</p>`
}

function card(report: RunReport, kind: KindFigures): Markup {
  const { style, short, more } = verdictOf(kind)
  return markup`<div class="card"><h3 class="clip">${kindName(report, kind.id)}</h3><small>${kind.id}</small>
<p class="verdict ${style}">${short}${more}</p>
<p class="soft">Making it cost ${shownMoney(kind.makes)}; ${plural(kind.uses, 'use', 'uses')}; a use saved ${shownPerUse(kind)}.</p>
${plotBreakEven(kind)}</div>`
}

function columnsOf(report: RunReport) {
  const hasResults = report.missing === null
  const all = [
    {
      title: 'Kind',
      isNumber: false,
      cell: ({ id }: KindFigures) => markup`<span class="clip">${kindName(report, id)}</span><small>${id}</small>`,
    },
    { title: 'Making cost', isNumber: true, cell: ({ makes }: KindFigures) => (makes.calls === 0 ? 'none here' : shownMoney(makes)) },
    { title: 'Uses', isNumber: true, cell: ({ uses }: KindFigures) => shownCount(uses) },
    { title: 'A use saved', isNumber: true, cell: shownPerUse },
    { title: 'Saved in all', isNumber: true, cell: ({ uses, saved }: KindFigures) => (uses === 0 ? '–' : shownSaved(saved)) },
    { title: 'Earned or lost', isNumber: true, cell: (kind: KindFigures) => shownKindNet(kind) },
    { title: 'Break-even', isNumber: false, cell: (kind: KindFigures) => verdictOf(kind).short },
  ]
  return hasResults ? all : all.slice(0, 2)
}

function shownKindNet(kind: KindFigures): string {
  const net = netOf(kind)
  return net === null ? 'unknown' : shownNet(net)
}

/** Savings may be negative: what is known of them is no bound of the whole. */
function shownSaved({ nano, unknown }: KindFigures['saved']): string {
  return unknown === 0 ? shownNet(nano) : `${shownNet(nano)}, without ${plural(unknown, 'unknown use', 'unknown uses')}`
}

function shownPerUse({ uses, saved }: KindFigures): string {
  const known = uses - saved.unknown
  return uses === 0 ? '–' : known === 0 ? 'unknown' : shownNet(Math.round(saved.nano / known))
}

/** In words, which the style only repeats; `more` goes on with what a table has in a column of its own. */
function verdictOf(kind: KindFigures): { style: '' | 'gain' | 'loss'; short: string; more: string } {
  const breakEven = breakEvenOf(kind)
  switch (breakEven.status) {
    case 'made before':
      return { style: '', short: 'made before this run, which paid nothing for it', more: '' }
    case 'never used':
      return { style: 'loss', short: 'no tool has answered', more: `: ${shownUsd(breakEven.lostNano)} not earned back` }
    case 'paid':
      return {
        style: 'gain',
        short: `paid after ${plural(breakEven.after, 'use', 'uses')}`,
        more: `, ${shownUsd(breakEven.earnedNano)} earned since`,
      }
    case 'not yet': {
      const uses =
        breakEven.moreUses === null ? 'a use saves nothing' : `about ${plural(breakEven.moreUses, 'more use', 'more uses')} would pay it`
      return { style: 'loss', short: `not paid: ${uses}`, more: `, ${shownUsd(breakEven.missingNano)} to go` }
    }
    case 'unknown':
      return { style: '', short: 'unknown: a price is not known', more: '' }
  }
}

function tally(kinds: readonly KindFigures[]): string {
  const count = (status: ReturnType<typeof breakEvenOf>['status']) => kinds.filter((kind) => breakEvenOf(kind).status === status).length
  const parts = [
    [count('paid'), 'paid'],
    [count('not yet'), 'not yet'],
    [count('never used'), 'without a tool that answered'],
    [count('made before'), 'made before this run'],
    [count('unknown'), 'unknown'],
  ] as const
  return `Of ${plural(kinds.length, 'kind', 'kinds')}: ${parts
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${shownCount(number)} ${what}`)
    .join(', ')}.`
}

function leftOut(count: number, room: number, what: string): Markup {
  return count <= room ? nothing : markup`<p class="note">${leftOutText(count, room, what).trim()}</p>`
}

function leftOutText(count: number, room: number, what: string): string {
  return count <= room ? '' : ` The ${room / 2} best and the ${room / 2} worst of ${shownCount(count)} have ${what} here.`
}
