import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { withMetricsTable } from '../metrics-table.ts'
import { dashboardFiles } from './files.ts'

// Run it after a change of a dashboard or a metric: ./toolwright node apps/exporter/src/dashboards/write-main.ts
const root = resolve(import.meta.dirname, '../../../..')
for (const [name, text] of Object.entries(dashboardFiles())) writeFileSync(join(root, 'infra/grafana/dashboards', name), text)
const metrics = join(root, 'infra/METRICS.md')
writeFileSync(metrics, withMetricsTable(readFileSync(metrics, 'utf8'), root))
