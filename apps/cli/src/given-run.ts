import { RunId } from '@toolwright/contracts'
import type { RunFiles, RunRecord } from '@toolwright/registry'
import { hostname } from 'node:os'
import { CommandError, EXIT } from './exit-codes.ts'
import { usageError } from './flags.ts'
import type { Space } from './open-space.ts'
import type { RunWish } from './run-client.ts'

/** The one run that a verb takes. Throws a usage error where it is given none, or something else. */
export function givenRun(verb: string, positionals: readonly string[]): string {
  const [run, ...rest] = positionals
  if (run === undefined || rest.length > 0)
    throw usageError(`${verb} takes one run, such as r-abcdefghij: ./toolwright status lists the latest`)
  return checkedRun(run)
}

export function checkedRun(run: string): string {
  if (!RunId.safeParse(run).success) throw usageError(`${run}: a run id looks like r-abcdefghij (r- and ten of a-z, 2-7)`)
  return run
}

/** Its record; whoever asks for it keeps it from expiring. Throws a usage error where it is not there. */
export async function recordOf({ registry }: Space, run: string): Promise<RunRecord> {
  const record = await registry.runs.get(run)
  if (record === null) throw usageError(`there is no run ${run} here: ./toolwright status lists the latest`)
  await registry.runs.attend(run)
  return record
}

export async function isFollowed({ queues }: Pick<Space, 'queues'>, run: string): Promise<boolean> {
  return (await queues.workersOf('results', run)) > 0
}

/** What a client is asked that delivers what is ready, and reads no further. Throws where the files of the run's results are not to be had. */
export function deliveryOf({ id, files, settings }: RunRecord): RunWish {
  const { input, output, errors, limit } = filesOfRun({ id, files })
  return { input, output, errors, run: id, limit, settings, json: false, readsOn: false }
}

/** Where its client reads and writes, on this machine. */
export function filesOfRun({ id, files }: Pick<RunRecord, 'id' | 'files'>): RunFiles {
  if (files === null) throw usageError(`run ${id} was begun by an older version, which did not note where its results are`)
  if (files.output !== null && files.host !== hostname())
    throw new CommandError(EXIT.usage, `the results of run ${id} are in ${files.output} on ${files.host}: give the command there`)
  return files
}
