import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startApp } from './processes.ts'

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'toolwright-processes-'))
  app('user', `console.log('hello', process.argv[2], process.env.GREETING); console.error('bye'); process.exit(3)`)
  app('maker', `process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log('ready')`)
  app('executor', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')`)
  app('exporter', `process.on('disconnect', () => process.exit(0)); setInterval(() => {}, 1000); console.log('ready')`)
})
afterAll(() => rmSync(root, { recursive: true }))

test('hands on its lines and its exit code', async () => {
  const lines: string[] = []
  const started = startApp({ root, app: 'user', args: ['there'], environment: { GREETING: 'you' }, onLine: (line) => lines.push(line) })
  expect(await started.exited).toBe(3)
  expect(lines.toSorted()).toEqual(['bye', 'hello there you'])
})

test('stops in order, or is killed when it does not stop in time', async () => {
  const maker = await ready('maker')
  expect(await maker.stop()).toBe(0)
  const executor = await ready('executor')
  expect(await executor.stop(50)).toBe(128 + 9)
})

test('ends with the command that started it, even when that was killed', async () => {
  const parent = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { startApp } from ${JSON.stringify(join(import.meta.dirname, 'processes.ts'))}
     const started = startApp({ root: ${JSON.stringify(root)}, app: 'exporter', environment: {}, onLine: () => console.log(started.pid) })`,
  ])
  const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (data) => resolve(Number(data))))
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000)
})

function app(name: string, source: string): void {
  mkdirSync(join(root, 'apps', name, 'src'), { recursive: true })
  writeFileSync(join(root, 'apps', name, 'src', 'main.ts'), source)
}

function ready(name: 'maker' | 'executor'): Promise<ReturnType<typeof startApp>> {
  return new Promise((resolve) => {
    const started = startApp({ root, app: name, environment: {}, onLine: () => resolve(started) })
  })
}

/** A process that ended but was not yet waited for by its new parent counts as ended. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}
