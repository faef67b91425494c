import { shownShare, shownUsd } from '@toolwright/contracts'
import { type Markup, markup, nothing } from './markup.ts'
import { type Money, shownMoney } from './money.ts'
import { plural } from './page-parts.ts'
import { shownCount, shownTime } from './plot-parts.ts'
import type { RunReport } from './read-run.ts'

/** Which run it is, and what it came to in a few numbers. */
export function sectionHead(report: RunReport): Markup {
  const { record, figures, totals, missing, at } = report
  const { files } = record
  const ends = [...figures.spentCurve.slice(-1), ...figures.baselineCurve.slice(-1)].map(([time]) => time)
  const took = ends.length === 0 ? '' : `, and took ${shownTime(Math.max(...ends) - record.createdAt)} until its last call or answer`
  // An older version's source ends in a hash of the path.
  const input = files === null ? record.source.replace(/ [0-9a-f]{8}$/, '') : files.input === '-' ? 'standard input' : files.input
  return markup`<header>
<h1>Run ${record.id}</h1>
<p class="soft">${stateOf(report)}. It began on ${shownInstant(record.createdAt)}${took}. It read ${input}. This page shows it as of ${shownInstant(at)}.</p>
</header>
<div class="tiles">${[
    tile(shownMoney(figures.spent), 'spent', spentNote(report)),
    ...(totals === null
      ? []
      : [
          tile(shownMoney(totals.baseline), 'baseline, an estimate', baselineNote(report)),
          savedTile(figures.spent, totals.baseline),
          tile(
            shownCount(totals.answered),
            'requests answered',
            totals.failed === 0 ? 'none failed' : `${shownCount(totals.failed)} failed`,
          ),
          ...(totals.answered === 0
            ? []
            : [
                tile(
                  shownShare(totals.tiers.extracted.lines, totals.answered),
                  'without any model call',
                  `${shownCount(totals.tiers.extracted.lines)} requests`,
                ),
              ]),
          ...lightTile(report),
        ]),
  ]}</div>
${missing === null ? nothing : missingNote(missing, totals !== null)}
${simulatedNote(report)}
${unpricedNote(report)}
${figures.unreadable === 0 ? nothing : markup`<section class="warning"><p>${plural(figures.unreadable, 'line', 'lines')} of the results could not be read as a result, and ${figures.unreadable === 1 ? 'is' : 'are'} in no figure here.</p></section>`}`
}

function stateOf({ record: { state, isCancelled, haltedBy, isPaused, ingest, written } }: RunReport): string {
  if (state === 'done') return isCancelled ? 'Cancelled' : 'Done'
  const so = `${shownCount(written)} results of ${shownCount(ingest.seq)} requests read so far`
  if (haltedBy !== null) return `Stopped: ${haltedBy} (${so})`
  return `${isPaused ? 'Paused' : 'Not done yet'}: ${so}`
}

function spentNote({ figures, budget }: RunReport): string {
  const calls = plural(figures.spent.calls, 'model call', 'model calls')
  return budget.limitNano === null ? calls : `${calls}; limit ${shownUsd(budget.limitNano)}`
}

/** A saving is unknown where a cost is, and at least what is known where only baselines are missing. */
function savedTile(spent: Money, baseline: Money): Markup {
  const nano = baseline.nano - spent.nano
  if (spent.unknown > 0 || (baseline.unknown > 0 && nano <= 0)) return tile('unknown', 'saved', 'a cost or a baseline is unknown')
  const share = baseline.nano === 0 ? '' : `${shownShare(Math.abs(nano), baseline.nano)} of the baseline`
  if (nano < 0) return tile(shownUsd(-nano), 'lost: dearer than the baseline', share)
  return tile(`${baseline.unknown > 0 ? 'at least ' : ''}${shownUsd(nano)}`, 'saved, an estimate', share)
}

function baselineNote({ estimates }: RunReport): string {
  const plusMinus = estimates?.spread.plusMinusNano ?? null
  return `${plusMinus === null ? '' : `± ${shownUsd(plusMinus)} (95 %); `}all answers by the strong model`
}

/** The second baseline. */
function lightTile({ estimates, figures }: RunReport): Markup[] {
  if (estimates === null) return []
  const { atLightNano } = estimates
  if (atLightNano === null) return [tile('unknown', 'the light model alone', 'no direct call says what it would cost')]
  const beside = figures.spent.unknown > 0 ? '' : figures.spent.nano > atLightNano ? 'less than was spent; ' : 'more than was spent; '
  return [tile(shownUsd(atLightNano), 'the light model alone, an estimate', `${beside}its answers may be worse`)]
}

function tile(value: string, what: string, note: string): Markup {
  return markup`<div class="tile"><span>${what}</span><b>${value}</b><span>${note}</span></div>`
}

function missingNote(why: string, hasSummary: boolean): Markup {
  const rest = hasSummary
    ? 'What is shown comes from the registry: the ledger, the run’s summary and the tools. How each kind fared, the baseline over time and the failures by cause are in the results alone.'
    : 'What is shown comes from the registry: the ledger and the tools. The run has no summary until its end, so the baseline and the answers are not known here.'
  return markup`<section class="warning"><p><b>The results of this run are missing:</b> ${why}. ${rest}</p></section>`
}

/** What the simulator answers is the simulator's: its price file says so (apps/simulator/prices.json). */
function simulatedNote({ figures }: RunReport): Markup {
  if (!figures.prices.some(({ price }) => /\bsimulated\b/.test(price))) return nothing
  return markup`<section class="warning"><p><b>The models of this run were simulated.</b> Nothing on this page says what a real model answers, costs or saves.</p></section>`
}

function unpricedNote({ figures }: RunReport): Markup {
  const { unknown, calls } = figures.spent
  if (unknown === 0) return nothing
  const which = unknown === calls ? 'none of the calls' : `${shownCount(unknown)} of ${shownCount(calls)} calls`
  const says = unknown === calls ? `Of ${which} is the cost known` : `The cost of ${which} is not known`
  return markup`<section class="warning"><p><b>${says}:</b> the model has no price, or its endpoint did not tell what was used. It is shown as unknown, and counted nowhere; TOOLWRIGHT_PRICES can name a file of prices for further runs.</p></section>`
}

function shownInstant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
