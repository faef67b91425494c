import { shownShare } from '@toolwright/contracts'
import type { LedgerEntry, TierName } from '@toolwright/contracts'
import { families } from '@toolwright/families'
import { join } from 'node:path'
import { readResults, sampleFilesIn, writeSamples, type Result, type SampleFiles } from '../demo/samples.ts'
import { CommandError, EXIT } from '../exit-codes.ts'
import { openStand, type Stand } from '../sample-stand.ts'
import { paragraph, renderTable, type Column } from '../table.ts'
import type { Surroundings } from '../verb.ts'
import { z } from 'zod'
import { makeDataFolder } from '../folders.ts'

const WARM_UP_REQUESTS = 8_000
const Summary = z.object({ duration_seconds: z.number(), lines: z.int() })

/** Makes the tools on one stream, then times another of the same families, with models that answer at once. Returns the figures as text. */
export async function benchWarm(
  surroundings: Surroundings,
  options: { count: number; seed: number },
  signal: AbortSignal,
): Promise<string> {
  const { home } = surroundings.folders
  const toolable = families.filter(({ group }) => group !== 'untoolable')
  const files = (name: string): SampleFiles => {
    const folder = join(home, name)
    makeDataFolder(folder, { isEmpty: true })
    return sampleFilesIn(folder)
  }
  const coldFiles = files('cold')
  writeSamples(coldFiles, { families: toolable, count: WARM_UP_REQUESTS, seed: options.seed })
  const warmFiles = files('warm')
  writeSamples(warmFiles, { families: toolable, count: options.count, seed: options.seed + 1 })
  const stand = await openStand(surroundings, {
    settings: { seed: options.seed },
    counts: { producer: 1, user: 2, maker: 1, executor: 1 },
    signal,
  })
  try {
    surroundings.say('first a stream on which the tools are made')
    await timed(stand, coldFiles)
    surroundings.say('\nnow the stream that is timed')
    const { run, summary } = await timed(stand, warmFiles)
    const rows = tierRows(await readResults(warmFiles.results), await stand.space.registry.money.ledger(run))
    const perSecond = summary.lines / summary.duration_seconds
    return [
      paragraph(
        'SIMULATED models that answer at once: what is timed is everything but models, on this machine, Redis and simulator included.',
        surroundings.columns,
      ),
      '',
      `${perSecond.toFixed(0)} requests/s over ${summary.lines} requests in ${summary.duration_seconds.toFixed(1)} s, with one dispatcher, two tool users, one tool maker, two sandboxes in one executor`,
      '',
      renderTable(COLUMNS, rows, surroundings.columns),
    ].join('\n')
  } finally {
    await stand.close()
  }
}

async function timed(stand: Stand, { requests, results }: SampleFiles): Promise<{ run: string; summary: z.infer<typeof Summary> }> {
  const { code, run } = await stand.answer(requests, results)
  if (code !== EXIT.ok) throw new CommandError(code, 'the run did not end well, so there is nothing to time')
  return { run, summary: Summary.parse(await stand.space.registry.runs.summary(run)) }
}

export interface TierRow {
  tier: string
  requests: number
  all: number
  calls: number
  promptTokens: number
  outputTokens: number
}

const PURPOSE_TIERS = { call: 'called', answer: 'direct' } as const satisfies Partial<Record<LedgerEntry['purpose'], TierName>>

/** Calls and tokens by tier, and beside them what went to judging and to making tools meanwhile, which is of no tier. */
export function tierRows(results: readonly Result[], ledger: readonly LedgerEntry[]): TierRow[] {
  const rows = (['extracted', 'called', 'direct'] as const).map((tier) => {
    const own = results.filter((result) => result.tier === tier)
    const entries = ledger.filter((entry) => tierOf(entry) === tier)
    return rowOf(tier, own.length, results.length, entries)
  })
  const others = (['overhead', 'makes', 'waste'] as const).map((bucket) => {
    const name = { overhead: 'judging kinds', makes: 'making tools', waste: 'waste' }[bucket]
    return rowOf(
      name,
      results.length,
      results.length,
      ledger.filter((entry) => entry.bucket === bucket),
    )
  })
  return [...rows, ...others]
}

function tierOf({ bucket, purpose }: LedgerEntry): TierName | null {
  if (bucket !== 'results') return null
  return purpose === 'call' || purpose === 'answer' ? PURPOSE_TIERS[purpose] : null
}

function rowOf(tier: string, requests: number, all: number, entries: readonly LedgerEntry[]): TierRow {
  return {
    tier,
    requests,
    all,
    calls: entries.length,
    promptTokens: entries.reduce((sum, { tokens }) => sum + tokens.uncachedInput + tokens.cacheRead + tokens.cacheWrite, 0),
    outputTokens: entries.reduce((sum, { tokens }) => sum + tokens.output, 0),
  }
}

const COLUMNS: Column<TierRow>[] = [
  { title: 'tier', align: 'left', cell: ({ tier }) => tier },
  { title: 'requests', align: 'right', cell: ({ requests, tier }) => (isTier(tier) ? String(requests) : 'all') },
  { title: 'share', align: 'right', cell: ({ requests, all, tier }) => (isTier(tier) ? shownShare(requests, all) : '') },
  { title: 'calls/request', align: 'right', cell: ({ calls, requests }) => mean(calls, requests) },
  { title: 'prompt tokens/request', align: 'right', cell: ({ promptTokens, requests }) => mean(promptTokens, requests) },
  { title: 'output tokens/request', align: 'right', cell: ({ outputTokens, requests }) => mean(outputTokens, requests) },
]

function isTier(name: string): boolean {
  return name === 'extracted' || name === 'called' || name === 'direct'
}

function mean(sum: number, count: number): string {
  return count === 0 ? '–' : (sum / count).toFixed(2)
}
