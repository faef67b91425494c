import type { Outcome } from '../src/index.ts'

type Status = Outcome['status']

/** A tool that does not end well, or not at all, and what is right to become of it. */
export interface Runaway {
  source: string
  /** `solve` and `extract`: in the one call that is told to run away. `load`: when the source is compiled or its module runs, so in every call of its batch. */
  strikesIn: 'solve' | 'extract' | 'load'
  /** Any of these is right; `ok` only with the result `survived`. */
  right: readonly Status[]
  /** What it leaves behind would strike the next call of its own batch: such a batch is put back before every call. */
  resetEachCall: boolean
}

/** By name. */
export type Technique = Record<string, Runaway>

/** The body of `solve`, run by the call that runs away. */
export function inSolve(right: Status | readonly Status[], body: string): Runaway {
  const source = `def solve(runs_away):\n    if not runs_away:\n        return "good"\n${indented(body)}\n`
  return { source, strikesIn: 'solve', right: [right].flat(), resetEachCall: false }
}

/** The body of `extract`, run by the call that runs away. */
export function inExtract(right: Status | readonly Status[], body: string): Runaway {
  const source = `def extract(text):\n    if text == "good":\n        return {"text": text}\n${indented(body)}\n`
  return { source, strikesIn: 'extract', right: [right].flat(), resetEachCall: false }
}

/** A whole source, which nobody needs to call. */
export function whenLoaded(right: Status | readonly Status[], source: string): Runaway {
  return {
    source: `${source}\ndef solve(runs_away):\n    return "survived"\n`,
    strikesIn: 'load',
    right: [right].flat(),
    resetEachCall: false,
  }
}

export function withResets(runaway: Runaway): Runaway {
  return { ...runaway, resetEachCall: true }
}

function indented(body: string): string {
  return body.trim().replaceAll(/^(?=.)/gm, '    ')
}
