import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { dashboardFiles } from './dashboards/files.ts'
import { MONEY_AND_TOOLS } from './dashboards/money-and-tools.ts'
import { QUEUES_AND_EXECUTOR } from './dashboards/queues-and-executor.ts'

const INFRA = resolve(import.meta.dirname, '../../../infra')
const PROMETHEUS = join(INFRA, 'prometheus')

/** Brought by ./toolwright test where the whole of it is run. */
const PROMTOOL = process.env['TOOLWRIGHT_PROMTOOL']
const NO_PROMTOOL = PROMTOOL === undefined ? ' (there is no promtool here)' : ''

// promtool judges the YAML; here only its lines are looked at.
const recording = readFileSync(join(PROMETHEUS, 'recording.yml'), 'utf8')
const alerting = readFileSync(join(PROMETHEUS, 'alerts.yml'), 'utf8')
const runbook = readFileSync(join(INFRA, 'RUNBOOK.md'), 'utf8')
const unitTests = readdirSync(join(PROMETHEUS, 'tests')).map((name) => join(PROMETHEUS, 'tests', name))

const recorded = rulesOf(recording, 'record')
const alerts = rulesOf(alerting, 'alert')
const panels = [MONEY_AND_TOOLS, QUEUES_AND_EXECUTOR].flatMap(({ rows }) => rows.flatMap((row) => row.panels))
const expressions = [
  ...[...recorded, ...alerts].map(({ name, text }) => ({ where: name, expr: expressionOf(text) })),
  ...panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ where: `panel "${title}"`, expr }))),
]

test.runIf(PROMTOOL !== undefined)(
  `promtool takes the configurations, and every alert fires when it should and stays silent when it should not${NO_PROMTOOL}`,
  () => {
    for (const name of ['prometheus.yml', 'local.yml'])
      expect(promtool(['check', 'config', join(PROMETHEUS, name)])).toMatchObject({ status: 0 })
    expect(promtool(['check', 'rules', join(PROMETHEUS, 'recording.yml'), join(PROMETHEUS, 'alerts.yml')])).toMatchObject({ status: 0 })
    expect(promtool(['test', 'rules', ...unitTests])).toMatchObject({ status: 0 })
  },
  120_000,
)

test.runIf(PROMTOOL !== undefined)(`promtool takes every query of a dashboard${NO_PROMTOOL}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'toolwright-queries-'))
  try {
    const rules = panels
      .flatMap(({ queries }) => queries)
      .map(({ expr }, index) => ({
        record: `query:${index}`,
        expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '3h'),
      }))
    // JSON is YAML.
    writeFileSync(join(folder, 'queries.yml'), JSON.stringify({ groups: [{ name: 'queries', rules }] }))
    expect(promtool(['check', 'rules', join(folder, 'queries.yml')])).toMatchObject({ status: 0 })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('every alert is tried both ways', () => {
  const cases = unitTests.flatMap((path) => casesOf(readFileSync(path, 'utf8')))
  const tried = (fires: boolean) => new Set(cases.filter((one) => one.fires === fires).flatMap((one) => one.alerts))
  const names = alerts.map(({ name }) => name).toSorted()
  expect(names.length).toBeGreaterThan(15)
  expect([...tried(true)].toSorted()).toEqual(names)
  expect([...tried(false)].toSorted()).toEqual(names)
})

test('every alert has a severity, says what is wrong and what to do, and has its section in the runbook', () => {
  for (const { name, text } of alerts) {
    expect(text, name).toMatch(/^ +severity: (critical|warning)$/m)
    expect(text, name).toMatch(/^ +summary: .{20}/m)
    expect(text, name).toMatch(/^ +description: .{60}/m)
    expect(text, name).toMatch(new RegExp(`^ +runbook: infra/RUNBOOK.md#${name.toLowerCase()}$`, 'm'))
  }
  const sections = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name)
  expect(sections).toEqual(alerts.map(({ name }) => name))
})

test('rules and dashboards name only metrics and labels that METRICS.md lists, and none that tells one process’ from another’s but its address', () => {
  const table = readMetrics()
  const known = new Set([...table.keys(), ...recorded.map(({ name }) => name), 'up'])
  const labels = new Set(['stage', 'instance', 'le', ...[...table.values()].flat()])
  for (const { where, expr } of expressions) {
    const names = metricsIn(expr)
    expect(names.length, where).toBeGreaterThan(0)
    const unknown = names.filter((name) => !known.has(name))
    expect({ where, unknown }).toEqual({ where, unknown: [] })
    const strange = groupLabelsIn(expr).filter((label) => !labels.has(label))
    expect({ where, strange }).toEqual({ where, strange: [] })
  }
})

