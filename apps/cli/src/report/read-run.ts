import type { Tool } from '@toolwright/contracts'
import {
  baselineSpread,
  type BaselineSpread,
  type Budget,
  type Kind,
  type KindMoney,
  type Latencies,
  lightAnswerNano,
  type Registry,
  type RunRecord,
  type Sums,
  type Uncertain,
} from '@toolwright/registry'
import { accessSync, constants, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { type Figures, figuresOf, type Totals } from './figures.ts'
import { readResultLines, type ResultLine } from './result-lines.ts'
import { estimatesOfSummary, totalsOfSummary } from './summary-totals.ts'

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
  /** What the totals' baseline rests on; null without totals. */
  estimates: Estimates | null
  /** How long its answered requests took. */
  latencies: Latencies
  sums: Sums[]
  budget: Budget
  uncertain: Uncertain
  /** Of the kinds that the run had requests of, or paid makes for, as far as they are known still. */
  kinds: Map<string, { kind: Kind; tools: Tool[] }>
  /** What one request of a kind would cost at the light model directly, in nano-dollars; null where it is not known. */
  lightNano: Map<string, number | null>
}

export interface Estimates {
  /** How far the baseline may be off. */
  spread: BaselineSpread
  /** What all answered requests would have cost at the light model directly, in nano-dollars; null where it is not known. */
  atLightNano: number | null
}

export type ReadableRegistry = Pick<Registry, 'runs' | 'money' | 'kinds' | 'tools' | 'totals'>

/** Reads a run's figures; results that are not to be had are left out, and `missing` says why. */
export async function readRun({ runs, money, kinds, tools, totals }: ReadableRegistry, record: RunRecord): Promise<RunReport> {
  const run = record.id
  const missing = whyMissing(record)
  const figures = await figuresOf(money.entries(run), missing === null ? linesOf(record) : none())
  const found: RunReport['kinds'] = new Map()
  const moneyOf = new Map<string, KindMoney>()
  for (const { id } of figures.kinds) {
    moneyOf.set(id, await money.ofKind(id))
    const kind = await kinds.get(id)
    if (kind !== null) found.set(id, { kind, tools: kind.versions === 0 ? [] : await tools.versions(id) })
  }
  const all = await money.ofKind(null)
  const lightNano = new Map([...moneyOf].map(([id, own]) => [id, lightAnswerNano(own, all)]))
  const summary = missing === null ? null : await runs.summary(run)
  return {
    record,
    at: Date.now(),
    figures,
    totals: missing === null ? figures.totals : totalsOfSummary(summary),
    estimates: missing === null ? estimatesOf(figures, moneyOf, all) : estimatesOfSummary(summary),
    latencies: await totals.latencies(run),
    lightNano,
    missing,
    sums: await money.sums(run),
    budget: await money.budget({ run }),
    uncertain: await money.uncertain(run),
    kinds: found,
  }
}

function estimatesOf({ kinds, withoutKind }: Figures, moneyOf: ReadonlyMap<string, KindMoney>, all: KindMoney): Estimates {
  const estimated = kinds.map(({ id, measured, assumed }) => ({ measured, assumed, money: moneyOf.get(id) ?? null }))
  const requests = [...kinds.map(({ id, answered }) => ({ id, answered })), { id: '', answered: withoutKind.answered }]
  const atLight = requests.map(({ id, answered }) => {
    const each = lightAnswerNano(moneyOf.get(id) ?? null, all)
    return each === null ? null : Math.round(answered * each)
  })
  return {
    spread: baselineSpread([...estimated, { measured: 0, assumed: withoutKind.assumed, money: null }]),
    atLightNano: atLight.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0),
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
