import { breakEvenOf, netOf } from '../break-even.ts'
import type { KindFigures } from './kind-figures.ts'
import type { Markup } from './markup.ts'
import { axisText, dollarAxis, dollars, FITTED, INK, shownCount, shownNet, SOFT, STILL, STRIPES } from './plot-parts.ts'
import { bothWidths, renderPlot } from './svg.ts'

/** What each kind's tools earned less what making them cost, the best first; of `nameOf` as much as there is room for. */
export function plotNets(kinds: readonly KindFigures[], nameOf: (kind: KindFigures) => string): Markup {
  const rows = kinds.map((kind) => ({ kind, net: netOf(kind) ?? 0 }))
  const says = `What each tool earned less what it cost: ${rows.map(({ kind, net }) => `${nameOf(kind)} ${shownNet(net)}`).join(', ')}.`
  const upwards = rows.toReversed()
  const values = rows.map(({ net }) => net)
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)]
  return bothWidths(
    (size, isNarrow) =>
      renderPlot(
        {
          grid: { left: isNarrow ? 4 : 330, right: 80, top: 4, bottom: 26 },
          xAxis: {
            ...dollarAxis(values, { showMinLabel: false, showMaxLabel: false }),
            min: dollars(least),
            // An axis needs some length.
            max: dollars(most > least ? most : 1),
            splitNumber: isNarrow ? 2 : 5,
          },
          yAxis: {
            type: 'category',
            data: upwards.map(({ kind }) => shortName(nameOf(kind), kind, 34)),
            axisLine: { onZero: false, show: false },
            axisTick: { show: false },
            axisLabel: {
              color: INK,
              fontSize: isNarrow ? 12 : 13,
              // On a narrow screen a name stands above its bar, which has the whole width.
              ...(isNarrow && { inside: true, margin: 0, verticalAlign: 'bottom' as const, padding: [0, 0, 7, 0] }),
            },
          },
          series: [
            {
              ...STILL,
              type: 'bar',
              barWidth: isNarrow ? 9 : 14,
              data: upwards.map(({ net }) => ({
                value: dollars(net),
                itemStyle: net < 0 ? { color: 'var(--loss)', decal: STRIPES } : { color: 'var(--gain)' },
              })),
              label: {
                show: true,
                position: 'right',
                formatter: ({ dataIndex }) => shownNet(upwards[dataIndex]!.net),
                color: INK,
                fontSize: 12,
              },
            },
          ],
        },
        size,
        says,
      ),
    { wide: 34 + rows.length * 24, narrow: 34 + rows.length * 36 },
  )
}

/** What a kind's tools, which have answered, had earned after each use, less what making them cost: it has paid where the line stays above the rule at nothing. */
export function plotBreakEven(kind: KindFigures): Markup {
  const points = kind.netCurve.points()
  const values = points.map(([, nano]) => nano)
  const { uses } = kind
  const breakEven = breakEvenOf(kind)
  const colour = (netOf(kind) ?? 0) < 0 ? 'var(--loss)' : 'var(--gain)'
  const last = points.at(-1)!
  return renderPlot(
    {
      grid: { left: 4, right: 12, top: 14, bottom: 18, ...FITTED },
      xAxis: {
        type: 'value',
        min: 0,
        max: uses,
        splitNumber: 3,
        name: 'answers of the tool',
        nameLocation: 'middle',
        nameGap: 22,
        nameTextStyle: axisText(),
        minInterval: 1,
        axisLabel: { ...axisText(), showMaxLabel: false, formatter: shownCount },
        splitLine: { show: false },
        axisLine: { onZero: false, show: false },
      },
      yAxis: { ...dollarAxis(values), splitNumber: 3 },
      series: [
        {
          ...STILL,
          type: 'line',
          data: [
            [0, 0],
            [uses, 0],
          ],
          showSymbol: false,
          lineStyle: { color: SOFT, width: 1.5, type: 'solid' },
        },
        {
          ...STILL,
          type: 'line',
          data: points.map(([use, nano]) => [use, dollars(nano)]),
          showSymbol: false,
          itemStyle: { color: colour },
          lineStyle: { color: colour, width: 2.5, type: last[1] < 0 ? 'dashed' : 'solid' },
          areaStyle: { color: colour, opacity: 0.1 },
        },
        ...(breakEven.status === 'paid'
          ? [
              {
                ...STILL,
                type: 'line' as const,
                data: [[breakEven.after, 0]],
                symbol: 'circle',
                symbolSize: 10,
                showSymbol: true,
                itemStyle: { color: colour },
                label: {
                  show: true,
                  position: breakEven.after > uses / 2 ? ([6, -18] as [number, number]) : ([14, 6] as [number, number]),
                  align: breakEven.after > uses / 2 ? ('right' as const) : ('left' as const),
                  formatter: () => `paid after ${shownCount(breakEven.after)}`,
                  color: INK,
                  fontSize: 12,
                },
              },
            ]
          : []),
      ],
    },
    { width: 340, height: 180 },
    `${shownCount(uses)} answers of the tool, at the end ${shownNet(last[1])}`,
  )
}

/** The beginning of a name, and of the id what tells kinds of alike names apart. */
function shortName(name: string, { id }: KindFigures, room: number): string {
  const characters = Array.from(name)
  return `${
    characters.length <= room
      ? name
      : `${characters
          .slice(0, room - 1)
          .join('')
          .trimEnd()}…`
  } · ${id.slice(-6)}`
}