test('alerts that panels speak of are there, and so are those of the runbook’s text', () => {
  const names = new Set(alerts.map(({ name }) => name))
  const spoken = [
    ...panels
      .map(({ about }) => about)
      .join('\n')
      .matchAll(/Toolwright[A-Z]\w+/g),
    ...runbook.matchAll(/Toolwright[A-Z]\w+/g),
  ]
  expect(spoken.length).toBeGreaterThan(10)
  expect(spoken.map(([name]) => name).filter((name) => !names.has(name))).toEqual([])
})

test('the dashboards in the repository are what the code generates (else run write-main.ts)', () => {
  const folder = join(INFRA, 'grafana/dashboards')
  const files = dashboardFiles()
  expect(readdirSync(folder).toSorted()).toEqual(Object.keys(files).toSorted())
  for (const [name, text] of Object.entries(files)) expect(readFileSync(join(folder, name), 'utf8'), name).toBe(text)
})

test('no panel of a dashboard covers another', () => {
  for (const [name, text] of Object.entries(dashboardFiles())) {
    const { panels: placed } = JSON.parse(text) as { panels: { gridPos: { x: number; y: number; w: number; h: number } }[] }
    const cells = placed.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    )
    expect(new Set(cells).size, name).toBe(cells.length)
    expect(
      placed.every(({ gridPos: { x, w } }) => x + w <= 24),
      name,
    ).toBe(true)
  }
})

function promtool(parameters: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(PROMTOOL!, parameters, { encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

function rulesOf(yaml: string, key: 'alert' | 'record'): { name: string; text: string }[] {
  const [, ...blocks] = yaml.split(`- ${key}: `)
  return blocks.map((text) => ({ name: /^\S+/.exec(text)![0], text }))
}

/** What stands after `expr:`, on its line or, indented, on those below. */
function expressionOf(rule: string): string {
  const [, indent, first] = /^( +)expr: (.*)$/m.exec(rule)!
  if (first !== '|') return first!
  const [, below] = rule.split(/^ +expr: \|\n/m)
  const lines = below!.split('\n')
  const end = lines.findIndex((line) => !line.startsWith(`${indent} `))
  return lines.slice(0, end).join('\n')
}

/** The unit tests' cases that ask for alerts by name: which, and whether any is to fire. */
function casesOf(yaml: string): { alerts: string[]; fires: boolean }[] {
  const asked = yaml.matchAll(/- expr: ALERTS\{alertname=~?"([\w|]+)".*\n +eval_time: .*\n +exp_samples:(.*)$/gm)
  return [...asked].map(([, names, samples]) => ({ alerts: names!.split('|'), fires: samples!.trim() !== '[]' }))
}

/** Metrics of METRICS.md with their labels; a histogram under the names that it is served by. */
function readMetrics(): Map<string, string[]> {
  const rows = readFileSync(join(INFRA, 'METRICS.md'), 'utf8').matchAll(/^\| `(\w+)` \| (\w+) \| (?:`([^`]*)`)? ?\|/gm)
  return new Map(
    [...rows].flatMap(([, name, type, labels]): [string, string[]][] => {
      const names = type === 'histogram' ? ['bucket', 'sum', 'count'].map((suffix) => `${name}_${suffix}`) : [name!]
      return names.map((one) => [one, labels?.split(', ') ?? []])
    }),
  )
}

const WORDS = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'offset', 'bool'])

/** Names in a query that are neither functions nor words of PromQL, nor stand in a list of labels. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right) \([^)]*\)/g, '')
    .replaceAll(/\boffset \w+/g, '')
  const names = bare.matchAll(/(?<![\w:.])[a-z_][\w:]*(?! *\(|[\w:])/gi)
  return [...names].map(([name]) => name).filter((name) => !WORDS.has(name))
}

function groupLabelsIn(expr: string): string[] {
  const lists = expr.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right) \(([^)]*)\)/g)
  return [...lists].flatMap(([, list]) => list!.split(',').map((label) => label.trim())).filter((label) => label !== '')
}
