import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function run(parameters: string[], env: Record<string, string> = {}): { child: ChildProcess; stdout: Readable; stderr: Readable } {
  const child = spawn(process.execPath, [MAIN, ...parameters], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  children.push(child)
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new Error('the child has no pipes')
  return { child, stdout, stderr }
}

async function listening(stdout: Readable): Promise<{ url: string; models: string[] }> {
  const [line] = await once(createInterface({ input: stdout }), 'line')
  return JSON.parse(String(line))
}

test('says in one line where it listens, takes settings from a file, and stops on SIGTERM', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'simulator-'))
  const file = join(folder, 'settings.json')
  await writeFile(file, JSON.stringify({ models: { strong: 'big', light: 'small' } }))
  const { child, stdout } = run(['--settings', file])
  const { url, models } = await listening(stdout)
  expect(models).toEqual(['big', 'small'])
  expect((await fetch(`${url}/models/small`, { headers: { authorization: 'Bearer any' } })).status).toBe(200)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  await rm(folder, { recursive: true })
})

test('listens on another address than loopback only where it is told to', async () => {
  const { url } = await listening(run(['--host', '0.0.0.0']).stdout)
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
  const elsewhere = url.replace('127.0.0.1', '127.0.0.9')
  expect((await fetch(`${elsewhere}/models/sim-light`, { headers: { authorization: 'Bearer any' } })).status).toBe(200)
  const { url: inside } = await listening(run([]).stdout)
  await expect(fetch(`${inside.replace('127.0.0.1', '127.0.0.9')}/models`)).rejects.toThrow('fetch failed')
})

test('stops when whoever started it has gone', async () => {
  const { child, stdout } = run([], { TOOLWRIGHT_SIMULATOR_SETTINGS: '{"seed": 7}' })
  await listening(stdout)
  child.disconnect()
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('ends with 2 and a sentence for settings that are not right', async () => {
  const { child, stderr } = run([], { TOOLWRIGHT_SIMULATOR_SETTINGS: '{"sede": 7}' })
  const said: string[] = []
  stderr.on('data', (chunk) => said.push(String(chunk)))
  expect(await once(child, 'close')).toEqual([2, null])
  expect(said.join('')).toContain('Unrecognized key: "sede"')
})
