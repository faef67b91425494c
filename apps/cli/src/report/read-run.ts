import type { Tool } from '@toolwright/contracts'
import type { Budget, Kind, Registry, RunRecord, Sums, Uncertain } from '@toolwright/registry'
import { accessSync, constants, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { type Figures, figuresOf, type Totals } from './figures.ts'
import { readResultLines, type ResultLine } from './result-lines.ts'
import { totalsOfSummary } from './summary-totals.ts'

/** All that a report shows of a run. */
export interface RunReport {
  record: RunRecord
  /** When it was looked at, in milliseconds since the epoch. */
  at: number
  figures: Figures
  /** Of the run's results, or where these are not to be had of its summary; null: of neither. */
  totals: Totals | null
  /** Why the results are not to be had, or null: they were read. */
  missing: string | null
  sums: Sums[]
  budget: Budget
  uncertain: Uncertain
  /** Of the kinds that the run had requests of, or paid makes for, as far as they are known still. */
  kinds: Map<string, { kind: Kind; tools: Tool[] }>
}

export type ReadableRegistry = Pick<Registry, 'runs' | 'money' | 'kinds' | 'tools'>

/** Reads a run's figures; results that are not to be had are left out, and `missing` says why. */
export async function readRun({ runs, money, kinds, tools }: ReadableRegistry, record: RunRecord): Promise<RunReport> {
  const run = record.id
  const missing = whyMissing(record)
  const figures = await figuresOf(money.entries(run), missing === null ? linesOf(record) : none())
  const found: RunReport['kinds'] = new Map()
  for (const { id } of figures.kinds) {
    const kind = await kinds.get(id)
    if (kind !== null) found.set(id, { kind, tools: kind.versions === 0 ? [] : await tools.versions(id) })
  }
  return {
    record,
    at: Date.now(),
    figures,
    totals: missing === null ? figures.totals : totalsOfSummary(await runs.summary(run)),
    missing,
    sums: await money.sums(run),
    budget: await money.budget({ run }),
    uncertain: await money.uncertain(run),
    kinds: found,
  }
}

function whyMissing({ files }: RunRecord): string | null {
  if (files === null) return 'an older version began the run, and did not note where its results went'
  const { output, host } = files
  if (output === null) return 'they went to the standard output of its command, and are kept nowhere else'
  if (host !== hostname()) return `they are in ${output} on ${host}, and this report was made on ${hostname()}`
  if (!isReadable(output)) return `they went to ${output}, and there is no such file any more that may be read`
  return null
}

async function* linesOf({ id, files }: RunRecord): AsyncGenerator<ResultLine | null> {
  // Without an output the lines are missing.
  yield* readResultLines(files!.output!, id)
  if (files!.errors !== null && files!.errors !== files!.output && isReadable(files!.errors)) yield* readResultLines(files!.errors, id)
}

async function* none(): AsyncGenerator<never> {}

function isReadable(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return false
    throw error
  }
}
