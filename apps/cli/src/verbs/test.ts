import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { z } from 'zod'
import { EXIT } from '../exit-codes.ts'
import { findPromtool } from '../find-promtool.ts'
import { makeDataFolder } from '../folders.ts'
import { useRedis } from '../redis/use-redis.ts'
import type { Surroundings, Verb } from '../verb.ts'
import { parseFlags } from '../flags.ts'

const flags = {
  full: { type: 'boolean', about: 'faults: more of everything, a quarter of an hour or more' },
} as const

export const test: Verb = {
  name: 'test',
  summary: 'everything that CI checks: format, lint, types, boundaries, unused code, all tests',
  positionals: '[PATTERN…]',
  flags,
  about: `With PATTERNs, only the test files whose path holds one of them, and no checks. The tests get a private Redis and a data folder of their own, emptied before.
What could not be run on this machine is listed in the end as "not run", which is a failure when CI=true.`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const { folders, environment, inherited, say } = surroundings
    const signal = surroundings.interruption()
    const home = join(folders.home, 'test')
    const tests = { temporary: join(home, 'tmp'), report: join(home, 'report.json') }
    makeDataFolder(tests.temporary, { isEmpty: true })
    rmSync(tests.report, { force: true })
    const isWhole = positionals.length === 0
    if (isWhole) {
      say('checking format, lint, types, boundaries and unused code')
      const code = await run('pnpm', ['check'], { surroundings, signal, extra: {} })
      if (code !== 0) return signal.aborted ? EXIT.interrupted : EXIT.internal
    }
    // Tests never touch the user's Redis: they empty theirs.
    const redis = await useRedis({ home, cacheFolder: folders.cache, environment: inherited, log: say })
    try {
      await empty(redis.url)
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${tests.report}`]
      const promtool = isWhole ? await findPromtool(folders.cache, inherited, say) : null
      const extra = {
        REDIS_URL: redis.url,
        TOOLWRIGHT_HOME: home,
        TOOLWRIGHT_CACHE: folders.cache,
        TMPDIR: tests.temporary,
        ...(values.full === true && { TOOLWRIGHT_FAULTS: 'full' }),
        ...(promtool !== null && { TOOLWRIGHT_PROMTOOL: promtool }),
      }
      const code = await run('pnpm', ['exec', 'vitest', 'run', ...reporters, ...positionals], { surroundings, signal, extra })
      if (signal.aborted) return EXIT.interrupted
      if (code !== 0) return EXIT.internal
      const notRun = notRunOf(readFileSync(tests.report, 'utf8'))
      for (const name of notRun) say(`not run: ${name}`)
      return notRun.length > 0 && isSet(environment.ci) ? EXIT.internal : EXIT.ok
    } finally {
      await redis.release()
    }
  },
}

const Report = z.object({
  testResults: z.array(z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) })),
})

/** The names of the tests that vitest's JSON report neither calls passed nor failed. */
export function notRunOf(report: string): string[] {
  const tests = Report.parse(JSON.parse(report)).testResults.flatMap((file) => file.assertionResults)
  return tests.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName)
}

interface Running {
  surroundings: Surroundings
  signal: AbortSignal
  extra: Record<string, string>
}

/** Runs a program in the checkout, on our own terminal; its process group is ours, so that a Ctrl-C reaches it too. */
function run(command: string, args: string[], { surroundings: { folders, inherited }, signal, extra }: Running): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folders.root, stdio: 'inherit', env: { ...inherited, ...extra } })
    const forward = () => child.kill('SIGTERM')
    signal.addEventListener('abort', forward, { once: true })
    child.once('error', reject)
    child.once('exit', (code) => {
      signal.removeEventListener('abort', forward)
      resolve(code ?? 1)
    })
  })
}

async function empty(url: string): Promise<void> {
  const redis = new Redis(url, { socketTimeout: 15_000 })
  await redis.flushall()
  await redis.quit()
}

function isSet(ci: string | undefined): boolean {
  return ci !== undefined && ci !== 'false' && ci !== '0'
}
