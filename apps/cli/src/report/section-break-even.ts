import { shownUsd } from '@toolwright/contracts'
import { besideLight, breakEvenOf, netOf, ownNano, verdictOf } from '../break-even.ts'
import type { KindFigures } from './kind-figures.ts'
import { type Markup, markup, nothing } from './markup.ts'
import { shownMoney } from './money.ts'
import { bestAndWorst, kindName, pageTable, plural } from './page-parts.ts'
import { plotBreakEven, plotNets } from './plot-break-even.ts'
import { shownCount, shownNet } from './plot-parts.ts'
import type { RunReport } from './read-run.ts'

const BARS = 40
const CURVES = 24
const ROWS = 300
const MADE_BEFORE = 'made before this run, which paid nothing for it'

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
<p>A tool starts at what all makes for its kind cost in this run, those that failed among them. Each answer of the tool then adds what it saved: the baseline (an estimate) less the answer’s own calls. ${tally(concerned)} ${lightTally(report, concerned)}</p>
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
  const { style, short, more } = verdictOf(kind, MADE_BEFORE)
  return markup`<div class="card"><h3 class="clip">${kindName(report, kind.id)}</h3><small>${kind.id}</small>
<p class="verdict ${style}">${short}${more}</p>
<p class="soft">Making it cost ${shownMoney(kind.makes)}; ${plural(kind.uses, 'use', 'uses')}; a use saved ${shownPerUse(kind)}.${isDearer(report, kind) ? ' With its makes, a use is dearer than the light model answering directly.' : ''}</p>
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
    { title: 'Break-even', isNumber: false, cell: (kind: KindFigures) => verdictOf(kind, MADE_BEFORE).short },
    { title: 'Beside the light model', isNumber: false, cell: (kind: KindFigures) => shownLight(report, kind) },
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

function isDearer({ lightNano }: RunReport, kind: KindFigures): boolean {
  return besideLight(kind, lightNano.get(kind.id) ?? null) === 'dearer'
}

function shownLight({ lightNano }: RunReport, kind: KindFigures): Markup | string {
  const light = lightNano.get(kind.id) ?? null
  const own = ownNano(kind)
  if (kind.uses === 0) return '–'
  if (light === null || own === null) return 'unknown'
  return markup`${besideLight(kind, light)}<small>${shownUsd(Math.round(own))} a use, the light model ${shownUsd(Math.round(light))}</small>`
}

/** The second baseline, in words. */
function lightTally(report: RunReport, kinds: readonly KindFigures[]): string {
  const known = kinds.filter(({ id, uses }) => uses > 0 && report.lightNano.get(id) != null)
  if (known.length === 0) return ''
  const dearer = known.filter((kind) => isDearer(report, kind)).length
  return `Beside the light model answering directly (an estimate; its answers may be worse), ${dearer === 0 ? 'none' : shownCount(dearer)} of the ${plural(known.length, 'tool', 'tools')} that answered ${dearer === 1 ? 'is' : 'are'} dearer so far, makes included.`
}

function tally(kinds: readonly KindFigures[]): string {
  const count = (status: ReturnType<typeof breakEvenOf>['status']) => kinds.filter((kind) => breakEvenOf(kind).status === status).length
  const parts = [
    [count('paid'), 'paid'],
    [count('not yet'), 'not yet'],
    [count('never used'), 'without a tool that answered'],
    [count('made before'), 'made before this run'],
    [count('free'), 'made for nothing'],
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
