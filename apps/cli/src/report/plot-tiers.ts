import { shownShare, type TierName } from '@toolwright/contracts'
import { TIERS, type TierShare } from './figures.ts'
import { type Markup, nothing } from './markup.ts'
import { axisText, DOTS, FITTED, shownCount, SOFT, RULE, STILL, STRIPES } from './plot-parts.ts'
import { bothWidths, renderPlot } from './svg.ts'

const PATTERNS = { extracted: {}, called: { decal: STRIPES }, direct: { decal: DOTS } }

/** How requests were answered along the run, as shares of each part of it. */
export function plotTiers(shares: readonly TierShare[]): Markup {
  if (shares.length === 0) return nothing
  const answered = shares.at(-1)!.to
  const shareOf = (tier: TierName) =>
    shownShare(
      shares.reduce((sum, { counts }) => sum + counts[tier], 0),
      answered,
    )
  const says = `Shares of answers along the run; of all ${shownCount(answered)}: ${TIERS.map((tier) => `${tier} ${shareOf(tier)}`).join(', ')}.`
  return bothWidths(
    (size, isNarrow) =>
      renderPlot(
        {
          grid: { left: 4, right: 14, top: 12, bottom: 24, ...FITTED },
          xAxis: {
            type: 'category',
            data: shares.map(({ to }) => shownCount(to)),
            name: 'requests answered so far',
            nameLocation: 'middle',
            nameGap: 28,
            nameTextStyle: axisText(),
            axisLabel: { ...axisText(), interval: Math.max(0, Math.ceil(shares.length / (isNarrow ? 4 : 10)) - 1) },
            axisLine: { lineStyle: { color: SOFT } },
            axisTick: { show: false },
          },
          yAxis: {
            type: 'value',
            max: 100,
            interval: 25,
            axisLabel: { ...axisText(), formatter: (percent: number) => `${percent} %` },
            splitLine: { lineStyle: { color: RULE } },
          },
          series: TIERS.map((tier) => ({
            ...STILL,
            type: 'bar' as const,
            stack: 'all',
            barCategoryGap: '12%',
            data: shares.map((share) => percentOf(share, tier)),
            itemStyle: { color: `var(--${tier})`, ...PATTERNS[tier] },
          })),
        },
        size,
        says,
      ),
    { wide: 270, narrow: 240 },
  )
}

function percentOf({ from, to, counts }: TierShare, tier: TierName): number {
  return (counts[tier] / (to - from)) * 100
}
