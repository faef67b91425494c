import type { RunRecord } from '@toolwright/registry'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EXIT } from '../exit-codes.ts'
import { parseFlags, usageError } from '../flags.ts'
import { givenRun, recordOf } from '../given-run.ts'
import { withSpace } from '../open-space.ts'
import { readRun } from '../report/read-run.ts'
import { checkTarget } from '../run-files.ts'
import type { Verb } from '../verb.ts'

const flags = {
  output: { type: 'string', value: 'FILE.html', short: 'o', about: 'where the page goes; a file that is there is overwritten (-: stdout)' },
} as const

export const report: Verb = {
  name: 'report',
  summary: 'write a page about a run: what it cost and saved, which tools paid, what failed',
  positionals: 'RUN',
  flags,
  about: `Writes one HTML file that loads nothing and runs nothing: what was spent against the baseline (an estimate) over time, the break-even of every tool, tiers, how many
answers are right where targets were given, failures by cause, and the tools with their sources and evidence. It reads the run's results where its command wrote them, and the
registry; where the results are gone, it says so and shows what the registry has (for a week after the run). A run that goes on is shown as far as it has come. The page holds
texts of requests. Example: ./toolwright report r-abcdefghij -o report.html`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const run = givenRun('report', positionals)
    const { output } = values
    if (output === undefined) throw usageError(`report needs a file to write to: ./toolwright report ${run} -o report.html`)
    if (output !== '-') checkTarget('--output', output)
    return await withSpace(surroundings, async (space) => {
      const record = await recordOf(space, run)
      if (output !== '-') checkApart(output, record)
      const read = await readRun(space.registry, record)
      // The plots' library takes a while to load, which no other command should wait for.
      const { renderPage } = await import('../report/render-page.ts')
      const page = renderPage(read)
      if (output === '-') await surroundings.print(page)
      else {
        await writeFile(output, page)
        surroundings.say(
          `the report of ${run} is in ${resolve(output)}${read.missing === null ? '' : `, without its results: ${read.missing}`}`,
        )
      }
      return EXIT.ok
    })
  },
}

/** What the run reads and writes is not to be written over. */
function checkApart(output: string, { files }: RunRecord): void {
  if (files === null) return
  const own = [files.input, files.output, files.errors].find((path) => path === resolve(output))
  if (own !== undefined) throw usageError(`--output ${output} is a file of the run itself: choose another one`)
}
