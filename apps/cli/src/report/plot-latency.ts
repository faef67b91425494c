import type { TierName } from '@toolwright/contracts'
import { LATENCY_BOUNDS_MS, latencyWithin, requestsIn, shownLatency } from '@toolwright/registry'
import type { Markup } from './markup.ts'
import { axisText, FITTED, RULE, SOFT, STILL } from './plot-parts.ts'
import type { Point } from './thinned.ts'
import { bothWidths, renderPlot } from './svg.ts'

/** Told apart without seeing colours. */
export const LINE_STYLES = { extracted: 'solid', called: 'dashed', direct: 'dotted' } as const satisfies Record<TierName, string>

/** The last step is shown at twice the last bound. */
const BEYOND_MS = LATENCY_BOUNDS_MS.at(-1)! * 2

/** Which share of each tier's requests took at most how long; `shown` have requests. */
export function plotLatency(shown: readonly { tier: TierName; buckets: readonly number[] }[]): Markup {
  const curves = shown.map(({ tier, buckets }) => ({ tier, points: curveOf(buckets) }))
  const ends = curves.flatMap(({ points }) => points.map(([ms]) => ms))
  const least = 10 ** Math.floor(Math.log10(Math.min(...ends)))
  const most = Math.max(10 ** Math.ceil(Math.log10(Math.max(...ends))), least * 10)
  const ticks = ticksOf(least, most)
  const says = shown
    .map(
      ({ tier, buckets }) =>
        `${tier}: half within ${shownLatency(latencyWithin(buckets, 0.5))}, 99 % within ${shownLatency(latencyWithin(buckets, 0.99))}`,
    )
    .join('; ')
  return bothWidths(
    (size, isNarrow) =>
      renderPlot(
        {
          grid: { left: 4, right: 22, top: 12, bottom: 24, ...FITTED },
          xAxis: {
            type: 'log',
            min: least,
            max: most,
            name: 'time from being read to being written',
            nameLocation: 'middle',
            nameGap: 28,
            nameTextStyle: axisText(),
            axisTick: { customValues: ticks },
            axisLabel: { ...axisText(), customValues: ticks, hideOverlap: isNarrow, formatter: (ms: number) => shownTick(ms) },
            splitLine: { show: false },
            axisLine: { lineStyle: { color: SOFT } },
          },
          yAxis: {
            type: 'value',
            min: 0,
            max: 100,
            interval: 25,
            axisLabel: { ...axisText(), formatter: (percent: number) => `${percent} %` },
            splitLine: { lineStyle: { color: RULE } },
          },
          series: curves.map(({ tier, points }) => ({
            ...STILL,
            type: 'line' as const,
            data: points.map(([ms, share]) => [ms, share]),
            showSymbol: false,
            itemStyle: { color: `var(--${tier})` },
            lineStyle: { color: `var(--${tier})`, width: 3, type: LINE_STYLES[tier] },
          })),
        },
        size,
        `Share of requests by the time they took. ${says}.`,
      ),
    { wide: 260, narrow: 230 },
  )
}

/** From where the first requests are to where all are, in milliseconds and percent. */
function curveOf(buckets: readonly number[]): Point[] {
  const all = requestsIn(buckets)
  const points: Point[] = []
  let passed = 0
  for (const [bucket, count] of buckets.entries()) {
    const before = passed
    passed += count
    if (passed === 0) continue
    if (points.length === 0) points.push([LATENCY_BOUNDS_MS[bucket - 1] ?? 0.5, 0])
    points.push([LATENCY_BOUNDS_MS[bucket] ?? BEYOND_MS, (passed / all) * 100])
    if (before < all && passed === all) break
  }
  return points
}

/** Powers of ten, and twice and five times each where there are few. */
function ticksOf(least: number, most: number): number[] {
  const powers = Array.from({ length: Math.round(Math.log10(most / least)) + 1 }, (_, at) => least * 10 ** at)
  return powers.length > 3 ? powers : powers.flatMap((power) => [power, 2 * power, 5 * power]).filter((tick) => tick <= most)
}

function shownTick(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  return `${(ms / 1_000).toLocaleString('en-US')} s`
}
