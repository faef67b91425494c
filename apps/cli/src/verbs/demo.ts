import { families } from '@toolwright/families'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { accountsOf, readBooks, type Books } from '../demo/accounts.ts'
import { renderAccounts, renderChecks } from '../demo/report.ts'
import { readResults, sampleFilesIn, writeSamples, type SampleFiles } from '../demo/samples.ts'
import type { Simulator } from '../demo/simulator.ts'
import { verdictOf } from '../demo/verdict.ts'
import { CommandError, EXIT, type ExitCode } from '../exit-codes.ts'
import { parseFlags, usageError, wholeNumber } from '../flags.ts'
import { makeDataFolder } from '../folders.ts'
import { tryOwnFile } from '../redis/file-lock.ts'
import { openStand } from '../sample-stand.ts'
import { paragraph } from '../table.ts'
import type { Surroundings, Verb } from '../verb.ts'

const flags = {
  count: { type: 'string', value: 'N', about: 'requests in all (default 3000)' },
  seed: { type: 'string', value: 'S', about: 'a whole number: another stream, and other slips of the simulated models (default 1)' },
} as const

const SIMULATED =
  'The models of this demo are SIMULATED: a process on this machine plays a strong and a light one by rule, with the accuracy it is set to and at made-up prices. The queues, ' +
  'the sandbox, the tools and the accounting are real; no figure says anything about a real model.'

export const demo: Verb = {
  name: 'demo',
  summary: 'see it at work: a mixed stream of requests, simulated models, tools made and reused',
  positionals: '',
  flags,
  about: `Needs no key and no network. Starts a private Redis, a simulator in the place of the models, and every stage as a process of its own, with no tools at all; answers a
mixed stream of sample requests whose kinds nobody names, and shows what it cost and what it would have cost. Takes one to three minutes. Everything stays in the demo's own
data folder, emptied at each start: add --demo to look into it with other verbs, such as ./toolwright tools list --demo.
Exit code 0 only if every request has exactly one result and the answers are as right as the simulator is set to be.`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    if (positionals.length > 0) throw usageError(`demo takes only flags, not "${positionals.join(' ')}"`)
    const count = wholeNumber('--count', values.count, 1, 3_000)
    const seed = wholeNumber('--seed', values.seed, 0, 1)
    const { home } = surroundings.folders
    makeDataFolder(home)
    const lock = tryOwnFile(join(home, 'demo.lock'))
    if (lock === null) throw new CommandError(EXIT.usage, `a demo is running already in ${home}: wait for its end, or stop it`)
    try {
      return await demonstrate(surroundings, { count, seed })
    } finally {
      lock.release()
    }
  },
}

async function demonstrate(surroundings: Surroundings, options: { count: number; seed: number }): Promise<ExitCode> {
  const { folders, say, columns } = surroundings
  say(`${paragraph(SIMULATED, Math.min(columns, 100))}\n`)
  const signal = surroundings.interruption()
  const files = sampleFilesIn(folders.home)
  rmSync(join(folders.home, 'logs'), { recursive: true, force: true })
  rmSync(files.results, { force: true })
  const samples = writeSamples(files, { ...options, families })
  say('starting one dispatcher, two tool users, one tool maker and one executor')
  const stand = await openStand(surroundings, {
    // Answers that are worth their price take thought, and thought is billed.
    settings: {
      seed: options.seed,
      reasoning: { answer: 200, propose: 600, repair: 600 },
      latency: { baseMs: 20, perOutputTokenMs: 0.2, jitter: 0.3 },
    },
    counts: { producer: 1, user: 2, maker: 1, executor: 1, exporter: 1 },
    signal,
  })
  try {
    say(`answering ${files.requests} (its kinds and right answers are kept from the run)\n`)
    const { code, run } = await stand.answer(files.requests, files.results)
    // Lines that failed (3) are judged with the rest.
    if (code !== EXIT.ok && code !== EXIT.someLinesFailed) return code
    await stand.stopWorkers()
    const books = { samples, results: await readResults(files.results), ...(await readBooks(stand.space, run)) }
    return await report(surroundings, books, { simulator: stand.simulator, files })
  } finally {
    await stand.close()
  }
}

async function report(
  { print, columns, folders }: Surroundings,
  books: Books,
  { simulator, files }: { simulator: Simulator; files: SampleFiles },
): Promise<ExitCode> {
  const accounts = accountsOf(books)
  const { strong, light } = simulator.wrongness
  const checks = verdictOf(books.samples, books.results, { answer: strong.answer, call: light.call, judge: light.judge })
  const isMet = checks.every((check) => check.isMet)
  const width = Math.max(40, columns)
  const shown = accounts.kinds.find(({ versions }) => versions.length > 0)?.name ?? 'KIND'
  await print(
    [
      '',
      renderAccounts(accounts, width),
      renderChecks(checks, Math.min(width, 120)),
      `Results          ${files.results}`,
      `Right answers    ${files.answers}`,
      `Tools            ./toolwright tools list --demo`,
      `A tool's source  ./toolwright tools source ${shown} --demo`,
      `Metrics          while it runs, every process serves /metrics; addresses in ${join(folders.home, 'metrics')}`,
      `Logs             ${join(folders.home, 'logs')}`,
      `Again, alike     ./toolwright demo --seed 2`,
      '',
      paragraph(SIMULATED, Math.min(width, 100)),
      '',
      'With real models, on requests of yours:',
      '',
      '  export OPENAI_API_KEY=… TOOLWRIGHT_STRONG_MODEL=… TOOLWRIGHT_LIGHT_MODEL=…',
      '  ./toolwright run requests.jsonl -o results.jsonl        one {"input": "…"} a line; ./toolwright run --help tells more',
      '',
      '',
    ].join('\n'),
  )
  return isMet ? EXIT.ok : EXIT.internal
}
