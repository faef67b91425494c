import { newRunId } from '@toolwright/contracts'
import { parseFlags, usageError } from '../flags.ts'
import { checkedRun, givenRun, recordOf } from '../given-run.ts'
import { checkTargets, graceOf, maxCostOf, RUN_FLAGS, targetsOf } from '../run-files.ts'
import { runInSpace } from '../run-with-stages.ts'
import type { Verb } from '../verb.ts'

const flags = {
  output: RUN_FLAGS.output,
  errors: RUN_FLAGS.errors,
  'run-id': { type: 'string', value: 'ID', about: 'a name for the new run, such as r-abcdefghij' },
  'max-cost-usd': RUN_FLAGS['max-cost-usd'],
  grace: RUN_FLAGS.grace,
  'no-workers': RUN_FLAGS['no-workers'],
  json: RUN_FLAGS.json,
} as const

export const retryFailed: Verb = {
  name: 'retry-failed',
  summary: "try a run's failed requests once more, as a run of their own",
  positionals: 'RUN',
  flags,
  about: `Takes the requests of a run that is done whose results are errors, and answers them in a new run with the same settings. They keep their ids, and are numbered anew; the
results go to a file of their own, and those of RUN stay as they are. What fails again can be tried again from the new run. Interrupted, it is resumed as any other.

Of each run up to 10,000 failed requests are kept (32 MB), for a week after its end, or until they were tried again or ./toolwright forget. Input lines that are no requests
have nothing to be tried again: mend them in the input. Example: ./toolwright retry-failed r-abcdefghij -o again.jsonl`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const failed = givenRun('retry-failed', positionals)
    const run = values['run-id'] === undefined ? newRunId() : checkedRun(values['run-id'])
    const targets = targetsOf(values)
    checkTargets(targets, '-')
    return await runInSpace(
      surroundings,
      async (space) => {
        const { state, settings } = await recordOf(space, failed)
        if (state !== 'done')
          throw usageError(`${failed} is not done: ./toolwright resume ${failed} goes on with it, ./toolwright cancel ${failed} ends it`)
        if (run === failed) throw usageError(`--run-id ${run} is the run that is done: the requests that failed get a run of another id`)
        if ((await space.registry.failures.count(failed)) === 0)
          throw usageError(
            `no failed requests of ${failed} are kept: none failed, or they were tried again, or that is more than a week ago`,
          )
        const graceMs = graceOf(values)
        return {
          input: '-',
          retries: failed,
          ...targets,
          run,
          limit: null,
          settings,
          maxCostNano: maxCostOf(values),
          json: values.json ?? false,
          graceMs,
        }
      },
      { startsWorkers: !values['no-workers'] },
    )
  },
}
