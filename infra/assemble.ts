import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'

/**
 * Assembles the file tree of an app's image: `node infra/assemble.ts APP OUT`. The Dockerfile and its test both call it, so what is tested is what is shipped.
 * OUT, which must not be there or be empty, gets the app, the packages of ours that it needs, and its production dependencies at the versions of the lockfile; for the
 * executor also the images of its interpreter, which it then need not build and cannot change. Nothing in OUT can be written by anybody but its owner.
 * Imports nothing but Node: it runs before anything is installed. Needs pnpm on the PATH.
 */
const ROOT = resolve(import.meta.dirname, '..')

/** What pnpm needs beside the packages themselves; the health check. */
const ROOT_FILES = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', 'LICENSE', 'infra/check-health.ts']

/** What only a checkout has: installed packages, tests, and what they and the compiler read. */
const LEFT_OUT = /(^|\/)(node_modules|\.turbo|fixtures|tsconfig\.json|[^/]+\.test\.ts)$/

/** Copies, since what pnpm links could be changed from elsewhere. The lockfile has the hashes of all packages, so their age says nothing. */
const PNPM_SETTINGS = ['--config.package-import-method=copy', '--config.minimum-release-age=0']

interface Manifest {
  name: string
  dependencies?: Record<string, string>
}

try {
  assemble(process.argv[2] ?? '', resolve(process.argv[3] ?? ''), process.argv.length)
} catch (error) {
  process.stderr.write(`assemble: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

function assemble(app: string, out: string, words: number): void {
  const apps = foldersIn('apps').map((folder) => basename(folder))
  if (words !== 4 || !apps.includes(app))
    throw new Error(`usage: node infra/assemble.ts APP OUT, where APP is ${apps.join(', ')}; got "${app}"`)
  if (existsSync(out) && readdirSync(out).length > 0) throw new Error(`${out} is not empty: name a folder that is not there yet`)

  const folders = withPackages(join('apps', app))
  for (const path of ROOT_FILES) copy(path, out)
  for (const folder of folders) copy(folder, out)
  run('pnpm', ['install', '--prod', '--frozen-lockfile', '--ignore-scripts', '--prefer-offline', ...PNPM_SETTINGS], out)
  // Where and when it was installed is nobody's concern.
  for (const name of ['.modules.yaml', '.pnpm-workspace-state-v1.json']) rmSync(join(out, 'node_modules', name), { force: true })
  if (app === 'executor') run(process.execPath, ['apps/executor/src/build-images-main.ts', 'sandbox-images'], out)
  protect(out)
  process.stdout.write(`assembled ${folders.join(', ')} in ${out}\n`)
}

/** The folder and those of all packages of ours that it needs, directly or not. */
function withPackages(start: string): string[] {
  const folderOf = new Map([...foldersIn('apps'), ...foldersIn('packages')].map((folder) => [manifestOf(folder).name, folder]))
  const found = new Set([start])
  for (const folder of found) {
    const { name, dependencies = {} } = manifestOf(folder)
    for (const [dependency, version] of Object.entries(dependencies)) {
      if (!version.startsWith('workspace:')) continue
      const its = folderOf.get(dependency)
      if (its === undefined) throw new Error(`${name} depends on ${dependency}, which is no package of this workspace`)
      found.add(its)
    }
  }
  return [...found].toSorted()
}

function foldersIn(parent: string): string[] {
  return readdirSync(join(ROOT, parent))
    .map((name) => join(parent, name))
    .filter((folder) => existsSync(join(ROOT, folder, 'package.json')))
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest
}

function copy(path: string, out: string): void {
  mkdirSync(dirname(join(out, path)), { recursive: true })
  cpSync(join(ROOT, path), join(out, path), { recursive: true, filter: (source) => !LEFT_OUT.test(relative(ROOT, source)) })
}

function run(command: string, args: string[], folder: string): void {
  try {
    execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  } catch (error) {
    throw new Error(`"${[command, ...args].join(' ')}" failed in ${folder}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** Readable for everybody, writable for the owner, whatever the modes in the checkout were; links are followed by nobody here. */
function protect(path: string): void {
  const stats = lstatSync(path)
  if (stats.isSymbolicLink()) return
  chmodSync(path, stats.isDirectory() || (stats.mode & 0o100) !== 0 ? 0o755 : 0o644)
  if (stats.isDirectory()) for (const name of readdirSync(path)) protect(join(path, name))
}
