import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { Finding } from './finding.ts'

const Manifest = z.object({ devEngines: z.object({ packageManager: z.object({ version: z.string() }) }) })

export function checkNode(version: string): Finding {
  const isRecent = Number(version.split('.')[0]) >= 24
  return isRecent
    ? { status: 'ok', subject: 'node', says: version }
    : {
        status: 'fail',
        subject: 'node',
        says: `${version} is too old (24 or later)`,
        mend: 'start through ./toolwright, which brings its own',
        cause: 'configuration',
      }
}

/** The pinned pnpm is what ./toolwright puts on the PATH; only development needs it. */
export async function checkPnpm({ root, environment }: { root: string; environment: NodeJS.ProcessEnv }): Promise<Finding> {
  const wanted = Manifest.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).devEngines.packageManager.version
  try {
    const { stdout } = await promisify(execFile)('pnpm', ['--version'], { env: environment, timeout: 10_000, cwd: root })
    const version = stdout.trim()
    if (version.split('.')[0] === wanted.split('.')[0]) return { status: 'ok', subject: 'pnpm', says: version }
    return {
      status: 'warn',
      subject: 'pnpm',
      says: `${version}, where ${wanted} is pinned`,
      mend: 'start through ./toolwright, which brings its own',
    }
  } catch (error) {
    return {
      status: 'warn',
      subject: 'pnpm',
      says: `does not start (${reasonOf(error)})`,
      mend: 'start through ./toolwright, which brings its own',
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}
