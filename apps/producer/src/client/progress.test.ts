import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { progressStyle, startProgress } from './progress.ts'
import type { ProgressState } from './progress-text.ts'

let state: ProgressState
beforeEach(() => {
  vi.useFakeTimers()
  state = {
    done: 0,
    read: 0,
    total: 1000,
    failed: 0,
    tiers: { extracted: 0, called: 0, direct: 0 },
    toolsMade: 0,
    toolsBeingMade: 0,
    spent: { nano: 0, unknown: 0 },
    baseline: { nano: 0, unknown: 0 },
  }
})
afterEach(() => vi.useRealTimers())

/** A terminal as far as the block needs one: it knows newlines, moving up and erasing below, and folds long rows. */
function terminal(columns: number) {
  const rows: string[] = []
  let writes = 0
  const screen = {
    isTTY: true,
    columns,
    write(text: string) {
      writes++
      // oxlint-disable-next-line no-control-regex
      for (const part of text.split(/(\r?\u001B\[\d+[AJ]|\n)/)) {
        const up = /\[(\d+)A/.exec(part)
        if (up) rows.length -= Number(up[1])
        else if (part !== '\n' && part !== '' && !part.includes('\u001B')) {
          for (let i = 0; i < part.length; i += screen.columns) rows.push(part.slice(i, i + screen.columns))
        }
      }
    },
  }
  return { screen, rows, writes: () => writes }
}

const live = { isLive: true, isColour: false }

test('redraws one block in place, at most five times a second, and only what changed', () => {
  const { screen, rows, writes } = terminal(100)
  const progress = startProgress(screen, live, () => state, Date.now)
  for (let i = 0; i < 1000; i++) {
    state.done++
    vi.advanceTimersByTime(5)
  }
  expect(writes()).toBeGreaterThan(20)
  expect(writes()).toBeLessThanOrEqual(25)
  expect(rows).toHaveLength(3)
  progress.stop()
  expect(rows[0]).toMatch(/^1,000 of 1,000 done {3}100 % {3}2\d\d lines\/s/)
  const before = writes()
  vi.advanceTimersByTime(60_000)
  expect(writes()).toBe(before)
})

test('events scroll above the block and cannot steer the terminal', () => {
  const { screen, rows } = terminal(100)
  const progress = startProgress(screen, live, () => state, Date.now)
  vi.advanceTimersByTime(200)
  progress.event('tool made: k-sort-0a1b2c v1 (extracted and called), 6 examples, $0.031')
  state.done = 10
  vi.advanceTimersByTime(200)
  progress.event('kind found: \u001B[2Jevil\r\nname')
  progress.stop()
  expect(rows).toHaveLength(5)
  expect(rows.slice(0, 3)).toEqual([
    'tool made: k-sort-0a1b2c v1 (extracted and called), 6 examples, $0.031',
    'kind found: evil name',
    expect.stringMatching(/^10 of 1,000 done/),
  ])
})

test('finds its block again when the terminal has become narrower', () => {
  const { screen, rows } = terminal(100)
  const progress = startProgress(screen, live, () => state, Date.now)
  progress.event('first')
  const wide = rows.splice(1)
  screen.columns = 30
  for (const row of wide) for (let i = 0; i < row.length; i += 30) rows.push(row.slice(i, i + 30))
  state.done = 5
  progress.stop()
  expect(rows[0]).toBe('first')
  expect(rows.filter((row) => row.includes('done'))).toEqual(['5 of 1,000 done   0.5 %'])
})

test('writes a plain line every five seconds where there is no terminal, and none without news', () => {
  const written: string[] = []
  const progress = startProgress({ write: (text) => written.push(text) }, { isLive: false, isColour: false }, () => state, Date.now)
  state.done = 100
  vi.advanceTimersByTime(5_000)
  expect(written).toEqual([expect.stringMatching(/^100 of 1,000 done, 10.0 %, 5 s so far, 0 errors, .*\n$/)])
  vi.advanceTimersByTime(20_000)
  progress.event('tool made: k-a-000000 v1')
  expect(written.slice(1)).toEqual(['tool made: k-a-000000 v1\n'])
  state.done = 200
  progress.stop()
  expect(written.at(-1)).toMatch(/^200 of 1,000 done/)
  expect(written.join('')).not.toContain('\u001B')
})

function goOn(seconds: number, perSecond: number) {
  for (let i = 0; i < seconds * 5; i++) {
    state.done += perSecond / 5
    vi.advanceTimersByTime(200)
  }
}

test('the rate is that of the last seconds', () => {
  const { screen, rows } = terminal(100)
  const progress = startProgress(screen, live, () => state, Date.now)
  goOn(20, 25)
  goOn(12, 5)
  expect(rows[0]).toContain('5.0 lines/s')
  expect(rows[0]).toContain(' left')
  progress.stop()
})

test('colours and blocks only where they are wanted', () => {
  const tty = { write: () => true, isTTY: true }
  const none = { noColor: undefined, term: 'xterm' }
  expect(progressStyle(tty, none)).toEqual({ isLive: true, isColour: true })
  expect(progressStyle(tty, { ...none, noColor: '1' })).toEqual({ isLive: true, isColour: false })
  expect(progressStyle(tty, { ...none, noColor: '' })).toEqual({ isLive: true, isColour: true })
  expect(progressStyle(tty, { ...none, term: 'dumb' })).toEqual({ isLive: false, isColour: false })
  expect(progressStyle({ write: () => true }, none)).toEqual({ isLive: false, isColour: false })
})
