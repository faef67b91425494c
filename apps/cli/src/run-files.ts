import { nanoOfUsd } from '@toolwright/contracts'
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { CommandError, EXIT } from './exit-codes.ts'
import { usageError, wholeNumber } from './flags.ts'

/** Flags of every verb that follows a run. */
export const RUN_FLAGS = {
  output: { type: 'string', value: 'OUT.jsonl', short: 'o', about: 'where the results go (default: stdout)' },
  errors: { type: 'string', value: 'FILE', about: 'where lines that failed go (default: among the results)' },
  limit: { type: 'string', value: 'N', about: 'read at most this many requests' },
  'max-cost-usd': { type: 'string', value: 'N|none', about: 'pause before the run has cost more than this many dollars' },
  grace: { type: 'string', value: 'SECONDS', about: 'how long Ctrl-C waits for what is under way (default 10)' },
  'no-workers': { type: 'boolean', about: 'start no stage: the workers of this Redis do the work, now or later' },
  json: { type: 'boolean', about: 'the summary as JSON (on stdout; with results there, on stderr)' },
} as const

/** Where results go: whole paths; null for stdout, and for errors among the results. */
export interface Targets {
  output: string | null
  errors: string | null
}

/** What flags say, and where they say nothing, `before`. */
export function targetsOf(
  { output, errors }: { output?: string; errors?: string },
  before: Targets = { output: null, errors: null },
): Targets {
  return {
    output: output === undefined ? before.output : output === '-' ? null : resolve(output),
    errors: errors === undefined ? before.errors : resolve(errors),
  }
}

/** Nano-dollars; null: without limit; undefined: nothing is said of it. */
export function maxCostOf(values: { 'max-cost-usd'?: string }): number | null | undefined {
  const text = values['max-cost-usd']
  if (text === undefined) return undefined
  if (text === 'none') return null
  const nano = nanoOfUsd(text)
  if (nano === null || nano < 0) throw usageError(`--max-cost-usd takes dollars such as 20 or 0.50, or none, not "${text}"`)
  return nano
}

/** In milliseconds. */
export function graceOf({ grace }: { grace?: string }): number {
  return wholeNumber('--grace', grace, 0, 10) * 1_000
}

/** Throws a usage error for what no requests can be read from. */
export function checkInput(input: string): void {
  if (input === '-') return
  const found = statSync(input, { throwIfNoEntry: false })
  if (!found) throw usageError(`there is no file ${input}: give the file with the requests, or - for stdin`)
  if (found.isDirectory()) throw usageError(`${input} is a folder: give the file with the requests, one JSON object a line`)
  if (found.isFile() && found.size === 0) throw usageError(`${input} is empty: each line is a request, such as {"input": "…"}`)
  try {
    accessSync(input, constants.R_OK)
  } catch (error) {
    throw new CommandError(EXIT.usage, `${input} may not be read: no permission (chmod, or another file)`, { cause: error })
  }
}

/** Throws a usage error for a place that cannot be written to, or that is the input itself. */
export function checkTargets({ output, errors }: Targets, input: string): void {
  for (const [flag, path] of [
    ['--output', output],
    ['--errors', errors],
  ] as const) {
    if (path === null) continue
    checkTarget(flag, path)
    if (input !== '-' && path === resolve(input)) throw usageError(`${flag} ${path} is the input itself: choose another file`)
  }
}

/** Throws a usage error for a place that cannot be written to; `flag` is what named it. */
export function checkTarget(flag: string, path: string): void {
  const folder = dirname(resolve(path))
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw usageError(`${flag} ${path}: there is no folder ${folder}`)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) throw usageError(`${flag} ${path} is a folder: give a file in it`)
  try {
    accessSync(found ? path : folder, constants.W_OK)
  } catch (error) {
    const what = found ? path : `the folder ${folder}`
    throw new CommandError(EXIT.usage, `${flag} ${path}: ${what} may not be written to; choose another place`, { cause: error })
  }
}
