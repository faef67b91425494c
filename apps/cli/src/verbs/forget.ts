import { QUEUES, RunId, SpaceName } from '@toolwright/contracts'
import { keyPrefixes } from '@toolwright/queues'
import { openAdministration } from '@toolwright/registry'
import { CommandError, EXIT } from '../exit-codes.ts'
import { parseFlags, usageError } from '../flags.ts'
import { withSpace, type Space } from '../open-space.ts'
import { stagesWithoutWorker, NEEDED } from '../stage-pool.ts'
import type { Surroundings, Verb } from '../verb.ts'

const flags = { yes: { type: 'boolean', about: 'really delete a whole space' } } as const

export const forget: Verb = {
  name: 'forget',
  summary: "delete a run's data, or all of a space",
  positionals: 'RUN|SPACE',
  flags,
  about: `RUN (r-…): deletes its record, ledger, kept replies, queued and waiting requests, and the examples that came from it; the files of its results are yours. Kinds and tools that
were made with its help stay, with the few usage examples that a tool shows to the light model.
SPACE (such as default): deletes every key of it, kinds, tools, ledgers and queued work. There is no way back, so it wants --yes, and no worker may be live.`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const [given, ...rest] = positionals
    if (given === undefined || rest.length > 0) throw usageError('forget takes one run, such as r-abcdefghij, or one space')
    if (RunId.safeParse(given).success) return await withSpace(surroundings, (space) => forgetRun(space, surroundings, given))
    if (!SpaceName.safeParse(given).success) throw usageError(`"${given}" is neither a run (r- and ten of a-z, 2-7) nor a space`)
    const environment = { ...surroundings.environment, space: given }
    return await withSpace({ ...surroundings, environment }, (space) =>
      forgetSpace(space, environment.prefix, surroundings, values.yes ?? false),
    )
  },
}

async function forgetRun({ registry, queues, administration }: Space, { say }: Surroundings, run: string): Promise<typeof EXIT.ok> {
  const record = await registry.runs.get(run)
  if ((await queues.workersOf('results', run)) > 0) throw new CommandError(EXIT.usage, `${run} is running: stop it first`)
  const jobs = await queues.dropJobs(run)
  const examples = await administration.forgetTexts(run)
  if (record === null && examples + jobs === 0) throw usageError(`there is no run ${run} here: ./toolwright status lists the latest`)
  await queues.dropResults(run)
  await registry.runs.forget(run)
  say(`forgot ${run}, ${jobs} jobs of its requests and ${examples} examples that came from it`)
  return EXIT.ok
}

async function forgetSpace(
  { name, queues, redis }: Space,
  prefix: string,
  { say }: Surroundings,
  isMeant: boolean,
): Promise<typeof EXIT.ok> {
  const prefixes = keyPrefixes(prefix, name)
  if ((await stagesWithoutWorker(queues)).length < NEEDED.length) {
    throw new CommandError(EXIT.usage, `workers of the space ${name} are live: stop them first, or they go on with what they remember`)
  }
  if (!isMeant) {
    const depths = await Promise.all(
      Object.keys(QUEUES).flatMap((queue) => (queue === 'results' ? [] : [redis.exists(`${prefixes.queues}:${queue}:meta`)])),
    )
    const has = depths.some((found) => found > 0) ? 'queues, ' : ''
    throw usageError(`this deletes all of the space "${name}" (${has}kinds, tools, ledgers) for good: add --yes if that is meant`)
  }
  // Registry and queues share the part that names the space.
  const administration = openAdministration({ redis, keyPrefix: prefixes.registry })
  const keys = await administration.forgetKeys(`{${prefix}:${name}}:`)
  say(`forgot the space ${name}: ${keys} keys`)
  return EXIT.ok
}
