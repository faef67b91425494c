import { shownShare, type TierName } from '@toolwright/contracts'
import { type Money, shownMoney } from './money.ts'

/** Where a run stands. Counts are lines; `spent` is all that the run has cost so far, makes included. */
export interface ProgressState {
  done: number
  read: number
  /** Null until the input has been read to its end. */
  total: number | null
  failed: number
  tiers: Record<TierName, number>
  toolsMade: number
  toolsBeingMade: number
  spent: Money
  baseline: Money
}

/** How fast it goes: lines a second over the last seconds, null while there is nothing to tell it by. */
export interface Pace {
  linesPerSecond: number | null
  elapsedMs: number
}

/** The rows of the block on a terminal, none wider than `width` columns. */
export function renderProgress(state: ProgressState, pace: Pace, width: number, isColour: boolean): string[] {
  const rows = groupsOf(state, pace).flatMap((group) => fold(group, Math.max(width, 1)))
  return isColour ? rows.map(coloured) : rows
}

/** The same as one line of plain text, for logs and pipes. */
export function renderPlainProgress(state: ProgressState, pace: Pace): string {
  return groupsOf(state, pace).flat().join(', ')
}

/** `45 s`, `2 min 05 s`, `1 h 03 min`. */
export function shownDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${twoDigits(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`
}

export function shownCount(count: number): string {
  return count.toLocaleString('en-US')
}

const SEPARATOR = '   '

function groupsOf(state: ProgressState, pace: Pace): string[][] {
  return [lines(state, pace), tiers(state), money(state)]
}

function lines(state: ProgressState, { linesPerSecond, elapsedMs }: Pace): string[] {
  const { done, read, total, failed } = state
  const counts =
    total === null
      ? [`${shownCount(done)} done`, `${shownCount(read)} read so far`]
      : [`${shownCount(done)} of ${shownCount(total)} done`, shownShare(done, total)]
  const rate = linesPerSecond === null ? [] : [`${shownRate(linesPerSecond)} lines/s`]
  return [...counts, ...rate, remaining(state, linesPerSecond) ?? `${shownDuration(elapsedMs)} so far`, errors(failed)]
}

function remaining({ done, total }: ProgressState, linesPerSecond: number | null): string | null {
  if (total === null || linesPerSecond === null || linesPerSecond <= 0 || done >= total) return null
  return `${shownDuration(((total - done) / linesPerSecond) * 1000)} left`
}

function tiers({ tiers: { extracted, called, direct } }: ProgressState): string[] {
  const answered = extracted + called + direct
  return [
    `extracted ${shownShare(extracted, answered)}`,
    `called ${shownShare(called, answered)}`,
    `direct ${shownShare(direct, answered)}`,
  ]
}

function money({ toolsMade, toolsBeingMade, spent, baseline }: ProgressState): string[] {
  const making = toolsBeingMade === 0 ? '' : `, ${shownCount(toolsBeingMade)} being made`
  return [`tools ${shownCount(toolsMade)} made${making}`, `spent ${shownMoney(spent)}`, `baseline ${shownMoney(baseline)} (estimate)`]
}

function errors(failed: number): string {
  return failed === 1 ? '1 error' : `${shownCount(failed)} errors`
}

function shownRate(linesPerSecond: number): string {
  return linesPerSecond < 10 ? linesPerSecond.toFixed(1) : shownCount(Math.round(linesPerSecond))
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0')
}

/** As many of the parts in a row as fit. A part that is too wide alone is cut: a row that wraps would spoil the next redraw. */
function fold(parts: string[], width: number): string[] {
  const rows: string[] = []
  for (const part of parts) {
    const last = rows.at(-1)
    if (last !== undefined && last.length + SEPARATOR.length + part.length <= width) rows[rows.length - 1] = `${last}${SEPARATOR}${part}`
    else rows.push(part.length <= width ? part : `${part.slice(0, width - 1)}…`)
  }
  return rows
}

const BOLD = '\u001B[1m'
const RED = '\u001B[31m'
const PLAIN = '\u001B[0m'

function coloured(row: string): string {
  return row.replace(/[\d,]+ (?:of [\d,]+ )?done/, `${BOLD}$&${PLAIN}`).replace(/(?<![\d,])[1-9][\d,]* errors?/, `${RED}$&${PLAIN}`)
}
