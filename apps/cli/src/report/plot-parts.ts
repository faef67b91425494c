import { shownUsd } from '@toolwright/contracts'

/** Colours of the page, by theme. */
export const INK = 'var(--ink)'
export const SOFT = 'var(--soft)'
export const RULE = 'var(--rule)'

/** What all plots do alike: no reaction to a pointer, since the page has no script. */
export const STILL = { silent: true, emphasis: { disabled: true } } as const

/** A plot's place within its picture holds the labels of its axes too. */
export const FITTED = { outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' } as const

/** Stripes that tell a colour apart without seeing it. */
export const STRIPES = { symbol: 'rect', color: 'var(--pattern)', dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 4 }
export const DOTS = {
  symbol: 'circle',
  symbolSize: 0.6,
  color: 'var(--pattern)',
  dashArrayX: [
    [6, 6],
    [0, 6, 6, 0],
  ],
  dashArrayY: [4, 0],
}

export function axisText() {
  return { color: SOFT, fontSize: 12 }
}

/** Rules across the plot, with their dollars; `values` are all that is shown, in nano-dollars. */
export function dollarAxis(values: readonly number[], ends: { showMinLabel?: boolean; showMaxLabel?: boolean } = {}) {
  const most = Math.max(...values, 0)
  const least = Math.min(...values, 0)
  const decimals = Math.min(9, Math.max(0, Math.ceil(-Math.log10((most - least) / 1e9 / 4 || 1))))
  return {
    type: 'value' as const,
    splitNumber: 4,
    axisLabel: { ...axisText(), ...ends, formatter: (value: number) => tick(value, decimals) },
    splitLine: { lineStyle: { color: RULE } },
    axisLine: { show: false },
  }
}

function tick(value: number, decimals: number): string {
  return `${value < 0 ? '−' : ''}$${Math.abs(value).toFixed(decimals)}`
}

export function dollars(nano: number): number {
  return nano / 1e9
}

/** With its sign in front, gains too. */
export function shownNet(nano: number): string {
  return `${nano > 0 ? '+' : ''}${shownUsd(nano).replace('-', '−')}`
}

export function shownCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** Steps of time that read well, in milliseconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1000,
)

/** Time since a beginning, in about `ticks` steps that read well. */
export function timeAxis(lastMs: number, ticks: number) {
  const interval = STEPS.find((step) => lastMs / step <= ticks) ?? Math.ceil(lastMs / ticks / DAY_MS) * DAY_MS
  return {
    type: 'value' as const,
    min: 0,
    max: lastMs,
    interval,
    axisLabel: { ...axisText(), showMaxLabel: lastMs % interval === 0, formatter: (ms: number) => shownTime(ms) },
    splitLine: { show: false },
    axisLine: { lineStyle: { color: SOFT } },
    axisTick: { lineStyle: { color: SOFT } },
  }
}

const DAY_MS = 86_400_000

/** `45 s`, `2 min`, `1 min 30 s`, `3 h`, `2 d 4 h`. */
export function shownTime(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const parts = (
    [
      [Math.floor(seconds / 86_400), 'd'],
      [Math.floor(seconds / 3_600) % 24, 'h'],
      [Math.floor(seconds / 60) % 60, 'min'],
      [seconds % 60, 's'],
    ] as const
  ).filter(([count]) => count > 0)
  return parts.length === 0
    ? '0'
    : parts
        .slice(0, 2)
        .map(([count, unit]) => `${count} ${unit}`)
        .join(' ')
}
