import { familyNamed, generateStream } from '@toolwright/families'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { openPipeline, type Pipeline, type RunEnd, until } from './pipeline.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const INFRA = join(ROOT, 'infra')
const STAGES = ['executor', 'exporter', 'maker', 'producer', 'run', 'user']

/** Brought by ./toolwright test where the whole of it is run; the server comes with it, in the same package. */
const PROMTOOL = process.env['TOOLWRIGHT_PROMTOOL']
const PROMETHEUS = PROMTOOL === undefined ? undefined : join(dirname(PROMTOOL), 'prometheus')
const IS_THERE = PROMETHEUS !== undefined && existsSync(PROMETHEUS)

/** What a rule or dashboard names, and a healthy run need not show. */
const MAY_BE_MISSING: Record<string, string> = {
  toolwright_redis_memory_limit_bytes: 'absent where Redis has no maxmemory, as that of the tests may have none',
  'toolwright:redis_memory_used:ratio': 'absent with it',
}

/** What Prometheus says of its own scrapes and alerts, and what rules record. */
const PROMETHEUS_OWN = /^(?:up|scrape_\w+|ALERTS|ALERTS_FOR_STATE|\w*:[\w:]+)$/

const Targets = z.object({
  data: z.object({
    activeTargets: z.array(
      z.object({ scrapeUrl: z.string(), health: z.string(), lastError: z.string(), labels: z.object({ stage: z.string() }) }),
    ),
  }),
})
const Rule = z.object({ name: z.string(), health: z.string(), lastError: z.string().default('') })
const Rules = z.object({ data: z.object({ groups: z.array(z.object({ rules: z.array(Rule) })) }) })
const Names = z.object({ data: z.array(z.string()) })
const Vector = z.object({
  data: z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })) }),
})
const Groups = z.object({
  groups: z.array(
    z.object({ rules: z.array(z.object({ record: z.string().optional(), alert: z.string().optional(), expr: z.string() })) }),
  ),
})
const Dashboard = z.object({ panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).default([]) })) })

