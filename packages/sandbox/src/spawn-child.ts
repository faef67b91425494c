import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChildSettings } from './child/messages.ts'
import { encodeFrame } from './child/frames.ts'
import type { BootOptions } from './image/boot-options.ts'
import type { Layers } from './layers.ts'
import { type Image, PYODIDE_FOLDER } from './open-image.ts'
import { childBootstrap } from './program.ts'

/** Everything that a child's start hangs on. */
export interface SpawnPlan {
  layers: Layers
  /** The operating system's part, found out once. */
  prefix: string[]
  /** Null without the gate: then Pyodide is booted as it is. */
  image: Image | null
  boot: Omit<BootOptions, 'pyodideFolder'>
  settings: ChildSettings
}

/** The descriptor, in the child, that parent and child talk over. */
export const CHANNEL = 3
const SOURCES = dirname(fileURLToPath(import.meta.url))
const PACKAGE_JSON = join(SOURCES, '../package.json')
const NODE_IN_CHILD = '/proc/self/fd/5'

// Recursion through C code (a cached function that calls itself) needs about 2 KB of stack a level; main threads have 8 MB.
const STACK = '--stack-size=3800'
const PERMISSION = ['--permission', '--disallow-code-generation-from-strings', '--no-experimental-sqlite', '--no-addons']

/** Nothing of the parent's. The zone: a tool's local time is the same on every machine. The tunable: large copies, which are resets, go past the caches, a third faster; other C libraries know no such thing. */
const ENVIRONMENT = { TZ: 'UTC', GLIBC_TUNABLES: 'glibc.cpu.x86_non_temporal_threshold=1048576' }

/** Starts a child process. It gets what it needs as open descriptors: whoever it runs as, and wherever the checkout is, it has no path to follow. */
export function spawnChild(plan: SpawnPlan): { started: ChildProcess; greeting: Buffer } {
  const { layers, prefix, image } = plan
  const args = [STACK, ...(layers.permission ? PERMISSION : [])]
  if (image === null) {
    const readable = [SOURCES, PYODIDE_FOLDER, PACKAGE_JSON].map((path) => `--allow-fs-read=${path}`)
    const boot: BootOptions = { ...plan.boot, pyodideFolder: PYODIDE_FOLDER }
    args.push(...(layers.permission ? readable : []), join(SOURCES, 'plain-main.ts'), JSON.stringify(boot))
  } else {
    args.push('--input-type=module', '--eval', childBootstrap())
  }
  const command = layers.isolation ? [...prefix, ...(prefix.length > 0 ? [NODE_IN_CHILD] : [process.execPath])] : [process.execPath]
  const [program = '', ...before] = command
  const started = spawn(program, [...before, ...args], {
    env: layers.permission ? ENVIRONMENT : { ...process.env, ...ENVIRONMENT },
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', image?.descriptor ?? 'ignore', nodeProgram()],
  })
  return { started, greeting: encodeFrame(plan.settings) }
}

let program: number | undefined
/** This process's own program, open: a child that may not follow the path to it starts it from here. Open for as long as this process lives. */
function nodeProgram(): number {
  program ??= openSync(process.execPath, 'r')
  return program
}
