import { stripVTControlCharacters } from 'node:util'
import { renderPlainProgress, renderProgress, type Pace, type ProgressState } from './progress-text.ts'

/** What the driver needs of stderr. */
export interface Screen {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface ProgressStyle {
  /** A block that is redrawn in place; else plain lines. */
  isLive: boolean
  isColour: boolean
}

export interface Progress {
  /** Something happened that is worth a line of its own ("tool made: …"); it stays above the block. */
  event: (text: string) => void
  /** Draws the last state and leaves it standing. */
  stop(): void
}

const REDRAW_MS = 200
const PLAIN_LINE_MS = 5_000
const PACE_WINDOW_MS = 10_000

/** From `NO_COLOR` and `TERM` of the environment: no colour where one is set to anything, no block on a dumb terminal or none. */
export function progressStyle(screen: Screen, environment: { noColor: string | undefined; term: string | undefined }): ProgressStyle {
  const isLive = screen.isTTY === true && environment.term !== 'dumb'
  return { isLive, isColour: isLive && !environment.noColor }
}

/**
 * Shows how a run goes on until stopped: at most five redraws a second on a terminal, a line every five seconds elsewhere, both only when something changed.
 * `state` is asked when something is drawn. `now`: milliseconds on a clock that never goes back.
 */
export function startProgress(screen: Screen, style: ProgressStyle, state: () => ProgressState, now: () => number): Progress {
  const pace = createPace(now)
  return style.isLive ? liveProgress(screen, style.isColour, state, pace) : plainProgress(screen, state, pace)
}

function liveProgress(screen: Screen, isColour: boolean, state: () => ProgressState, pace: (done: number) => Pace): Progress {
  let drawn: string[] = []
  let shown = ''

  const width = () => screen.columns ?? 80
  /** Back to the block's first column and row; a terminal made narrower since has folded its rows into more. */
  const erasing = () => {
    const rows = drawn.reduce((sum, row) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(row).length / width())), 0)
    return rows === 0 ? '' : `\r\u001B[${rows}A\u001B[0J`
  }
  const draw = (above: string) => {
    const current = state()
    // One column is left free: some terminals wrap after writing into the last one.
    const rows = renderProgress(current, pace(current.done), width() - 1, isColour)
    const text = rows.map((row) => `${row}\n`).join('')
    if (text === shown && above === '') return
    screen.write(`${erasing()}${above}${text}`)
    drawn = rows
    shown = text
  }
  const timer = setInterval(() => draw(''), REDRAW_MS).unref()
  return {
    event: (text) => draw(`${printable(text)}\n`),
    stop: () => {
      clearInterval(timer)
      if (hasBegun(state())) draw('')
    },
  }
}

function plainProgress(screen: Screen, state: () => ProgressState, pace: (done: number) => Pace): Progress {
  let shown = ''
  const draw = () => {
    const current = state()
    const { linesPerSecond, elapsedMs } = pace(current.done)
    // Time alone is no news.
    const key = JSON.stringify(current)
    if (key === shown) return
    shown = key
    screen.write(`${renderPlainProgress(current, { linesPerSecond, elapsedMs })}\n`)
  }
  const timer = setInterval(draw, PLAIN_LINE_MS).unref()
  return {
    event: (text) => void screen.write(`${printable(text)}\n`),
    stop: () => {
      clearInterval(timer)
      if (hasBegun(state())) draw()
    },
  }
}

/** Of an input that turns out to hold nothing, zeros are no news. */
function hasBegun({ read, done }: ProgressState): boolean {
  return read > 0 || done > 0
}

/** Lines a second over the last ten seconds, from the counts at the moments when something was drawn. */
function createPace(now: () => number): (done: number) => Pace {
  const startedAt = now()
  const samples: { at: number; done: number }[] = []
  return (done) => {
    const at = now()
    samples.push({ at, done })
    while (samples.length > 2 && at - samples[1]!.at >= PACE_WINDOW_MS) samples.shift()
    const first = samples[0]!
    const elapsed = at - first.at
    // Under half a second the figure jumps about and says nothing.
    const linesPerSecond = elapsed < 500 || done === first.done ? null : ((done - first.done) / elapsed) * 1000
    return { linesPerSecond, elapsedMs: at - startedAt }
  }
}

/** Names of kinds are users' text: none of it may steer the terminal. */
function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, ' ')
}
