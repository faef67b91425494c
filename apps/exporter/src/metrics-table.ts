import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { processMetrics } from '@toolwright/runtime'
import { z } from 'zod'
import { METRICS } from './metrics.ts'

const BEGIN = '<!-- The table is generated: after a change of a metric run ./toolwright node apps/exporter/src/dashboards/write-main.ts -->'
const END = '<!-- End of the table. -->'

interface Row {
  name: string
  type: string
  labels: readonly string[]
  /** Which processes show it. */
  from: string
  meaning: string
}

/** The text of `infra/METRICS.md` with the table of all metrics between its marks, as the code below `root` has them. Throws where the marks are not there. */
export function withMetricsTable(markdown: string, root: string): string {
  const [before, rest, ...more] = markdown.split(BEGIN)
  const [, after] = rest?.split(END) ?? []
  if (before === undefined || after === undefined || more.length > 0) throw new Error(`the table has to stand between ${BEGIN} and ${END}`)
  return `${before}${BEGIN}\n\n${metricsTable(root)}\n${END}${after}`
}

function metricsTable(root: string): string {
  const lines = [...ofExporter(), ...ofSources(root), ...ofEveryProcess()].map(
    ({ name, type, labels, from, meaning }) =>
      `| \`${name}\` | ${type} | ${labels.length === 0 ? '' : `\`${labels.join(', ')}\``} | ${from} | ${meaning.replaceAll('|', '\\|')} |`,
  )
  return ['| metric | type | labels | from | meaning |', '| --- | --- | --- | --- | --- |', ...lines, ''].join('\n')
}

function ofExporter(): Row[] {
  return METRICS.map(({ name, type, labels, help }) => ({ name, type, labels, from: 'exporter', meaning: help }))
}

const DEFINITION = /new (Counter|Gauge|Histogram)\(\{\s*name: '(\w+)',\s*help: '([^']*)',\s*(?:labelNames: \[([^\]]*)\],)?/g

/** What source files define by name; no app can import another to ask it. Throws where a file defines a metric in another form. */
function ofSources(root: string): Row[] {
  const rows = sources(root).flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const found = [...text.matchAll(DEFINITION)]
    if (found.length !== [...text.matchAll(/new (?:Counter|Gauge|Histogram|Summary)\(/g)].length)
      throw new Error(`${path} defines a metric in another form than { name: '…', help: '…', labelNames: […], …`)
    return found.map(([, type, name, help, labels]) => ({
      name: name!,
      type: type!.toLowerCase(),
      labels: [...(labels ?? '').matchAll(/'(\w+)'/g)].map(([, label]) => label!),
      from: originOf(path),
      meaning: help!,
    }))
  })
  return rows.toSorted((one, other) => FROM.indexOf(one.from) - FROM.indexOf(other.from))
}

/** Its metrics are those of `METRICS`. */
const EXPORTER = 'apps/exporter/src/metrics.ts'

function sources(root: string): string[] {
  return ['apps', 'packages'].flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((name) =>
      readdirSync(join(root, folder, name, 'src'), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
        .toSorted()
        .map((path) => `${folder}/${name}/src/${path}`)
        .filter((path) => path !== EXPORTER),
    ),
  )
}

const FROM = ['every stage', 'run', 'user', 'user, maker', 'maker', 'executor']

/** Which processes show a metric that this file defines. */
function originOf(path: string): string {
  if (path === 'packages/queues/src/stage.ts') return 'every stage'
  if (path === 'packages/answering/src/models.ts') return 'user, maker'
  if (path === 'apps/producer/src/client/run-metrics.ts') return 'run'
  const app = /^apps\/([^/]+)\//.exec(path)?.[1]
  if (app === undefined || !FROM.includes(app))
    throw new Error(`which processes show the metrics that ${path} defines has to be said in metrics-table.ts`)
  return app
}

/** What prom-client's metrics hold, which its types leave out. */
const Described = z.object({ name: z.string(), help: z.string(), type: z.string(), labelNames: z.array(z.string()) })

function ofEveryProcess(): Row[] {
  const registry = processMetrics()
  const rows = registry.getMetricsAsArray().map((metric) => {
    const { name, help, type, labelNames } = Described.parse(metric)
    return { name, type, labels: labelNames, from: 'every stage', meaning: help }
  })
  registry.clear()
  return rows
}
