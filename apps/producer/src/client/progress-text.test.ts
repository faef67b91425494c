import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { renderPlainProgress, renderProgress, shownDuration, type ProgressState } from './progress-text.ts'

const state: ProgressState = {
  done: 1234,
  read: 1500,
  total: 2000,
  failed: 3,
  tiers: { extracted: 900, called: 1, direct: 330 },
  toolsMade: 12,
  toolsBeingMade: 2,
  spent: { nano: 12_345_678, unknown: 0 },
  baseline: { nano: 45_600_000, unknown: 0 },
}
const pace = { linesPerSecond: 61.7, elapsedMs: 20_000 }

test('shows where a run stands in three rows', () => {
  expect(renderProgress(state, pace, 100, false)).toEqual([
    '1,234 of 2,000 done   61.7 %   62 lines/s   12 s left   3 errors',
    'extracted 73.1 %   called 0.1 %   direct 26.8 %',
    'tools 12 made, 2 being made   spent $0.0123   baseline $0.0456 (estimate)',
  ])
})

test('does not pretend to know the end while it reads, or a price that nobody knows', () => {
  const early = { ...state, total: null, toolsBeingMade: 0, spent: { nano: 0, unknown: 7 }, baseline: { nano: 5_000_000, unknown: 2 } }
  expect(renderProgress(early, { linesPerSecond: null, elapsedMs: 61_000 }, 100, false)).toEqual([
    '1,234 done   1,500 read so far   1 min 01 s so far   3 errors',
    'extracted 73.1 %   called 0.1 %   direct 26.8 %',
    'tools 12 made   spent unknown   baseline at least $0.0050 (estimate)',
  ])
})

test('no row is wider than the terminal', () => {
  for (let width = 1; width <= 90; width++) {
    for (const isColour of [false, true]) {
      const rows = renderProgress(state, pace, width, isColour).map(stripVTControlCharacters)
      expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(width)
    }
  }
  expect(renderProgress(state, pace, 30, false)).toEqual([
    '1,234 of 2,000 done   61.7 %',
    '62 lines/s   12 s left',
    '3 errors',
    'extracted 73.1 %',
    'called 0.1 %   direct 26.8 %',
    'tools 12 made, 2 being made',
    'spent $0.0123',
    'baseline $0.0456 (estimate)',
  ])
})

test('colours change nothing but colours', () => {
  const coloured = renderProgress(state, pace, 100, true)
  expect(coloured[0]).toContain('\u001B[31m3 errors\u001B[0m')
  expect(coloured.map(stripVTControlCharacters)).toEqual(renderProgress(state, pace, 100, false))
  expect(renderProgress({ ...state, failed: 0 }, pace, 100, true)[0]).not.toContain('\u001B[31m')
})

test('the plain form is one line', () => {
  expect(
    renderPlainProgress(
      { ...state, done: 0, tiers: { extracted: 0, called: 0, direct: 0 }, failed: 1 },
      { linesPerSecond: null, elapsedMs: 0 },
    ),
  ).toBe(
    '0 of 2,000 done, 0 %, 0 s so far, 1 error, extracted –, called –, direct –, tools 12 made, 2 being made, spent $0.0123, baseline $0.0456 (estimate)',
  )
})

test('durations', () => {
  expect([0, 59_400, 60_000, 125_000, 3_600_000, 3_785_000].map(shownDuration)).toEqual([
    '0 s',
    '59 s',
    '1 min 00 s',
    '2 min 05 s',
    '1 h 00 min',
    '1 h 03 min',
  ])
})
