import type { Call, ExecutionJob, Outcome, Tool } from '@toolwright/contracts'
import { checkArguments } from './arguments.ts'

/** How long one call of a tool may take. */
export const TOOL_TIMEOUT_MS = 1_000

export type Extracted =
  | { status: 'answered'; answer: string; arguments: string }
  /** `extract` returned None, or what it returned does not fit the schema: the request goes on to the tool user. */
  | { status: 'refused'; why: string }
  /** The tool broke: `solve` raised, ran out of time or memory, or returned what is no answer. */
  | { status: 'failed'; why: string }

/** Reads what became of `extract` and `solve` on one text. Every outcome but a clean answer sends the request on. */
export function readExtracted(tool: Pick<Tool, 'schema'>, outcome: Outcome): Extracted {
  switch (outcome.status) {
    case 'ok': {
      if (outcome.arguments === null || outcome.result === null)
        return { status: 'failed', why: 'the executor gave no arguments or no result' }
      const checked = checkArguments(tool.schema, outcome.arguments)
      if (!checked.ok) return { status: 'refused', why: checked.problem }
      if (outcome.result.trim() === '') return { status: 'failed', why: 'solve returned an empty answer' }
      return { status: 'answered', answer: outcome.result, arguments: outcome.arguments }
    }
    case 'refused':
      return { status: 'refused', why: 'extract returned None' }
    case 'raised':
      return outcome.in === 'extract' ? { status: 'refused', why: outcome.message } : { status: 'failed', why: outcome.message }
    case 'timed-out':
    case 'out-of-memory':
    case 'output-too-large':
    case 'bad-result':
    case 'bad-source':
    case 'crashed':
      return { status: 'failed', why: `${outcome.status}: ${outcome.message}` }
  }
}

export type Solved = { status: 'answered'; answer: string } | { status: 'failed'; why: string }

/** Reads what became of `solve` on arguments that the tool user wrote. */
export function readSolved(outcome: Outcome): Solved {
  switch (outcome.status) {
    case 'ok':
      if (outcome.result === null || outcome.result.trim() === '') return { status: 'failed', why: 'solve returned an empty answer' }
      return { status: 'answered', answer: outcome.result }
    case 'refused':
      return { status: 'failed', why: 'the executor ran extract where solve was asked for' }
    case 'raised':
      return { status: 'failed', why: outcome.message }
    case 'timed-out':
    case 'out-of-memory':
    case 'output-too-large':
    case 'bad-result':
    case 'bad-source':
    case 'crashed':
      return { status: 'failed', why: `${outcome.status}: ${outcome.message}` }
  }
}

/** The job that runs calls of one tool: what serves and what verifies differ only in the surroundings and in how often the interpreter is reset. */
export function executionOf(
  source: string,
  calls: Call[],
  how: { surroundings: 'first' | 'second'; resetEachCall: boolean },
): ExecutionJob {
  return { v: 1, source, calls, timeoutMs: TOOL_TIMEOUT_MS, ...how }
}

/** Extract and solve, in one crossing. */
export function extractCalls(texts: string[]): Call[] {
  return texts.map((text) => ({ text, solve: true }))
}
