import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../../..')
/** Downloads are shared with the checkout's own private Redis: apt is asked once. */
const CACHE = process.env['TOOLWRIGHT_CACHE'] ?? join(ROOT, '.toolwright/cache')

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

export interface StartedCommand {
  /** What it has said on stderr so far. */
  talk(): string
  /** What it has written to stdout so far. */
  data(): string
  /** Ctrl-C, as a terminal gives it: to the command and what it runs in its own process group. */
  interrupt(): void
  ended: Promise<Ended>
}

export interface CommandOptions {
  /** What it reads from stdin; left out: nothing, at once. */
  stdin?: string
  /** Laid over the shell's; '' unsets. */
  environment?: Record<string, string>
}

/** A shell in a folder of its own, from which ./toolwright is used, with a data folder of its own. */
export interface Shell {
  /** Where commands run. */
  folder: string
  start(args: string[], options?: CommandOptions): StartedCommand
  run(args: string[], options?: CommandOptions): Promise<Ended>
  /** Process ids of all that works there or on the data: nothing of a command may be left. */
  left(): number[]
  close(): void
}

/** `environment` is all that commands get, beside what the launcher sets. */
export function openShell(environment: Record<string, string>): Shell {
  const folder = mkdtempSync(join(tmpdir(), 'toolwright cli '))
  const home = join(folder, 'data')
  mkdirSync(home)
  mkdirSync(CACHE, { recursive: true })
  symlinkSync(CACHE, join(home, 'cache'))
  const launched = { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: tmpdir(), NODE_COMPILE_CACHE: join(CACHE, 'node') }
  const running = new Set<ChildProcessWithoutNullStreams>()

  const start: Shell['start'] = (args, options = {}) => {
    const child = spawn(process.execPath, [join(ROOT, 'apps/cli/src/main.ts'), ...args], {
      cwd: folder,
      // What a server writes to disk is the concern of tests that restart it.
      env: { ...launched, TOOLWRIGHT_REDIS_PERSISTENCE: 'none', ...environment, TOOLWRIGHT_HOME: home, ...options.environment },
      // A group of its own, as a shell gives each command.
      detached: true,
    })
    running.add(child)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    // A command that does not read its input may end before it has got it.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.stdin ?? '')
    const ended = new Promise<Ended>((done, fail) => {
      child.once('error', fail)
      child.once('close', (code, signal) => {
        running.delete(child)
        if (code === null) fail(new Error(`the command was ended by ${signal}: ${stderr}`))
        else done({ code, stdout, stderr })
      })
    })
    return {
      talk: () => stderr,
      data: () => stdout,
      interrupt: () => process.kill(-child.pid!, 'SIGINT'),
      ended,
    }
  }

  return {
    folder,
    start,
    run: (args, options) => start(args, options).ended,
    left: () => processesIn(folder),
    close: () => {
      for (const child of running) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Living processes that work in a folder or on its data; none where the system has no /proc. */
function processesIn(folder: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (pid) =>
        isIn(
          folder,
          ask(() => readlinkSync(`/proc/${pid}/cwd`)),
        ) || ask(() => readFileSync(`/proc/${pid}/environ`, 'utf8')).includes(`=${folder}/`),
    )
    .filter((pid) => !ask(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).includes(') Z '))
    .map(Number)
}

function isIn(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** What the system says of a process; '' for one that is gone by now, or another user's. */
function ask(look: () => string): string {
  try {
    return look()
  } catch {
    return ''
  }
}
