import { join } from 'node:path'
import { openSandbox } from '@toolwright/sandbox'
import { type Finding, RUNAWAYS, strike } from '@toolwright/sandbox/runaways'
import { makeDataFolder } from '../../folders.ts'
import { type Column, paragraph, renderTable } from '../../table.ts'
import type { Surroundings } from '../../verb.ts'
import { median } from './statistics.ts'
import { untilSettled } from './time-starts.ts'

/**
 * Lets every runaway loose in one child of a sandbox, one after the other.
 * Returns the findings as text, and whether every outcome was right.
 */
export async function benchRunaways(surroundings: Surroundings, signal: AbortSignal): Promise<{ text: string; isMet: boolean }> {
  const { folders, say, columns } = surroundings
  const imageFolder = join(folders.home, 'sandbox')
  makeDataFolder(imageFolder, { isEmpty: true })
  say('starting a sandbox')
  const sandbox = await openSandbox({ imageFolder, children: { first: 1, second: 0 }, log: () => undefined })
  const findings: Finding[] = []
  try {
    await untilSettled(sandbox)
    for (const [at, runaway] of RUNAWAYS.entries()) {
      const finding = await strike(sandbox, runaway, signal)
      findings.push(finding)
      for (const fault of finding.faults) say(`${nameOf(finding)}: ${fault}`)
      if ((at + 1) % 25 === 0) say(`${at + 1} of ${RUNAWAYS.length}`)
    }
  } finally {
    await sandbox.close()
  }
  const wrong = findings.filter(({ faults }) => faults.length > 0)
  const text = [
    paragraph(
      'Each runaway is one call between two good ones, or a whole batch where it strikes when its source is loaded; the next batch is of another tool. ' +
        'Recovery: from its deadline, or from the end of its batch where that came before, to the outcome of that next batch. ' +
        'A child that even the time limit inside it does not reach is killed and its batch run again, to learn which call it was.',
      columns,
    ),
    '',
    renderTable(COLUMNS, findings, columns),
    recoveryOf(
      'whose child went on',
      findings.filter(({ isChildReplaced }) => !isChildReplaced),
    ),
    recoveryOf(
      'whose child was replaced',
      findings.filter(({ isChildReplaced }) => isChildReplaced),
    ),
    `${findings.length - wrong.length} of ${findings.length} runaways ended as they should${wrong.length > 0 ? `; not so: ${wrong.map(nameOf).join(', ')}` : ''}\n`,
  ].join('\n')
  return { text, isMet: wrong.length === 0 }
}

function recoveryOf(which: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return `none ${which}`
  const times = findings.map(({ recoveryMs }) => recoveryMs)
  return `${findings.length} ${which}: recovery ${shownMs(median(times))} (median), ${shownMs(Math.max(...times))} (longest)`
}

const COLUMNS: Column<Finding>[] = [
  { title: 'runaway', align: 'left', cell: nameOf },
  { title: 'outcome', align: 'left', cell: ({ outcome }) => outcome.status },
  { title: 'neighbours', align: 'left', cell: ({ areNeighboursRight }) => (areNeighboursRight ? 'right' : 'WRONG') },
  { title: 'recovery', align: 'right', cell: ({ recoveryMs }) => shownMs(recoveryMs) },
  { title: 'child', align: 'left', cell: ({ isChildReplaced }) => (isChildReplaced ? 'replaced' : 'went on') },
  { title: 'verdict', align: 'left', cell: ({ faults }) => (faults.length === 0 ? 'right' : 'WRONG') },
]

function nameOf({ runaway: { technique, name } }: Finding): string {
  return `${technique}: ${name}`
}

function shownMs(ms: number): string {
  return `${ms.toFixed(0)} ms`
}
