import { cpus } from 'node:os'
import { join } from 'node:path'
import { benchEndurance } from '../bench/pipeline/bench-endurance.ts'
import { benchGrowth } from '../bench/pipeline/bench-growth.ts'
import { benchOverhead } from '../bench/pipeline/bench-overhead.ts'
import { benchPipeline } from '../bench/pipeline/bench-pipeline.ts'
import { benchScale } from '../bench/pipeline/bench-scale.ts'
import { benchEscapes } from '../bench/sandbox/bench-escapes.ts'
import { benchRunaways } from '../bench/sandbox/bench-runaways.ts'
import { benchSandbox } from '../bench/sandbox/bench-sandbox.ts'
import { soak } from '../bench/sandbox/soak.ts'
import { linesByFolder, type FolderLines } from '../bench/lines.ts'
import { timeSetup } from '../bench/setup.ts'
import { benchTiers } from '../bench/tiers.ts'
import { benchWarm } from '../bench/warm.ts'
import { readAction, readWords } from '../actions.ts'
import { readEnvironment, withoutPlace } from '../env.ts'
import { CommandError, EXIT, type ExitCode } from '../exit-codes.ts'
import { parseFlags, wholeNumber } from '../flags.ts'
import { makeDataFolder } from '../folders.ts'
import { tryOwnFile } from '../redis/file-lock.ts'
import { renderTable, type Column } from '../table.ts'
import type { Surroundings, Verb } from '../verb.ts'

const flags = {
  count: {
    type: 'string',
    value: 'N',
    about:
      'tiers, warm, pipeline and overhead: requests (default 8000, 20000, 100000 and 20000 a round); growth: the longest stream (default 1000000); soak: calls (default 200000)',
  },
  seed: { type: 'string', value: 'S', about: 'tiers, warm and soak: a whole number (default 1)' },
  minutes: { type: 'string', value: 'N', about: 'endurance: for how long (default 30)' },
  rounds: { type: 'string', value: 'N', about: 'sandbox, pipeline and overhead: rounds between the contestants (default 7, 3 and 21)' },
  full: {
    type: 'boolean',
    about: 'escapes: behind each layer alone, try also what only a reset could undo: half an hour instead of ten minutes',
  },
  verbose: { type: 'boolean', about: 'escapes: also name every snippet that gets through, set-up by set-up' },
} as const

const ACTIONS = [
  'tiers',
  'warm',
  'pipeline',
  'overhead',
  'growth',
  'scale',
  'endurance',
  'sandbox',
  'escapes',
  'runaways',
  'soak',
  'setup',
  'lines',
] as const

