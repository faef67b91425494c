import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { type Layers, openSandbox, type Sandbox, type SandboxOptions } from './index.ts'
import { findIsolation, missingLayers } from './layers.ts'
import { openImage } from './open-image.ts'
import { IMAGE_FOLDER } from './testing.ts'

vi.setConfig({ testTimeout: 120_000 })

const FIRST = { hashSeed: 1, hideModules: true, wheels: [] }

async function using<T>(options: Partial<SandboxOptions>, use: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  const sandbox = await openSandbox({ imageFolder: IMAGE_FOLDER, children: { first: 1, second: 0 }, log: () => undefined, ...options })
  try {
    return await use(sandbox)
  } finally {
    await sandbox.close()
  }
}

const solve = async (sandbox: Sandbox, body: string) => {
  const source = `def solve():\n${body.replaceAll(/^/gm, '    ')}`
  const [outcome] = await sandbox.run({
    source,
    calls: [{ arguments: '{}' }],
    timeoutMs: 5_000,
    surroundings: 'first',
    resetEachCall: false,
  })
  return outcome
}

/** The process that runs Node: what was started may be `unshare`, which waits for it. */
function nodeOf(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  return child === undefined ? pid : nodeOf(Number(child))
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    // It is gone.
    return false
  }
}

/** Whether a process has a namespace of its own. */
const hasOwn = (namespace: string, pid: number) =>
  readlinkSync(`/proc/${pid}/ns/${namespace}`) !== readlinkSync(`/proc/self/ns/${namespace}`)

test.runIf(process.platform === 'linux')('a child lives where what this platform has is in force', async () => {
  await using({}, async (sandbox) => {
    const { isolation } = sandbox
    const pid = nodeOf(sandbox.stats().pids[0] ?? 0)
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
    expect(/^NoNewPrivs:\t1$/m.test(status)).toBe(isolation.noNewPrivileges)
    expect(/^Max file size +0 +0/m.test(limits)).toBe(isolation.limits)
  })
})

test.runIf(process.getuid?.() === 0)(
  'a child of root is nobody, sees no network and no other process, and has an empty environment',
  async () => {
    await using({}, async (sandbox) => {
      const { isolation } = sandbox
      const pid = nodeOf(sandbox.stats().pids[0] ?? 0)
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      expect(/^Uid:\t65534\t65534\t65534\t65534$/m.test(status)).toBe(isolation.user)
      expect(/^CapEff:\t0+$/m.test(status)).toBe(isolation.user)
      expect(hasOwn('net', pid)).toBe(isolation.network)
      expect(hasOwn('pid', pid)).toBe(isolation.processes)
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toMatch(/^TZ=UTC\0GLIBC_TUNABLES=[\w.=]+\0$/)
    })
  },
)

const isTied = (await findIsolation()).isolation.endsWithParent

test.runIf(isTied)('whoever is in a loop inside C code ends with the process that started it', async () => {
  const script = `
    import { openSandbox } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
    const sandbox = await openSandbox({ imageFolder: ${JSON.stringify(IMAGE_FOLDER)}, children: { first: 1, second: 0 }, log: () => undefined })
    const source = 'def solve():\\n    print("in")\\n    return str(sum(range(10 ** 15)))'
    void sandbox.run({ source, calls: [{ arguments: '{}' }], timeoutMs: 600_000, surroundings: 'first', resetEachCall: false })
    setTimeout(() => console.log(JSON.stringify(sandbox.stats().pids)), 1_000)`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const children = (JSON.parse(line.toString('utf8')) as number[]).flatMap((pid) => [pid, nodeOf(pid)])
  expect(children.filter(isRunning)).toEqual(children)
  parent.kill('SIGKILL')
  await vi.waitFor(() => expect(children.filter(isRunning)).toEqual([]), 5_000)
})

test('each layer that is missing is named with what that means; another user is missed by root alone', () => {
  const nothing = { network: false, processes: false, user: false, noNewPrivileges: false, limits: false, endsWithParent: false }
  const all: Layers = { gate: true, modules: true, permission: true, isolation: true }
  const told = missingLayers(all, nothing)
  expect(told).toHaveLength(process.getuid?.() === 0 ? 6 : 5)
  expect(told[0]).toBe(
    'no empty network namespace (unshare --net) here: a tool that broke out of the interpreter and of Node could reach the network',
  )
  const everything = { network: true, processes: true, user: true, noNewPrivileges: true, limits: true, endsWithParent: true }
  expect(missingLayers(all, everything)).toEqual([])
  expect(missingLayers({ ...all, isolation: false }, nothing)).toEqual(['isolation by the operating system is switched off'])
})

const NO_LAYERS: Layers = { gate: false, modules: false, permission: false, isolation: false }
const IMPORT_JS = 'import js\nreturn js.typeof if hasattr(js, "typeof") else "object"'

