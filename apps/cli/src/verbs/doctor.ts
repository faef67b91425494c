import { join } from 'node:path'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { checkModels } from '../doctor/models.ts'
import { checkNode, checkPnpm } from '../doctor/toolchain.ts'
import { checkSandbox } from '../doctor/sandbox.ts'
import { checkServer } from '../doctor/server.ts'
import { checkTraces } from '../doctor/traces.ts'
import { exitCodeOf, lineOf, type Finding } from '../doctor/finding.ts'
import { parseFlags, usageError } from '../flags.ts'
import type { Surroundings, Verb } from '../verb.ts'

export const doctor: Verb = {
  name: 'doctor',
  summary: 'check what this machine has, and say what to mend',
  positionals: '',
  flags: {},
  about:
    'Exit code 0: everything that the set-up needs is there; 5: something is set wrongly; 6: something that is needed does not answer.',
  run: async (args, surroundings): Promise<ExitCode> => {
    const { positionals } = parseFlags(args, {})
    if (positionals.length > 0) throw usageError(`doctor takes no arguments, not "${positionals.join(' ')}"`)
    const findings: Finding[] = []
    for (const check of checksFor(surroundings)) {
      for (const finding of await check()) {
        findings.push(finding)
        await surroundings.print(`${lineOf(finding, surroundings.hasColour)}\n`)
      }
    }
    return findings.map(exitCodeOf).find((code) => code !== EXIT.ok) ?? EXIT.ok
  },
}

function checksFor(surroundings: Surroundings): (() => Promise<Finding[]>)[] {
  const { inherited, folders } = surroundings
  return [
    async () => [checkNode(process.versions.node)],
    async () => [await checkPnpm({ root: folders.root, environment: inherited })],
    () => checkServer(surroundings),
    () => checkSandbox(join(folders.cache, 'sandbox')),
    () => checkModels(inherited),
    () => checkTraces(inherited),
  ]
}
