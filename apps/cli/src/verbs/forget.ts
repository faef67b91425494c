import { QUEUES, RunId, SpaceName } from '@toolwright/contracts'
import { keyPrefixes } from '@toolwright/queues'
import { openAdministration } from '@toolwright/registry'
import { CommandError, EXIT } from '../exit-codes.ts'
import { parseFlags, usageError } from '../flags.ts'
import { withSpace, type Space } from '../open-space.ts'
import { stagesWithoutWorker, NEEDED } from '../stage-pool.ts'
import type { Surroundings, Verb } from '../verb.ts'
import { setTimeout as delay } from 'node:timers/promises'

/** A model call that is under way may take as long as this. */
const LET_GO_MS = 300_000
const LOOK_AGAIN_MS = 250

const flags = { yes: { type: 'boolean', about: 'really delete a whole space' } } as const

export const forget: Verb = {
  name: 'forget',
  summary: "delete a run's data, or all of a space",
  positionals: 'RUN|SPACE',
  flags,
  about: `RUN (r-…): deletes its record, ledger, kept replies, failed, queued and waiting requests, and every text of a request that came from it: examples, the texts that tell a kind,
the usage examples that a tool shows to the light model, and what a make under way works with (that make begins again without). It waits until workers have let go of
the run's jobs. The files of its results are yours.
A tool's source stays as it was verified, and so do a kind's id and the words that all its requests share. The tool maker may have copied words of a request into the
source: the tools that were made from the run's examples are listed, for you to read and disable. A tool that has no usage example left answers only what it reads by
itself; one that never could serves no more. Kinds that had no tool and no other run's texts go altogether, names apart.
SPACE (such as default): deletes every key of it, kinds, tools, ledgers and queued work. There is no way back, so it wants --yes, and no worker may be live.

Without being told, examples are deleted after 30 days (TOOLWRIGHT_EXAMPLE_DAYS of the maker).`,
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

async function forgetRun(space: Space, { say }: Surroundings, run: string): Promise<typeof EXIT.ok> {
  const { registry, queues, administration } = space
  const record = await registry.runs.get(run)
  if ((await queues.workersOf('results', run)) > 0) throw new CommandError(EXIT.usage, `${run} is running: stop it first`)
  // Workers let go of jobs that cannot pay, and make no more of them.
  if (record !== null) await registry.runs.halt(run, 'it is being forgotten')
  const queued = await dropJobs(space, say, run)
  const { examples, texts, waiting, kinds, tools } = await administration.forgetTexts(run)
  // Lines that waited may have been released meanwhile.
  const jobs = queued + (await dropJobs(space, say, run))
  if (record === null && examples + texts + waiting + jobs + tools.length === 0)
    throw usageError(`there is no run ${run} here: ./toolwright status lists the latest`)
  await queues.dropResults(run)
  await registry.runs.forget(run)
  const gone = kinds.length > 0 ? `, and ${kinds.length} kinds that nothing was left of` : ''
  say(
    `forgot ${run}: ${jobs} jobs and ${waiting} waiting lines of its requests, ${examples} examples, ${texts} other texts that came from it${gone}`,
  )
  for (const tool of tools.filter(({ isCalledOff }) => isCalledOff)) {
    const left = tool.serves ? 'it answers only what it reads by itself' : 'it serves no more'
    say(`${tool.kind}@${tool.version} has no usage examples left for the light model: ${left}`)
  }
  if (tools.length > 0) {
    say(`made from its examples, of which the source may hold words: ${tools.map(({ kind, version }) => `${kind}@${version}`).join(', ')}`)
    say('./toolwright tools source KIND@N shows one, ./toolwright tools disable KIND takes it out of service')
  }
  return EXIT.ok
}

/** Takes the run's jobs away, as soon as no worker has one in hand. Returns how many. */
async function dropJobs({ queues }: Space, say: Surroundings['say'], run: string): Promise<number> {
  const end = performance.now() + LET_GO_MS
  let all = 0
  for (let isFirst = true; ; isFirst = false) {
    const { dropped, held } = await queues.dropJobs(run)
    all += dropped
    if (held === 0) return all
    if (performance.now() > end) {
      throw new CommandError(EXIT.usage, `workers still have ${held} jobs of ${run} in hand: stop them, or forget it again later`)
    }
    if (isFirst) say(`waiting until workers have let go of ${held} jobs of ${run}`)
    await delay(LOOK_AGAIN_MS)
  }
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
