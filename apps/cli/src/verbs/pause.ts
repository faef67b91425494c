import { EXIT } from '../exit-codes.ts'
import { parseFlags, usageError } from '../flags.ts'
import { givenRun, isFollowed, recordOf } from '../given-run.ts'
import { withSpace, type Space } from '../open-space.ts'
import type { Verb } from '../verb.ts'

export const pause: Verb = {
  name: 'pause',
  summary: 'have a running run read no further, until it is told to go on',
  positionals: 'RUN',
  flags: {},
  about: `Takes hold within a second, from any terminal: what is under way is answered and written, and nothing more is read. Other runs get its share of the workers.
./toolwright unpause RUN has it go on.`,
  run: async (args, surroundings) => {
    const run = givenRun('pause', parseFlags(args, {}).positionals)
    return await withSpace(surroundings, async (space) => {
      await checkRunning(space, run)
      await space.registry.runs.setPaused(run, true)
      surroundings.say(`paused ${run}: what is under way ends; ./toolwright unpause ${run} has it go on`)
      return EXIT.ok
    })
  },
}

export const unpause: Verb = {
  name: 'unpause',
  summary: 'have a paused run go on',
  positionals: 'RUN',
  flags: {},
  about: `Ends what ./toolwright pause RUN began. A run whose command has ended is not paused but interrupted: ./toolwright resume RUN goes on with that.`,
  run: async (args, surroundings) => {
    const run = givenRun('unpause', parseFlags(args, {}).positionals)
    return await withSpace(surroundings, async (space) => {
      await checkRunning(space, run)
      await space.registry.runs.setPaused(run, false)
      surroundings.say(`${run} goes on`)
      return EXIT.ok
    })
  },
}

async function checkRunning(space: Space, run: string): Promise<void> {
  const { state, isCancelled } = await recordOf(space, run)
  if (isCancelled) throw usageError(`${run} is cancelled`)
  if (state === 'done') throw usageError(`${run} is done`)
  if (!(await isFollowed(space, run)))
    throw usageError(`${run} is interrupted, and reads nothing: ./toolwright resume ${run} goes on with it`)
}
