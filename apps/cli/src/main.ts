import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRedisAway } from '@toolwright/queues'
import { ConfigurationError } from '@toolwright/runtime'
import { readEnvironment, withoutPlace } from './env.ts'
import { CommandError, EXIT, type ExitCode } from './exit-codes.ts'
import { foldersOf } from './folders.ts'
import { helpOf, overview, verbNamed } from './help.ts'
import { readInvocation } from './invocation.ts'
import type { Surroundings } from './verb.ts'
import { VERBS } from './verbs.ts'

// A reader that has seen enough (| head) closes the pipe: the command has done what was wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  throw error
})
process.stderr.on('error', () => undefined)

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (thrown) {
  const error = isRedisAway(thrown)
    ? new CommandError(EXIT.dependencyDown, 'Redis does not answer any more: try again when it is back (./toolwright doctor tells)', {
        cause: thrown,
      })
    : thrown
  const isExplained = error instanceof CommandError || error instanceof ConfigurationError
  process.stderr.write(isExplained ? `toolwright: ${error.message}\n` : `toolwright: this should not have happened\n${inspect(error)}\n`)
  process.exitCode = isExplained ? error.exitCode : EXIT.internal
}

async function main(argv: string[]): Promise<ExitCode> {
  const invocation = readInvocation(argv)
  const inherited = invocation.isDemo ? withoutPlace(process.env) : process.env
  const environment = readEnvironment(inherited)
  const folders = foldersOf({ dataFolder: environment.home, isDemo: invocation.isDemo })
  const surroundings: Surroundings = {
    environment,
    inherited,
    folders,
    print,
    say: (line) => process.stderr.write(`${line}\n`),
    columns: process.stdout.isTTY ? process.stdout.columns : 160,
    hasColour: process.stdout.isTTY && environment.noColour === undefined && environment.terminal !== 'dumb',
    interruption: onceInterrupted(),
  }
  switch (invocation.wants) {
    case 'version':
      await print(`${versionOf(folders.root)}\n`)
      return EXIT.ok
    case 'overview':
      await print(overview(VERBS, surroundings.columns))
      return EXIT.ok
    case 'nothing':
      process.stderr.write(overview(VERBS, process.stderr.columns ?? surroundings.columns))
      return EXIT.usage
    case 'help':
      await print(helpOf(verbNamed(invocation.verb, VERBS), surroundings.columns))
      return EXIT.ok
    case 'run':
      return await verbNamed(invocation.verb, VERBS).run(invocation.args, surroundings)
  }
}

async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

function onceInterrupted(): () => AbortSignal {
  const controller = new AbortController()
  let isListening = false
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted)
    controller.abort()
  }
  return () => {
    if (!isListening) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
    isListening = true
    return controller.signal
  }
}

function versionOf(root: string): string {
  return String(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version)
}

function inspect(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