describe.runIf(IS_THERE)(`a real Prometheus, configured as the repository has it${IS_THERE ? '' : ' (there is none here)'}`, () => {
  /** Laid out as a checkout is, since the configuration finds the processes from where it lies. */
  const checkout = mkdtempSync(join(tmpdir(), 'toolwright-prometheus-'))
  const input = join(checkout, 'requests')
  const prometheusLog: string[] = []
  let pipeline: Pipeline
  let exporter: ChildProcess
  let prometheus: ChildProcess
  let url: string
  let end: RunEnd
  let run: string
  let scraped: z.infer<typeof Targets>['data']['activeTargets']
  const texts = new Map<string, string>()

  beforeAll(async () => {
    pipeline = await openPipeline({
      settings: { latency: { baseMs: 20 } },
      // What has no limit shows none.
      environment: { TOOLWRIGHT_MAX_USD_PER_DAY: '100', TOOLWRIGHT_STRONG_RPM: '60000', TOOLWRIGHT_LIGHT_RPM: '60000' },
    })
    exporter = spawn(process.execPath, [join(ROOT, 'apps/exporter/src/main.ts')], { env: pipeline.environment, stdio: 'ignore' })
    symlinkSync(pipeline.environment['TOOLWRIGHT_HOME']!, join(checkout, '.toolwright'))
    // It reads until the end is written, so that its client lives until it has been scraped.
    execFileSync('sh', ['-c', 'mkfifo "$0"', input])
    const started = pipeline.begin({ path: input }, { settings: { make: 'eager' }, maxCostNano: 50_000_000_000 })
    run = started.run
    const requests = createWriteStream(input)
    const write = (lines: unknown[]) => requests.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    // It would complain of a folder that is not there.
    await until('processes have listed themselves', () => existsSync(join(checkout, '.toolwright/metrics')))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    prometheus = startPrometheus(port)

    const families = ['word-sorting', 'word-sorting-reverse', 'unit-conversion'].map((name) => familyNamed(name)!)
    const stream = [...generateStream({ families, count: 160, seed: 5, mix: true, typoShare: 0.1 })].map(({ text }) => ({ input: text }))
    write([...stream.slice(0, 80), { input: 7 }])
    const answered = async (tier: string) => (await pipeline.registry.totals.read())[`answered:${tier}`] ?? 0
    await until('tools are made', async () => (await pipeline.registry.tools.makes()).published >= 2)
    write(stream.slice(80))
    await until('tools answer, by themselves and called', async () => (await answered('extracted')) > 0 && (await answered('called')) > 0)
    await until('every process is scraped', async () => {
      scraped = Targets.parse(await ask('/api/v1/targets?state=active')).data.activeTargets
      return STAGES.every((stage) => scraped.some(({ labels, health }) => labels.stage === stage && health !== 'unknown'))
    })
    for (const { labels, scrapeUrl } of scraped) texts.set(labels.stage, await (await fetch(scrapeUrl)).text())
    requests.end()
    end = await started.ended
  }, 120_000)
  afterAll(async () => {
    prometheus?.kill('SIGKILL')
    exporter?.kill('SIGKILL')
    await pipeline?.close()
    rmSync(checkout, { recursive: true })
  }, 60_000)

  /** Nothing of the configuration is other than its intervals. */
  function startPrometheus(port: number): ChildProcess {
    const folder = join(checkout, 'infra/prometheus')
    mkdirSync(folder, { recursive: true })
    for (const name of ['recording.yml', 'alerts.yml'])
      writeFileSync(join(folder, name), readFileSync(join(INFRA, 'prometheus', name), 'utf8'))
    const config = readFileSync(join(INFRA, 'prometheus/local.yml'), 'utf8')
    writeFileSync(join(folder, 'local.yml'), config.replaceAll(/(interval|timeout): 1[05]s/g, '$1: 1s'))
    const child = spawn(
      PROMETHEUS!,
      [
        `--config.file=${join(folder, 'local.yml')}`,
        `--storage.tsdb.path=${join(checkout, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    child.stderr.on('data', (chunk: Buffer) => prometheusLog.push(chunk.toString()))
    return child
  }

  /** Asked again until it answers, which it does once it has started. */
  async function ask(path: string): Promise<unknown> {
    let answer: unknown
    await until(`Prometheus answers ${path}\n${prometheusLog.join('')}`, async () => {
      const response = await fetch(`${url}${path}`).catch(() => null)
      if (response?.ok !== true) return false
      answer = await response.json()
      return true
    })
    return answer
  }

  async function query(expr: string): Promise<z.infer<typeof Vector>['data']['result']> {
    return Vector.parse(await ask(`/api/v1/query?query=${encodeURIComponent(expr)}`)).data.result
  }

  async function storedNames(): Promise<Set<string>> {
    return new Set(Names.parse(await ask('/api/v1/label/__name__/values')).data)
  }

  test('scrapes every process, and has nothing to say against it', () => {
    expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(3)
    expect(end.results.filter(({ error }) => error !== null)).toHaveLength(1)
    expect(scraped.filter(({ health }) => health !== 'up')).toEqual([])
    expect(scraped.map(({ labels }) => labels.stage).toSorted()).toEqual(STAGES)
    expect(prometheusLog).toEqual([])
  })

  test('promtool has nothing to say against what any process serves', () => {
    expect([...texts.keys()].toSorted()).toEqual(STAGES)
    for (const [stage, text] of texts) {
      const { status, stdout, stderr } = spawnSync(PROMTOOL!, ['check', 'metrics'], { input: text, encoding: 'utf8' })
      expect({ stage, status, said: `${stdout}${stderr}` }).toEqual({ stage, status: 0, said: '' })
    }
  })

  test('evaluates every rule', async () => {
    const rules = Rules.parse(await ask('/api/v1/rules')).data.groups.flatMap((group) => group.rules)
    expect(rules.map(({ name }) => name).toSorted()).toEqual(
      rulesOfRepository()
        .map(({ name }) => name)
        .toSorted(),
    )
    expect(rules.filter(({ health, lastError }) => health !== 'ok' || lastError !== '')).toEqual([])
  })

  test('every metric that a rule or dashboard names is scraped', async () => {
    const named = new Set([...rulesOfRepository(), ...queriesOfDashboards()].flatMap(({ expr }) => metricsIn(expr)))
    expect(named.size).toBeGreaterThan(40)
    const stored = await storedNames()
    expect([...named].filter((name) => !stored.has(name) && MAY_BE_MISSING[name] === undefined)).toEqual([])
    expect(Object.keys(MAY_BE_MISSING).filter((name) => !named.has(name))).toEqual([])
  })

  test('every metric that is scraped is in METRICS.md', async () => {
    const table = readFileSync(join(INFRA, 'METRICS.md'), 'utf8')
    const listed = [...table.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].flatMap(([, name, type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => `${name}${suffix}`) : [name!],
    )
    const stored = [...(await storedNames())].filter((name) => !PROMETHEUS_OWN.test(name))
    expect(stored.length).toBeGreaterThan(60)
    expect(stored.filter((name) => !listed.includes(name))).toEqual([])
    // And those of each process are those that the table says it has.
    for (const [stage, text] of texts) {
      const served = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!)
      const expected = [...table.matchAll(/^\| `(\w+)` \| \w+ \| .*? \| (.*?) \|/gm)]
        .filter(([, , from]) => from === 'every stage' || from!.split(', ').includes(stage))
        .map(([, name]) => name!)
      expect({ stage, served: served.toSorted() }).toEqual({ stage, served: expected.toSorted() })
    }
  })

  test('the cost is that of the ledger, to the nano-dollar', async () => {
    const ledger = await pipeline.ledger(run)
    const nano = ledger.reduce((sum, { costNano }) => sum + costNano!, 0)
    expect(nano).toBeGreaterThan(0)
    let shown = 0
    await until('the latest of it is scraped', async () => {
      const calls = await query('sum(toolwright_model_calls_total)')
      const series = await query('toolwright_cost_dollars_total')
      shown = series.reduce((sum, { value }) => sum + Math.round(Number(value[1]) * 1e9), 0)
      return Number(calls[0]?.value[1]) === ledger.length
    })
    expect(shown).toBe(nano)
  })
})

function rulesOfRepository(): { name: string; expr: string }[] {
  return ['recording.yml', 'alerts.yml'].flatMap((file) =>
    Groups.parse(parse(readFileSync(join(INFRA, 'prometheus', file), 'utf8')))
      .groups.flatMap(({ rules }) => rules)
      .map(({ record, alert, expr }) => ({ name: record ?? alert ?? '', expr })),
  )
}

function queriesOfDashboards(): { expr: string }[] {
  const folder = join(INFRA, 'grafana/dashboards')
  return readdirSync(folder).flatMap((name) =>
    Dashboard.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))).panels.flatMap(({ targets }) => targets),
  )
}

/** Those of ours, of Node and of rules; labels have other names. */
function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\b(?:(?:toolwright|process|nodejs)_\w+|\w+:\w+:\w+)/g)].map(([name]) => name)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('there is no free port')
  return address.port
}