export const bench: Verb = {
  name: 'bench',
  summary: 'measure: tiers against direct answers, the pipeline, the sandbox, set-up time',
  positionals: 'WHAT',
  flags,
  about: `  tiers      for each family of sample requests: with tools, by the strong model alone, by the light model alone; cost, calls, right answers (simulated models)
  warm       requests a second once the tools are made, with models that answer at once; calls and tokens per request by tier
  pipeline   all of it with tools that are there, beside a bare chain of three BullMQ queues: requests a second, one request alone, processor time; ten minutes or so
  overhead   what metrics and ledger cost: the pipeline with both and without, in turns; a quarter of an hour
  growth     the pipeline on ever longer streams (the longest: --count), and with a thousand kinds in the registry: ratio to the bare chain, memory of each process
  scale      one, two and four tool users in front of a model that takes 200 ms, against the ideal
  endurance  runs one after the other for half an hour, every answer checked: memory of each process and of Redis, keys
  sandbox    the sandbox beside this machine's own python3, warm and fresh: calls a second, starts, resets, memory, Python-bound work; a minute or two
  escapes    snippets that try to get out of the sandbox, against plain Pyodide, each layer alone and all of them; ten minutes or more
  runaways   tools that loop, flood, recurse or end their process, each between good calls: outcome, neighbours, recovery; a minute or two
  soak       calls of good, bad and runaway tools on two children of the sandbox, every outcome checked, memory and descriptors sampled; some minutes
  setup      how long a fresh copy of this checkout takes until its first command has run
  lines      lines of code by folder, tests and prompts apart

escapes, runaways, soak and endurance end with exit code 1 where something is not right. tiers, warm, pipeline, overhead, growth, scale and endurance work in a data folder of their own, with a private Redis that is emptied before.`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const { action, words } = readAction('bench', ACTIONS, positionals)
    readWords(`bench ${action}`, [], words)
    const seed = wholeNumber('--seed', values.seed, 0, 1)
    switch (action) {
      case 'tiers':
        return await alone(surroundings, (own, signal) =>
          benchTiers(own, { count: wholeNumber('--count', values.count, 1, 8_000), seed }, signal),
        )
      case 'warm':
        return await alone(surroundings, (own, signal) =>
          benchWarm(own, { count: wholeNumber('--count', values.count, 1, 20_000), seed }, signal),
        )
      case 'pipeline':
        return await alone(surroundings, (own, signal) =>
          benchPipeline(
            own,
            { rounds: wholeNumber('--rounds', values.rounds, 1, 3), count: wholeNumber('--count', values.count, 100, 100_000) },
            signal,
          ),
        )
      case 'overhead':
        return await alone(surroundings, (own, signal) =>
          benchOverhead(
            own,
            { rounds: wholeNumber('--rounds', values.rounds, 1, 21), count: wholeNumber('--count', values.count, 100, 20_000) },
            signal,
          ),
        )
      case 'growth':
        return await alone(surroundings, (own, signal) =>
          benchGrowth(own, { count: wholeNumber('--count', values.count, 100, 1_000_000) }, signal),
        )
      case 'scale':
        return await alone(surroundings, benchScale)
      case 'endurance':
        return await alone(surroundings, (own, signal) =>
          benchEndurance(own, { minutes: wholeNumber('--minutes', values.minutes, 1, 30) }, signal),
        )
      case 'sandbox':
        return await alone(surroundings, (own, signal) =>
          benchSandbox(own, { rounds: wholeNumber('--rounds', values.rounds, 1, 7) }, signal),
        )
      case 'escapes':
        return await alone(surroundings, (own, signal) =>
          benchEscapes(own, { isFull: values.full === true, isVerbose: values.verbose === true }, signal),
        )
      case 'runaways':
        return await alone(surroundings, benchRunaways)
      case 'soak':
        return await alone(surroundings, (own, signal) =>
          soak(own, { count: wholeNumber('--count', values.count, 1, 200_000), seed }, signal),
        )
      case 'setup': {
        surroundings.say('setting up a fresh copy in a temporary folder')
        const { firstMs, doctorMs, againMs } = timeSetup(surroundings.folders.root, surroundings.inherited)
        await surroundings.print(
          `first command (tool chain, packages)  ${seconds(firstMs)}\ndoctor (Redis, sandbox)               ${seconds(doctorMs)}\nany further command                   ${seconds(againMs)}\n`,
        )
        return EXIT.ok
      }
      case 'lines': {
        const folders = linesByFolder(surroundings.folders.root)
        await surroundings.print(renderTable(LINES, [...folders, totalOf(folders)], surroundings.columns))
        return EXIT.ok
      }
    }
  },
}

/** In a data folder of its own, away from whatever else this machine's Redis holds. `isMet`: whether all that was wanted was found. */
async function alone(
  surroundings: Surroundings,
  work: (own: Surroundings, signal: AbortSignal) => Promise<string | { text: string; isMet: boolean }>,
): Promise<ExitCode> {
  const home = join(surroundings.folders.home, 'bench')
  makeDataFolder(home)
  const lock = tryOwnFile(join(home, 'bench.lock'))
  if (lock === null) throw new CommandError(EXIT.usage, `a bench is running already in ${home}: wait for its end, or stop it`)
  try {
    const inherited = withoutPlace(surroundings.inherited)
    const own = { ...surroundings, folders: { ...surroundings.folders, home }, inherited, environment: readEnvironment(inherited) }
    const signal = surroundings.interruption()
    const found = await work(own, signal).catch((error: unknown) => {
      throw signal.aborted ? new CommandError(EXIT.interrupted, 'interrupted', { cause: error }) : error
    })
    const { text, isMet } = typeof found === 'string' ? { text: found, isMet: true } : found
    await surroundings.print(`\n${text}\nOn ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}\n`)
    return isMet ? EXIT.ok : EXIT.internal
  } finally {
    lock.release()
  }
}

const LINES: Column<FolderLines>[] = [
  { title: 'folder', align: 'left', cell: ({ folder }) => folder },
  { title: 'files', align: 'right', cell: ({ files }) => String(files) },
  { title: 'code', align: 'right', cell: ({ code }) => String(code) },
  { title: 'tests', align: 'right', cell: ({ tests }) => String(tests) },
  { title: 'prompts', align: 'right', cell: ({ prompts }) => String(prompts) },
]

function totalOf(folders: readonly FolderLines[]): FolderLines {
  const sum = (of: (lines: FolderLines) => number) => folders.reduce((total, lines) => total + of(lines), 0)
  return {
    folder: 'all',
    files: sum((one) => one.files),
    code: sum((one) => one.code),
    tests: sum((one) => one.tests),
    prompts: sum((one) => one.prompts),
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
