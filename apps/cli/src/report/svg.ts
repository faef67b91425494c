import type { EChartsOption } from 'echarts'
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { type Markup, markup, rendered } from './markup.ts'

use([BarChart, LineChart, GridComponent, SVGRenderer])

/** In CSS pixels. */
export interface Size {
  width: number
  height: number
}

/** A plot as SVG. Its colours are custom properties of the page, so that it follows the page's theme; `says` is read out in its place. */
export function renderPlot(option: EChartsOption, { width, height }: Size, says: string): Markup {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit', fontSize: 12 }, ...option })
    return markup`<div class="plot" role="img" aria-label="${says}">${rendered(chart.renderToSVGString())}</div>`
  } finally {
    chart.dispose()
  }
}

/** A plot twice, for wide and for narrow screens; the page shows one of them. */
export function bothWidths(render: (size: Size, isNarrow: boolean) => Markup, heights: { wide: number; narrow: number }): Markup {
  const wide = render({ width: 1080, height: heights.wide }, false)
  const narrow = render({ width: 340, height: heights.narrow }, true)
  return markup`<div class="on-wide">${wide}</div><div class="on-narrow">${narrow}</div>`
}
