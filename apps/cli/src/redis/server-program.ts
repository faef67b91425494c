import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { z } from 'zod'

/** How to start a Redis here; handed to the guardian as JSON. Its configuration is written to the program's standard input. */
export const ServerProgram = z.discriminatedUnion('runs', [
  z.object({ runs: z.literal('program'), name: z.string(), command: z.string(), env: z.record(z.string(), z.string()) }),
  z.object({ runs: z.literal('container'), name: z.string(), command: z.string() }),
])
export type ServerProgram = z.infer<typeof ServerProgram>

/** What `--version` of a server program says; null when it does not start. */
export async function versionOf(command: string, environment: NodeJS.ProcessEnv): Promise<string | null> {
  const output = await outputOf(command, ['--version'], environment)
  return output?.match(/\bv=(\d+\.\d+\.\d+)/)?.[1] ?? null
}

/** The path of an executable, as the shell would find it. */
export function which(name: string, environment: NodeJS.ProcessEnv): string | null {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder || '.', name)
    if (isExecutable(candidate)) return candidate
  }
  return null
}

/** What a program writes to its standard output; null when it fails or takes longer than ten seconds. */
export function outputOf(command: string, args: string[], environment: NodeJS.ProcessEnv): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 10_000, env: environment }, (error, stdout) => resolve(error ? null : stdout))
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not for us: either way not a program that we can start.
    return false
  }
}
