import { setTimeout as delay } from 'node:timers/promises'
import { EXIT } from '../exit-codes.ts'
import { parseFlags, usageError } from '../flags.ts'
import { deliveryOf, givenRun, isFollowed, recordOf } from '../given-run.ts'
import { withSpace, type Space } from '../open-space.ts'
import { runClient } from '../run-client.ts'
import type { Verb } from '../verb.ts'

const LOOK_MS = 250

export const cancel: Verb = {
  name: 'cancel',
  summary: 'end a run for good, from any terminal; what is answered is kept and delivered',
  positionals: 'RUN',
  flags: {},
  about: `Nothing more is read, and no further call is paid for: calls under way may end. What is answered is written where the run's results go; requests without an answer are
dropped, and get no result line. The run's own command ends with exit code 3. Where that is gone already, what it had not written yet is written now: to its file, or to
this command's standard output. A cancelled run cannot be resumed. What its makes have paid for is kept for other runs.`,
  run: async (args, surroundings) => {
    const run = givenRun('cancel', parseFlags(args, {}).positionals)
    return await withSpace(surroundings, async (space) => {
      const record = await recordOf(space, run)
      if (record.state === 'done') throw usageError(`${run} is ${record.isCancelled ? 'cancelled' : 'done'} already`)
      const signal = surroundings.interruption()
      await space.registry.runs.cancel(run)
      if (await isFollowed(space, run)) surroundings.say(`cancelled ${run}: its own command writes what is answered, and ends`)
      if (await isEnded(space, run, signal)) {
        const { ingest, written } = await recordOf(space, run)
        surroundings.say(`${run} has ended: of the ${ingest.seq} requests read, ${written} have their results`)
        return EXIT.ok
      }
      if (signal.aborted) return EXIT.interrupted
      const { folders, inherited } = surroundings
      const code = await runClient({ folders, inherited, redisUrl: space.url, wish: deliveryOf(record), stop: signal })
      // That not all requests have an answer is what was asked for.
      return code === EXIT.someLinesFailed ? EXIT.ok : code
    })
  },
}

/** Waits for the end that the run's client makes of it; false where it has no client (any more). */
async function isEnded(space: Space, run: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const isAlive = await isFollowed(space, run)
    if ((await space.registry.runs.get(run))?.state === 'done') return true
    if (!isAlive) return false
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
  return false
}
