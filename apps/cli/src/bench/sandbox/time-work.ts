import { readFileSync } from 'node:fs'
import type { Contestant } from './contestants.ts'
import { geometricMean, median } from './statistics.ts'

const SOURCE = readFileSync(new URL('python-work.py', import.meta.url), 'utf8')
const TASKS = [
  'sorting words',
  'dynamic programme',
  'prime sieve',
  'building strings',
  'big integers',
  'regular expressions',
  'JSON',
  'objects and a heap',
]

/** One task in one round. */
export interface WorkTiming {
  task: string
  sandboxMs: number
  /** Null: there is no native Python. */
  nativeMs: number | null
}

/** One round of the Python-bound tasks: each by the sandbox, then by the native process, where there is one. Throws where their answers differ. */
export async function timeWork(sandbox: Contestant, native: Contestant | null, signal: AbortSignal): Promise<WorkTiming[]> {
  const timings: WorkTiming[] = []
  for (const task of TASKS) {
    signal.throwIfAborted()
    const ours = await timed(sandbox, task)
    const theirs = native === null ? null : await timed(native, task)
    if (theirs !== null && theirs.result !== ours.result) {
      throw new Error(`${task}: the sandbox says ${String(ours.result)}, python3 ${String(theirs.result)}`)
    }
    timings.push({ task, sandboxMs: ours.ms, nativeMs: theirs?.ms ?? null })
  }
  return timings
}

async function timed(contestant: Contestant, task: string): Promise<{ result: string | null; ms: number }> {
  const startedAt = performance.now()
  const [result = null] = await contestant.run(SOURCE, [task])
  return { result, ms: performance.now() - startedAt }
}

export interface WorkFigures {
  task: string
  sandboxMs: number
  nativeMs: number | null
  /** The time of the sandbox as a multiple of native time: the median of the rounds' ratios. */
  ratio: number | null
}

export function workFigures(timings: readonly WorkTiming[]): WorkFigures[] {
  return [...Map.groupBy(timings, ({ task }) => task)].map(([task, rounds]) => {
    const native = rounds.flatMap(({ nativeMs }) => nativeMs ?? [])
    const ratios = rounds.flatMap(({ sandboxMs, nativeMs }) => (nativeMs === null ? [] : [sandboxMs / nativeMs]))
    return {
      task,
      sandboxMs: median(rounds.map(({ sandboxMs }) => sandboxMs)),
      nativeMs: native.length === 0 ? null : median(native),
      ratio: ratios.length === 0 ? null : median(ratios),
    }
  })
}

/** The geometric mean of the tasks' ratios; null where nothing was timed natively. */
export function workRatio(figures: readonly WorkFigures[]): number | null {
  const ratios = figures.flatMap(({ ratio }) => ratio ?? [])
  return ratios.length === 0 ? null : geometricMean(ratios)
}
