import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { dashboardFiles } from './files.ts'

// Run it after a change of a dashboard: ./toolwright node apps/exporter/src/dashboards/write-main.ts
const folder = resolve(import.meta.dirname, '../../../../infra/grafana/dashboards')
for (const [name, text] of Object.entries(dashboardFiles())) writeFileSync(join(folder, name), text)
