import { newRunId, RunId, RunSettings } from '@toolwright/contracts'
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isatty } from 'node:tty'
import { checkSettings } from '../check-settings.ts'
import { CommandError, EXIT, type ExitCode } from '../exit-codes.ts'
import { parseFlags, usageError, wholeNumber } from '../flags.ts'
import { openSpace, type Space } from '../open-space.ts'
import { stageUrls } from '../redis/stage-urls.ts'
import { findRunning, openRedisFolder } from '../redis/state.ts'
import { runClient, type RunWish } from '../run-client.ts'
import { NEEDED, stagesWithoutWorker, startPool } from '../stage-pool.ts'
import type { Surroundings, Verb } from '../verb.ts'

const flags = {
  output: { type: 'string', value: 'OUT.jsonl', short: 'o', about: 'where the results go (default: stdout)' },
  errors: { type: 'string', value: 'FILE', about: 'where lines that failed go (default: among the results)' },
  'run-id': { type: 'string', value: 'ID', about: 'a name such as r-abcdefghij; the same one again takes an interrupted run up' },
  limit: { type: 'string', value: 'N', about: 'read at most this many requests' },
  'while-making': {
    type: 'string',
    value: 'wait|direct',
    about: 'requests whose tool is being made wait for it (default), or go to the strong model',
  },
  make: { type: 'string', value: 'worth|eager', about: 'make a tool once the requests seen are worth its cost (default), or at once' },
  'no-workers': { type: 'boolean', about: 'start no stage: the workers of this Redis do the work, now or later' },
  json: { type: 'boolean', about: 'the summary as JSON (on stdout; with results there, on stderr)' },
} as const

export const run: Verb = {
  name: 'run',
  summary: 'answer a stream of requests: read it, follow it, write the results',
  positionals: 'IN.jsonl|-',
  flags,
  about: `Each line of the input is a request: {"input": "…"}, where "id", "kind" (a name for requests of the same sort) and "target" (the right answer) may be added,
or a line of OpenAI's Batch format with {"toolwright": {"kind", "target"}}. "-" reads stdin. The results are lines of OpenAI's Batch output format, in the order in
which they are ready, each with "toolwright": its kind, tier (extracted: by a tool alone; called: a tool, its arguments from the light model; direct: the strong
model), tool version, cost and baseline. The run uses the live workers of its Redis, and starts for its time each stage that has none.

The models are any with an OpenAI-compatible API: set TOOLWRIGHT_STRONG_MODEL, TOOLWRIGHT_LIGHT_MODEL and OPENAI_API_KEY, and OPENAI_BASE_URL where it is not
OpenAI's (or each role's own: TOOLWRIGHT_STRONG_BASE_URL, _API_KEY, and TOOLWRIGHT_LIGHT_…). Without a key, ./toolwright demo shows how it goes.

Ctrl-C ends a run in order, and the same command with its --run-id goes on where it stopped. Exit code 0: every request is answered; 2: wrong usage; 3: some failed;
5: the models or their prices are set wrongly, or the models refuse; 6: Redis does not answer; 130: interrupted. Example: ./toolwright run requests.jsonl -o results.jsonl`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const wish = wishOf(values, positionals)
    const startsWorkers = !values['no-workers']
    await checkSettingsBefore(surroundings, startsWorkers)
    const signal = surroundings.interruption()
    if (wish.input === '-' && isatty(0)) surroundings.say('reading requests from this terminal, one JSON object a line; Ctrl-D ends them')
    const space = await openSpace(surroundings)
    try {
      return await runWithStages(surroundings, space, { wish, startsWorkers, signal })
    } finally {
      await space.close()
    }
  },
}

/** Shorter than this, it is not worth a line. */
const STOPPING_SAID_MS = 2_000

interface Running {
  wish: RunWish
  startsWorkers: boolean
  signal: AbortSignal
}

