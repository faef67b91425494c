/** One line, or group of lines, of a panel. `legend` names labels as Grafana does: {{queue}}. */
export interface Query {
  expr: string
  legend: string
}

export interface Panel {
  title: string
  /** What it means and what to do about it; shown when one points at the panel. */
  about: string
  /** `number`: the latest value; `lines` and `areas` (stacked): over time. */
  shape: 'number' | 'lines' | 'areas'
  unit: 'currencyUSD' | 'short' | 'percentunit' | 's' | 'bytes' | 'reqps' | 'ops'
  queries: Query[]
  /** A value from which on a number is red. */
  redFrom?: number
  /** What a number shows where there is none; left out: "none". */
  noValue?: string
}

export interface Row {
  title: string
  panels: Panel[]
}

export interface Dashboard {
  uid: string
  title: string
  about: string
  rows: Row[]
}

/** Grafana's grid is 24 wide. */
const GRID_WIDTH = 24
const SIZES: Record<Panel['shape'], { width: number; height: number }> = {
  number: { width: 4, height: 4 },
  lines: { width: 12, height: 8 },
  areas: { width: 12, height: 8 },
}

/** Chosen above the dashboard, so that it can be imported anywhere. */
const SOURCE = { type: 'prometheus', uid: '${datasource}' }

/** A dashboard as Grafana imports and provisions it, as text of a file. */
export function renderDashboard({ uid, title, about, rows }: Dashboard): string {
  const dashboard = {
    uid,
    title,
    description: about,
    tags: ['toolwright'],
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'utc',
    templating: { list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' }] },
    links: [{ title: 'Toolwright', type: 'dashboards', tags: ['toolwright'], keepTime: true }],
    panels: place(rows),
  }
  return `${JSON.stringify(dashboard, null, 2)}\n`
}

/** Panels stand from left to right in the order in which they are given; a row begins on a line of its own. */
function place(rows: Row[]): object[] {
  const placed: object[] = []
  let y = 0
  for (const row of rows) {
    placed.push({
      id: placed.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: GRID_WIDTH, h: 1 },
      panels: [],
    })
    y += 1
    let x = 0
    let lineHeight = 0
    for (const panel of row.panels) {
      const { width, height } = SIZES[panel.shape]
      if (x + width > GRID_WIDTH || (lineHeight > 0 && height !== lineHeight)) {
        y += lineHeight
        x = 0
      }
      placed.push({ id: placed.length + 1, gridPos: { x, y, w: width, h: height }, ...renderPanel(panel) })
      x += width
      lineHeight = height
    }
    y += lineHeight
  }
  return placed
}

function renderPanel({ title, about, shape, unit, queries, redFrom, noValue = 'none' }: Panel): object {
  const targets = queries.map(({ expr, legend }, index) => ({
    refId: String.fromCodePoint('A'.codePointAt(0)! + index),
    datasource: SOURCE,
    expr,
    legendFormat: legend,
    instant: shape === 'number',
    range: shape !== 'number',
  }))
  const common = { title, description: about, datasource: SOURCE, targets }
  if (shape === 'number') {
    const steps = [{ color: 'text', value: null }, ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }])]
    return {
      type: 'stat',
      ...common,
      fieldConfig: { defaults: { unit, noValue, thresholds: { mode: 'absolute', steps } }, overrides: [] },
      options: { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'value', graphMode: 'none' },
    }
  }
  const isStacked = shape === 'areas'
  return {
    type: 'timeseries',
    ...common,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: isStacked ? 40 : 0,
          stacking: { mode: isStacked ? 'normal' : 'none', group: 'A' },
          showPoints: 'never',
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  }
}
