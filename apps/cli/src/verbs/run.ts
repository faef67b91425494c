import { newRunId, RunId, RunSettings } from '@toolwright/contracts'
import { resolve } from 'node:path'
import { parseFlags, usageError, wholeNumber } from '../flags.ts'
import type { RunWish } from '../run-client.ts'
import { checkInput, checkTargets, graceOf, maxCostOf, RUN_FLAGS, targetsOf } from '../run-files.ts'
import { runInSpace } from '../run-with-stages.ts'
import type { Verb } from '../verb.ts'

const flags = {
  output: RUN_FLAGS.output,
  errors: RUN_FLAGS.errors,
  ordered: { type: 'boolean', about: 'result lines in the order of the input (default: as they are ready)' },
  dedupe: { type: 'boolean', about: 'answer requests that are the same once: the others get a copy of the answer' },
  'run-id': { type: 'string', value: 'ID', about: 'a name such as r-abcdefghij; the same one again takes an interrupted run up' },
  limit: RUN_FLAGS.limit,
  'while-making': {
    type: 'string',
    value: 'wait|direct',
    about: 'requests whose tool is being made wait for it (default), or go to the strong model',
  },
  make: { type: 'string', value: 'worth|eager', about: 'make a tool once the requests seen are worth its cost (default), or at once' },
  'max-cost-usd': RUN_FLAGS['max-cost-usd'],
  grace: RUN_FLAGS.grace,
  'no-workers': RUN_FLAGS['no-workers'],
  json: RUN_FLAGS.json,
} as const

export const run: Verb = {
  name: 'run',
  summary: 'answer a stream of requests: read it, follow it, write the results',
  positionals: 'IN.jsonl|-',
  flags,
  about: `Each line of the input is a request: {"input": "…"}, where "id", "kind" (a name for requests of the same sort) and "target" (the right answer) may be added,
or a line of OpenAI's Batch format with {"toolwright": {"kind", "target"}}. "-" reads stdin. Input that is compressed (.gz,
.zst) is read as it is. The results are lines of OpenAI's Batch output format, in the order in
which they are ready, each with "toolwright": its kind, tier (extracted: by a tool alone; called: a tool, its arguments from the light model; direct: the strong
model), tool version, cost and baseline. The run uses the live workers of its Redis, and starts for its time each stage that has none.

The models are any with an OpenAI-compatible API: set TOOLWRIGHT_STRONG_MODEL, TOOLWRIGHT_LIGHT_MODEL and OPENAI_API_KEY, and OPENAI_BASE_URL where it is not
OpenAI's (or each role's own: TOOLWRIGHT_STRONG_BASE_URL, _API_KEY, and TOOLWRIGHT_LIGHT_…). Without a key, ./toolwright demo shows how it goes.

Ctrl-C stops reading, waits up to --grace seconds for what is under way, writes what is done and says how to go on: ./toolwright resume with the run's id, or the same
command with it as --run-id. A second Ctrl-C leaves at once, and nothing is lost by it. Results that were not delivered are kept in Redis until they are, the run is
forgotten, or nobody has come for 30 days (TOOLWRIGHT_RUN_DAYS of the maker). A file gets each line once, whatever dies when. On a pipe a line may repeat after a crash, or a second Ctrl-C: it has the "seq" of the first then.

With --ordered a slow request holds up the lines after it, and at most 20,000 are read ahead of it. With --dedupe, requests are the same whose text, system and earlier
messages, response_format, stop and kind are, and whose whole body where it goes to the strong model as it is. The first is sent; the others get its answer, with
"duplicate_of", at no cost, and each is right or wrong by its own target. If the first fails, they are sent themselves. An answer that went down a pipe before the run
was interrupted cannot be copied.

With --max-cost-usd the run pauses before a call that could take it past that: what each call may cost at most is reserved before it is made. Nothing is lost, and
./toolwright resume RUN --max-cost-usd N goes on. TOOLWRIGHT_MAX_USD_PER_DAY limits what all runs of a space cost in a day (UTC), TOOLWRIGHT_MAX_USD_PER_MAKE what the making of
one tool may cost. A model without a known price is not called where there is a limit.

Exit code 0: every request is answered; 2: wrong usage; 3: some failed, or the run was cancelled (./toolwright cancel); 4: paused at a limit on cost; 5: the models or their prices are set wrongly, or the models refuse; 6: Redis does not answer;
130: interrupted. Example: ./toolwright run requests.jsonl -o results.jsonl`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const wish = wishOf(values, positionals)
    return await runInSpace(surroundings, () => Promise.resolve(wish), { startsWorkers: !values['no-workers'] })
  },
}

type Values = { [Name in keyof typeof flags]?: (typeof flags)[Name] extends { type: 'boolean' } ? boolean : string }

function wishOf(values: Values, positionals: string[]): RunWish {
  const [input, ...rest] = positionals
  if (input === undefined)
    throw usageError('run needs the file with the requests, or - for stdin: ./toolwright run requests.jsonl -o results.jsonl')
  if (rest.length > 0) throw usageError(`run takes one file, not "${positionals.join(' ')}": cat them and pass - to run several as one`)
  const targets = targetsOf(values)
  checkInput(input)
  checkTargets(targets, input)
  const runId = values['run-id'] ?? newRunId()
  if (!RunId.safeParse(runId).success) throw usageError(`--run-id ${runId}: a run id looks like r-abcdefghij (r- and ten of a-z, 2-7)`)
  return {
    input: input === '-' ? input : resolve(input),
    output: targets.output,
    errors: targets.errors,
    run: runId,
    limit: wholeNumber('--limit', values.limit, 1, null),
    settings: RunSettings.parse({
      v: 1,
      whileMaking: oneOf('--while-making', values['while-making'], ['wait', 'direct']),
      make: oneOf('--make', values.make, ['worth', 'eager']),
      ordered: values.ordered ?? false,
      dedupe: values.dedupe ?? false,
    }),
    maxCostNano: maxCostOf(values),
    json: values.json ?? false,
    graceMs: graceOf(values),
  }
}

function oneOf(flag: string, value: string | undefined, allowed: readonly string[]): string | undefined {
  if (value !== undefined && !allowed.includes(value)) throw usageError(`${flag} takes ${allowed.join(' or ')}, not "${value}"`)
  return value
}