async function runWithStages(surroundings: Surroundings, space: Space, { wish, startsWorkers, signal }: Running): Promise<ExitCode> {
  const { environment, folders, inherited, say } = surroundings
  const missing = await stagesWithoutWorker(space.queues)
  const client = (over: AbortSignal) => runClient({ folders, inherited, redisUrl: space.url, wish, signal: over })
  if (!startsWorkers || missing.length === 0) {
    if (missing.length > 0) say(`no live worker serves ${missing.join(', ')}: the run waits until one does`)
    return await client(signal)
  }
  checkSettings('run', missing, inherited)
  const counts = Object.fromEntries(missing.map((stage) => [stage, 1]))
  say(
    `starting ${missing.length === NEEDED.length ? 'all stages' : missing.join(', ')} for this run (logs in ${resolve(folders.home, 'logs')})`,
  )
  const urls = await stageUrls(space, environment)
  const pool = await startPool({ counts, folders, inherited, urls, queues: space.queues, signal })
  try {
    const stuck = new AbortController()
    const running = client(AbortSignal.any([signal, stuck.signal]))
    return await Promise.race([
      running,
      pool.failed.catch(async (error: unknown) => {
        stuck.abort()
        await running
        throw error
      }),
    ])
  } finally {
    const timer = setTimeout(() => say('stopping the stages that were started for this run (Ctrl-C: at once)'), STOPPING_SAID_MS)
    await pool.stop()
    clearTimeout(timer)
  }
}

type Values = { [Name in keyof typeof flags]?: (typeof flags)[Name] extends { type: 'boolean' } ? boolean : string }

function wishOf(values: Values, positionals: string[]): RunWish {
  const [input, ...rest] = positionals
  if (input === undefined)
    throw usageError('run needs the file with the requests, or - for stdin: ./toolwright run requests.jsonl -o results.jsonl')
  if (rest.length > 0) throw usageError(`run takes one file, not "${positionals.join(' ')}": cat them and pass - to run several as one`)
  const output = values.output === undefined || values.output === '-' ? null : values.output
  const errors = values.errors ?? null
  checkInput(input)
  for (const [flag, path] of [
    ['--output', output],
    ['--errors', errors],
  ] as const) {
    if (path === null) continue
    checkTarget(flag, path)
    if (input !== '-' && resolve(path) === resolve(input)) throw usageError(`${flag} ${path} is the input itself: choose another file`)
  }
  const runId = values['run-id'] ?? newRunId()
  if (!RunId.safeParse(runId).success) throw usageError(`--run-id ${runId}: a run id looks like r-abcdefghij (r- and ten of a-z, 2-7)`)
  return {
    input: input === '-' ? input : resolve(input),
    output: output === null ? null : resolve(output),
    errors: errors === null ? null : resolve(errors),
    run: runId,
    limit: wholeNumber('--limit', values.limit, 1, null),
    settings: RunSettings.parse({
      v: 1,
      whileMaking: oneOf('--while-making', values['while-making'], ['wait', 'direct']),
      make: oneOf('--make', values.make, ['worth', 'eager']),
    }),
    json: values.json ?? false,
  }
}

function checkInput(input: string): void {
  if (input === '-') return
  const found = statSync(input, { throwIfNoEntry: false })
  if (!found) throw usageError(`there is no file ${input}: give the file with the requests, or - for stdin`)
  if (found.isDirectory()) throw usageError(`${input} is a folder: give the file with the requests, one JSON object a line`)
  if (found.isFile() && found.size === 0) throw usageError(`${input} is empty: each line is a request, such as {"input": "…"}`)
  try {
    accessSync(input, constants.R_OK)
  } catch (error) {
    throw new CommandError(EXIT.usage, `${input} may not be read: no permission (chmod, or another file)`, { cause: error })
  }
}

function checkTarget(flag: string, path: string): void {
  const folder = dirname(resolve(path))
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw usageError(`${flag} ${path}: there is no folder ${folder}`)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) throw usageError(`${flag} ${path} is a folder: give a file in it`)
  try {
    accessSync(found ? path : folder, constants.W_OK)
  } catch (error) {
    const what = found ? path : `the folder ${folder}`
    throw new CommandError(EXIT.usage, `${flag} ${path}: ${what} may not be written to; choose another place`, { cause: error })
  }
}

function oneOf(flag: string, value: string | undefined, allowed: readonly string[]): string | undefined {
  if (value !== undefined && !allowed.includes(value)) throw usageError(`${flag} takes ${allowed.join(' or ')}, not "${value}"`)
  return value
}

/** Before anything is started, a Redis included: without models there is nothing that a run of one's own could do. Workers that others started have theirs. */
async function checkSettingsBefore({ environment, folders, inherited }: Surroundings, startsWorkers: boolean): Promise<void> {
  if (!startsWorkers || environment.redisUrl !== undefined) return
  if ((await findRunning(openRedisFolder(folders.home))) === null) checkSettings('run', NEEDED, inherited)
}