test.each<[keyof Layers, object]>([
  ['gate', { status: 'crashed', message: expect.stringContaining('the interpreter failed') }],
  ['modules', { status: 'raised', message: expect.stringContaining("ModuleNotFoundError: No module named 'js'") }],
  ['permission', { status: 'ok', result: 'object' }],
  ['isolation', { status: 'ok', result: 'object' }],
])('the layer %s alone: a tool runs, and what it finds of JavaScript is known', async (layer, found) => {
  await using({ layers: { ...NO_LAYERS, [layer]: true } }, async (sandbox) => {
    expect(await solve(sandbox, 'return "works"')).toMatchObject({ status: 'ok', result: 'works' })
    expect(await solve(sandbox, IMPORT_JS)).toMatchObject(found)
  })
})

test('resets are byte for byte, whatever a batch did: the whole memory hashes as at first', async () => {
  await using({ checkResets: true }, async (sandbox) => {
    const bodies = [
      'return "quiet"',
      'import builtins, json, random\nbuiltins.len = None\njson.dumps = None\nrandom.seed(1)\nreturn "patched"',
      'x = [bytes(10_000) for _ in range(200)]\nopen("/tmp/x", "w").write("left")\nreturn "wrote"',
      'import sys\nsys.setrecursionlimit(50_000)\ndef f(n): return n and f(n - 1)\nf(40_000)\nreturn "deep"',
      'raise ValueError("out")',
    ]
    for (const body of bodies) expect((await solve(sandbox, body))?.status).toBeOneOf(['ok', 'raised', 'crashed'])
    expect(await solve(sandbox, 'return str(len(__import__("os").listdir("/tmp")))')).toMatchObject({ status: 'ok', result: '0' })
    expect(sandbox.stats().kills).toEqual({})
  })
})

test('a batch has a limit of its own: what has run by then is kept', async () => {
  await using({ limits: { batchTimeoutMs: 2_000 } }, async (sandbox) => {
    const calls = ['0', '0', '3000', '0'].map((ms) => ({ arguments: `{"ms": ${ms}}` }))
    const source = 'import time\ndef solve(ms):\n    time.sleep(ms / 1000)\n    return "slept"'
    const outcomes = await sandbox.run({ source, calls, timeoutMs: 10_000, surroundings: 'first', resetEachCall: false })
    expect(outcomes.map(({ status }) => status)).toEqual(['ok', 'ok', 'timed-out', 'timed-out'])
    expect(outcomes[3]).toEqual({ status: 'timed-out', message: 'its batch had run for 2000 ms' })
    expect(await solve(sandbox, 'return "next"')).toMatchObject({ result: 'next' })
  })
})

test('a wheel is there for tools to import; one that is missing, no wheel, or without the module that was named is an error that says so', async () => {
  const wheel = fileURLToPath(new URL('fixtures/greeting-1.0-py3-none-any.whl', import.meta.url))
  const greeting = 'import greeting\nreturn greeting.greet("you")'
  await using({ wheels: [{ path: wheel, imports: ['greeting'] }], checkResets: true }, async (sandbox) => {
    expect(await solve(sandbox, greeting)).toMatchObject({ status: 'ok', result: 'hello you' })
    expect(await solve(sandbox, 'import greeting\ngreeting.words.HELLO = ""\ngreeting.greet = None\nreturn ""')).toMatchObject({
      status: 'ok',
    })
    expect(await solve(sandbox, greeting)).toMatchObject({ status: 'ok', result: 'hello you' })
  })
  const opening = (path: string, imports: string[]) => using({ wheels: [{ path, imports }] }, async () => undefined)
  await expect(opening(wheel, ['greetings'])).rejects.toThrow("ModuleNotFoundError: No module named 'greetings'")
  await expect(opening('/nowhere/x.whl', [])).rejects.toThrow('the wheel /nowhere/x.whl cannot be read')
  await expect(opening(import.meta.filename, [])).rejects.toThrow(/is not a zip file|not a zip/)
})

test('an image that is not what was written is built again; one that is being built when the sandbox closes leaves nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'images-'))
  try {
    const sandbox = await openSandbox({ imageFolder: folder, log: () => undefined })
    await sandbox.close()
    const [name = ''] = readdirSync(folder)
    expect(readdirSync(folder)).toEqual([name])
    const content = readFileSync(join(folder, name))
    content[5_000_000] = (content[5_000_000] ?? 0) ^ 1
    writeFileSync(join(folder, name), content)
    const second = await openImage(folder, FIRST)
    expect(second.builtMs).not.toBeNull()
    const third = await openImage(folder, FIRST)
    expect(third.builtMs).toBeNull()
    second.close()
    third.close()
    expect(readdirSync(folder)).toEqual([name])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
