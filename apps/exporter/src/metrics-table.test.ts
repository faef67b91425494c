import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { withMetricsTable } from './metrics-table.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

/** Brought by ./toolwright test where the whole of it is run. */
const PROMTOOL = process.env['TOOLWRIGHT_PROMTOOL']

interface Row {
  name: string
  type: string
  labels: string
  from: string
  meaning: string
}

const markdown = readFileSync(join(ROOT, 'infra/METRICS.md'), 'utf8')
const table = readTable(markdown)

let exporter: ChildProcess
let url: string
const home = mkdtempSync(join(tmpdir(), 'toolwright-exporter-'))

beforeAll(async () => {
  exporter = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      PATH: process.env['PATH'],
      REDIS_URL: process.env['REDIS_URL'],
      TOOLWRIGHT_REDIS_PERSISTENCE: 'none',
      TOOLWRIGHT_HOME: home,
      TOOLWRIGHT_PREFIX: `test-${process.pid}`,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  url = await vi.waitFor(() => {
    const [name] = readdirSync(join(home, 'metrics'))
    const [entry] = JSON.parse(readFileSync(join(home, 'metrics', name!), 'utf8')) as { targets: string[] }[]
    return `http://${entry!.targets[0]}`
  }, 15_000)
}, 20_000)
afterAll(() => {
  exporter.kill('SIGKILL')
  rmSync(home, { recursive: true })
})

test('the table in METRICS.md is what the code generates (else run dashboards/write-main.ts)', () => {
  expect(withMetricsTable(markdown, ROOT)).toBe(markdown)
})

test('a table whose marks are gone is not generated', () => {
  expect(() => withMetricsTable(markdown.replace('<!-- End', '<!-- Last'), ROOT)).toThrow('the table has to stand between <!--')
})

test('METRICS.md lists what the exporter serves, word for word', async () => {
  const text = await (await fetch(`${url}/metrics`)).text()
  const served = [...text.matchAll(/^# HELP (\w+) (.*)\n# TYPE \1 (\w+)$/gm)].map(([, name, help, type]) => ({
    name,
    type,
    help,
  }))
  const listed = table.filter(({ from }) => from === 'exporter' || from === 'every stage')
  expect(served.toSorted(byName)).toEqual(listed.map(({ name, type, meaning }) => ({ name, type, help: meaning })).toSorted(byName))
  expect(served.length).toBeGreaterThan(50)
  const labelled = [...text.matchAll(/^(\w+)\{(.*)\} /gm)]
  expect(labelled.length).toBeGreaterThan(20)
  for (const [, name, labels] of labelled) {
    const names = [...labels!.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le')
    const row = table.find((one) => one.name === name || (one.type === 'histogram' && name!.startsWith(`${one.name}_`)))
    expect({ name, labels: names.join(', ') }).toEqual({ name, labels: row?.labels })
  }
})

test.runIf(PROMTOOL !== undefined)(
  `promtool has nothing to say against what the exporter serves${PROMTOOL === undefined ? ' (there is no promtool here)' : ''}`,
  async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    const { status, stdout, stderr } = spawnSync(PROMTOOL!, ['check', 'metrics'], { input: text, encoding: 'utf8' })
    expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' })
  },
)

test('what counts ends in _total, and nothing else does', async () => {
  const text = await (await fetch(`${url}/metrics`)).text()
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => ({ name: name!, type: type! }))
  expect(types.length).toBeGreaterThan(40)
  expect(types.filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'))).toEqual([])
})

test('says that it lives and is ready, and stops cleanly', async () => {
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  const exit = new Promise((done) => exporter.once('exit', done))
  exporter.kill('SIGTERM')
  expect(await exit).toBe(0)
})

function readTable(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [name, type, labels, from, meaning] = line.slice(2, -2).split(' | ')
      return { name: name!.replaceAll('`', ''), type: type!, labels: labels!.replaceAll('`', ''), from: from!, meaning: meaning! }
    })
}

function byName(one: { name?: string | undefined }, other: { name?: string | undefined }): number {
  return (one.name ?? '') < (other.name ?? '') ? -1 : 1
}
