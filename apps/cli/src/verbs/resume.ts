import { RunId } from '@toolwright/contracts'
import type { RunFiles, RunRecord } from '@toolwright/registry'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { parseFlags, usageError, wholeNumber } from '../flags.ts'
import type { RunWish } from '../run-client.ts'
import { checkInput, checkTargets, graceOf, maxCostOf, RUN_FLAGS, targetsOf } from '../run-files.ts'
import { runInSpace } from '../run-with-stages.ts'
import type { Verb } from '../verb.ts'

const flags = {
  output: { ...RUN_FLAGS.output, about: 'the file with the results so far, where it has been moved' },
  errors: { ...RUN_FLAGS.errors, about: 'the file with the lines that failed, where it has been moved' },
  limit: { ...RUN_FLAGS.limit, about: 'read at most this many requests in all (default: as before)' },
  'max-cost-usd': RUN_FLAGS['max-cost-usd'],
  grace: RUN_FLAGS.grace,
  'no-workers': RUN_FLAGS['no-workers'],
  json: RUN_FLAGS.json,
} as const

export const resume: Verb = {
  name: 'resume',
  summary: 'go on with a run that was interrupted, where it was',
  positionals: 'RUN [IN.jsonl|-]',
  flags,
  about: `Goes on with the files and settings that the run was begun with, and pays for nothing twice that had been stored. The input must still be what it was as far as it was
read, which is looked at first; more may follow, and a run that is done answers what has been added since. Where the file has been moved, name it; a run that read its
standard input needs the same again, from its beginning: ./toolwright resume RUN - < requests.jsonl. What had gone to standard output is not written again. A run that nobody comes back to
for 30 days (TOOLWRIGHT_RUN_DAYS of the maker) is deleted, with the answers that waited for it.

A run that is paused because it would have cost more than --max-cost-usd goes on with a higher one; "none" lifts it.

The models, keys and prices are those of the environment now, as for ./toolwright run. ./toolwright status lists the latest runs.`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const [run, input, ...rest] = positionals
    if (run === undefined || rest.length > 0)
      throw usageError('resume takes a run, such as r-abcdefghij, and its input where that has been moved')
    if (!RunId.safeParse(run).success) throw usageError(`${run}: a run id looks like r-abcdefghij (r- and ten of a-z, 2-7)`)
    const graceMs = graceOf(values)
    const maxCostNano = maxCostOf(values)
    const limit = wholeNumber('--limit', values.limit, 1, null)
    const wishOf = (record: RunRecord | null): RunWish => {
      if (record === null) throw usageError(`there is no run ${run} here: ./toolwright status lists the latest`)
      const { files, settings } = record
      if (files === null) throw usageError(`run ${run} was begun by an older version: go on with the same command and --run-id ${run}`)
      const targets = targetsOf(values, files)
      const from = inputOf(record, files, input)
      checkTargets(targets, from)
      return {
        input: from,
        retries: files.retries,
        ...targets,
        run,
        limit: limit ?? files.limit,
        settings,
        maxCostNano,
        json: values.json ?? false,
        graceMs,
      }
    }
    return await runInSpace(surroundings, async ({ registry }) => wishOf(await registry.runs.get(run)), {
      startsWorkers: !values['no-workers'],
    })
  },
}

/** What is to be read: what was named now, or what was read before. */
function inputOf({ id, ingest }: RunRecord, { input, host, retries }: RunFiles, given: string | undefined): string {
  if (given !== undefined) {
    checkInput(given)
    return given === '-' ? given : resolve(given)
  }
  // Its input is kept in Redis.
  if (retries !== null) return input
  if (input === '-') {
    // All of it has been read: nothing is asked of it any more.
    if (ingest.isDone) return input
    throw usageError(
      `run ${id} read its standard input, which is kept nowhere: give the same again, from its beginning, as in ./toolwright resume ${id} - < requests.jsonl`,
    )
  }
  if (!existsSync(input)) {
    const where = host === hostname() ? '' : ` on ${host}`
    throw usageError(
      `run ${id} reads ${input}${where}, and there is no such file here: name it where it has been moved, ./toolwright resume ${id} FILE`,
    )
  }
  checkInput(input)
  return input
}
