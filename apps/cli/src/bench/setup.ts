import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CommandError, EXIT } from '../exit-codes.ts'
import { filesOf } from './lines.ts'

export interface SetupTimes {
  /** The first command of a fresh copy: tool chain and packages from the registry. */
  firstMs: number
  /** What `doctor` takes then: it brings a Redis, where the machine has none, and boots the sandbox. */
  doctorMs: number
  /** Any further command: nothing is left to do. */
  againMs: number
}

/** Copies what git knows of the checkout to a temporary folder and sets it up there, with caches of its own; nothing of it stays. */
export function timeSetup(root: string, inherited: NodeJS.ProcessEnv): SetupTimes {
  const copy = mkdtempSync(join(tmpdir(), 'toolwright-setup-'))
  try {
    for (const path of filesOf(root)) {
      // A file that was deleted is still listed until that is committed.
      if (!existsSync(join(root, path))) continue
      mkdirSync(join(copy, dirname(path)), { recursive: true })
      cpSync(join(root, path), join(copy, path))
    }
    const environment = withoutSetup(inherited)
    const time = (...words: string[]) => {
      const startedAt = performance.now()
      const { status, stderr } = spawnSync(join(copy, 'toolwright'), words, { cwd: copy, env: environment, encoding: 'utf8' })
      if (status !== 0) throw new CommandError(EXIT.internal, `./toolwright ${words.join(' ')} failed in a fresh copy:\n${stderr}`)
      return performance.now() - startedAt
    }
    return { firstMs: time('--version'), doctorMs: time('doctor'), againMs: time('--version') }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** What `./toolwright` set for this very process would let the copy find our tool chain and caches. */
function withoutSetup(inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(TOOLWRIGHT_|XDG_|npm_config_cache$|pnpm_config_|COREPACK_|TURBO_|OPENAI_)/
  const others = Object.entries(inherited).filter(([name]) => !ours.test(name))
  const path = (inherited['PATH'] ?? '').split(':').filter((folder) => !folder.endsWith('/toolchain/node_modules/.bin'))
  return { ...Object.fromEntries(others), PATH: path.join(':') }
}
