import { shownShare, shownUsd } from '@toolwright/contracts'
import { families } from '@toolwright/families'
import { shownTiers } from '../demo/report.ts'
import { accountsOf, readBooks, spentOf, type Account } from '../demo/accounts.ts'
import { readResults, sampleFilesIn, writeSamples } from '../demo/samples.ts'
import { CommandError, EXIT } from '../exit-codes.ts'
import { openStand } from '../sample-stand.ts'
import { paragraph, renderTable, type Column } from '../table.ts'
import type { Surroundings } from '../verb.ts'
import { answerAll, type DirectTotals } from './direct.ts'

interface Row {
  name: string
  tools: Account
  strong: DirectTotals
  light: DirectTotals
}

/** The same mixed stream three ways: with tools, by the strong model alone, by the light model alone. Returns the table as text. */
export async function benchTiers(
  surroundings: Surroundings,
  options: { count: number; seed: number },
  signal: AbortSignal,
): Promise<string> {
  const files = sampleFilesIn(surroundings.folders.home)
  const samples = writeSamples(files, { ...options, families })
  const stand = await openStand(surroundings, {
    settings: { seed: options.seed },
    counts: { producer: 1, user: 2, maker: 1, executor: 1 },
    signal,
  })
  try {
    const { code, run } = await stand.answer(files.requests, files.results)
    if (code !== EXIT.ok) throw new CommandError(code, 'the run did not end well, so there is nothing to compare')
    await stand.stopWorkers()
    surroundings.say('\nthe same requests by the strong model alone, then by the light model alone')
    const strong = await answerAll(samples, 'strong', stand.environment, signal)
    const light = await answerAll(samples, 'light', stand.environment, signal)
    const accounts = accountsOf({ samples, results: await readResults(files.results), ...(await readBooks(stand.space, run)) })
    const rows = accounts.families.map((tools) => ({
      name: tools.name,
      tools,
      strong: strong.get(tools.name)!,
      light: light.get(tools.name)!,
    }))
    return render(rows, accounts.overheadNano, accounts.overheadCalls, surroundings.columns)
  } finally {
    await stand.close()
  }
}

const COLUMNS: Column<Row>[] = [
  { title: 'family', align: 'left', cell: ({ name }) => name },
  { title: 'requests', align: 'right', cell: ({ tools }) => String(tools.requests) },
  { title: 'tiers e/c/d %', align: 'right', cell: ({ tools }) => shownTiers(tools) },
  { title: 'calls', align: 'right', cell: ({ tools }) => String(tools.calls) },
  { title: 'cost', align: 'right', cell: ({ tools }) => shownUsd(spentOf(tools)) },
  { title: 'right', align: 'right', cell: ({ tools }) => rightOf(tools) },
  { title: 'strong', align: 'right', cell: ({ strong }) => shownUsd(strong.costNano) },
  { title: 'right', align: 'right', cell: ({ strong }) => rightOf(strong) },
  { title: 'light', align: 'right', cell: ({ light }) => shownUsd(light.costNano) },
  { title: 'right', align: 'right', cell: ({ light }) => rightOf(light) },
  { title: 'of strong', align: 'right', cell: ({ tools, strong }) => timesOf(spentOf(tools), strong.costNano) },
  { title: 'of light', align: 'right', cell: ({ tools, light }) => timesOf(spentOf(tools), light.costNano) },
]

const LEGEND =
  'Tiers, calls, cost, right: with tools, makes included. Strong, light: the cost of that model’s own answers, one call for each request, with their right answers. Of strong, of light: what it cost with tools ' +
  'as a multiple of that; above 1 the tools lose.'

function render(rows: Row[], overheadNano: number, overheadCalls: number, width: number): string {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0)
  const withTools = sum(({ tools }) => spentOf(tools)) + overheadNano
  const strong = sum((row) => row.strong.costNano)
  const light = sum((row) => row.light.costNano)
  return [
    paragraph('SIMULATED models at made-up prices: these figures show the method at work, and say nothing about any real model.', width),
    '',
    renderTable(COLUMNS, rows, width),
    paragraph(LEGEND, width),
    '',
    paragraph(
      `In all: with tools ${shownUsd(withTools)} in ${sum(({ tools }) => tools.calls) + overheadCalls} calls (${shownUsd(overheadNano)} in ${overheadCalls} of them for judging kinds, and for replies that ` +
        `nothing used); strong direct ${shownUsd(strong)}, light direct ${shownUsd(light)}, each in ${sum(({ tools }) => tools.requests)} calls. With tools it cost ${timesOf(withTools, strong)} of strong, ${timesOf(withTools, light)} of light.`,
      width,
    ),
    '',
  ].join('\n')
}

function rightOf({ right, keyed }: { right: number; keyed: number }): string {
  return keyed === 0 ? 'no key' : shownShare(right, keyed)
}

function timesOf(cost: number, other: number): string {
  return other === 0 ? '–' : `${(cost / other).toFixed(2)} x`
}
