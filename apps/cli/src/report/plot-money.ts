import type { RunReport } from './read-run.ts'
import { shownMoney } from './money.ts'
import { type Markup, nothing } from './markup.ts'
import { dollarAxis, dollars, FITTED, INK, shownTime, STILL, timeAxis } from './plot-parts.ts'
import { bothWidths, renderPlot } from './svg.ts'
import type { Point } from './thinned.ts'

/** What the run cost so far and what its answers would have cost, over time. Nothing where no model was called. */
export function plotMoney({ record, figures }: RunReport): Markup {
  const { spentCurve, baselineCurve, spent, totals } = figures
  const begin = record.createdAt
  const end = Math.max(begin + 1000, spentCurve.at(-1)?.[0] ?? 0, baselineCurve.at(-1)?.[0] ?? 0)
  if (spentCurve.length === 0 && baselineCurve.length === 0) return nothing
  const curves = [
    { points: spentCurve, label: shownMoney(spent), color: 'var(--spent)', type: 'solid' as const, width: 3 },
    ...(baselineCurve.length === 0
      ? []
      : [{ points: baselineCurve, label: shownMoney(totals.baseline), color: 'var(--baseline)', type: 'dashed' as const, width: 2 }]),
  ]
  const ends = curves.map(({ points }) => points.at(-1)?.[1] ?? 0)
  const highest = Math.max(...ends)
  const apart = curves.length > 1 ? Math.abs(ends[0]! - ends[1]!) / highest : 1
  // Pixels by which a label makes room: a narrow screen has them above their curves; of two that would lie on each other the lower goes down.
  const shiftOf = (at: number, isNarrow: boolean) => {
    if (apart > (isNarrow ? 0.15 : 0.07)) return isNarrow ? -14 : 0
    const by = isNarrow ? 14 : 10
    return ends[at]! < ends[1 - at]! ? by : -by
  }
  const says = `Cost over ${shownTime(end - begin)}: spent ${shownMoney(spent)}${baselineCurve.length === 0 ? '' : `, baseline (an estimate) ${shownMoney(totals.baseline)}`}.`
  return bothWidths(
    (size, isNarrow) =>
      renderPlot(
        {
          grid: { left: 4, right: isNarrow ? 14 : 150, top: isNarrow ? 26 : 16, bottom: 4, ...FITTED },
          xAxis: timeAxis(end - begin, isNarrow ? 4 : 9),
          yAxis: dollarAxis([highest]),
          series: curves.map(({ points, label, color, type, width }, at) => ({
            ...STILL,
            type: 'line' as const,
            data: stretched(points, begin, end),
            showSymbol: false,
            lineStyle: { color, type, width },
            itemStyle: { color },
            ...(at === 0 && { areaStyle: { color, opacity: 0.12 } }),
            endLabel: {
              show: true,
              formatter: () => label,
              color: INK,
              fontSize: isNarrow ? 13 : 15,
              fontWeight: 'bold' as const,
              // A rim keeps it readable where a curve passes.
              textBorderColor: 'var(--card)',
              textBorderWidth: 3,
              offset: [isNarrow ? -8 : 0, shiftOf(at, isNarrow)],
              ...(isNarrow && { align: 'right' as const }),
            },
          })),
        },
        size,
        says,
      ),
    { wide: 340, narrow: 260 },
  )
}

/** From nothing at the beginning to the end of all curves; a clock that is behind another does not go before the beginning. */
function stretched(points: readonly Point[], begin: number, end: number): number[][] {
  const last = points.at(-1)?.[1] ?? 0
  return [[0, 0], ...points.map(([at, nano]) => [Math.max(0, at - begin), dollars(nano)]), [end - begin, dollars(last)]]
}
