import { renderDashboard } from './dashboard.ts'
import { MONEY_AND_TOOLS } from './money-and-tools.ts'
import { QUEUES_AND_EXECUTOR } from './queues-and-executor.ts'

/** What stands in `infra/grafana/dashboards`: text by file name. */
export function dashboardFiles(): Record<string, string> {
  return {
    'money-and-tools.json': renderDashboard(MONEY_AND_TOOLS),
    'queues-and-executor.json': renderDashboard(QUEUES_AND_EXECUTOR),
  }
}
