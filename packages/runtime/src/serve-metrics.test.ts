import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Counter } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serveMetrics, type MetricsServer } from './serve-metrics.ts'

let home: string
let server: MetricsServer | undefined

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toolwright-metrics-'))
})
afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(home, { recursive: true })
})

async function get(path: string): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(`http://127.0.0.1:${server?.port}${path}`)
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

test("serves the process' metrics and those of the registry", async () => {
  server = await serveMetrics({ stage: 'user', home, port: 0, isReady: () => true })
  new Counter({ name: 'toolwright_things_total', help: 'things', registers: [server.registry!] }).inc(3)
  const { status, type, text } = await get('/metrics')
  expect(status).toBe(200)
  expect(type).toContain('text/plain; version=0.0.4')
  expect(text).toContain('toolwright_things_total 3')
  expect(text).toContain('process_resident_memory_bytes')
})

test('says whether it lives and whether it is ready', async () => {
  const answers: (() => boolean | Promise<boolean>)[] = [
    () => true,
    async () => false,
    () => Promise.reject(new Error('no Redis')),
    () => {
      throw new Error('no key')
    },
    () => new Promise<boolean>(() => {}),
  ]
  server = await serveMetrics({ stage: 'user', home, port: 0, isReady: () => answers.shift()?.() ?? true })
  expect(await get('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
  expect(await get('/readyz')).toMatchObject({ status: 200, text: 'ready\n' })
  expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready\n' })
  expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready: Error: no Redis\n' })
  expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready: Error: no key\n' })
  expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready\n' })
  expect((await get('/else')).status).toBe(404)
})

test('with metrics off it says whether it lives, measures nothing, and is listed nowhere', async () => {
  server = await serveMetrics({ stage: 'user', home, port: 0, isReady: () => true, metrics: 'off' })
  expect(server.registry).toBeNull()
  expect(await get('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
  expect(await get('/metrics')).toMatchObject({ status: 404, text: 'metrics are off (TOOLWRIGHT_METRICS)\n' })
  expect(existsSync(join(home, 'metrics'))).toBe(false)
})

test('lists itself for Prometheus until it is closed', async () => {
  server = await serveMetrics({ stage: 'maker', home, port: 0, isReady: () => true })
  const path = join(home, 'metrics', `maker-${process.pid}.json`)
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual([{ targets: [`127.0.0.1:${server.port}`], labels: { stage: 'maker' } }])
  await server.close()
  expect(readdirSync(join(home, 'metrics'))).toEqual([])
})

test('removes the entries of processes that are gone, and no others', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const folder = join(home, 'metrics')
  mkdirSync(folder)
  const entry = JSON.stringify([{ targets: ['127.0.0.1:1'], labels: {} }])
  for (const name of [`user-${dead}.json`, `user-${process.ppid}.json`, 'other.json']) writeFileSync(join(folder, name), entry)
  writeFileSync(join(folder, `far-${dead}.json`), JSON.stringify([{ targets: ['10.0.0.7:1'], labels: {} }]))
  server = await serveMetrics({ stage: 'user', home, port: 0, isReady: () => true })
  expect(readdirSync(folder).toSorted()).toEqual(
    [`far-${dead}.json`, 'other.json', `user-${process.pid}.json`, `user-${process.ppid}.json`].toSorted(),
  )
})

test('is reached from elsewhere where its address is not loopback, and is listed with the address that it has', async () => {
  for (const [host, listed] of [
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.9', '127.0.0.9'],
  ] as const) {
    server = await serveMetrics({ stage: 'user', home, port: 0, host, isReady: () => true })
    const entry = readFileSync(join(home, 'metrics', `user-${process.pid}.json`), 'utf8')
    expect(JSON.parse(entry)).toEqual([{ targets: [`${listed}:${server.port}`], labels: { stage: 'user' } }])
    expect((await fetch(`http://127.0.0.9:${server.port}/healthz`)).status).toBe(200)
    await server.close()
  }
})

test('says that the address is not one of this machine', async () => {
  await expect(serveMetrics({ stage: 'user', home, port: 0, host: '192.0.2.1', isReady: () => true })).rejects.toThrow(
    'TOOLWRIGHT_METRICS_HOST is wrong: this machine has no address 192.0.2.1',
  )
})

test('removes its entry when the process exits without closing', () => {
  const module = new URL('./serve-metrics.ts', import.meta.url).href
  const code = `
    import { serveMetrics } from ${JSON.stringify(module)}
    await serveMetrics({ stage: 'user', home: ${JSON.stringify(home)}, port: 0, isReady: () => true })
    process.exit(3)`
  const child = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', code], { encoding: 'utf8' })
  expect([child.stderr, child.status]).toEqual(['', 3])
  expect(existsSync(join(home, 'metrics', `user-${child.pid}.json`))).toBe(false)
})

test('says which port is taken', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  await expect(serveMetrics({ stage: 'user', home, port, isReady: () => true })).rejects.toThrow(
    `TOOLWRIGHT_METRICS_PORT is wrong: port ${port} of 127.0.0.1 is another process'`,
  )
  other.close()
})
