/** A plot of a page as a reader with a ruler has it: what is drawn, in pixels, and what the labels along its axes say. */
export interface ReadPlot {
  labels: { text: string; x: number; y: number }[]
  /** The corners of the lines in this colour of the page, one list for each line. */
  lines(colour: string): { points: Pixel[]; isDashed: boolean }[]
  /** The bars in this colour, in their order. */
  bars(colour: string): Bar[]
  /** The middle of the circles in this colour. */
  circles(colour: string): Pixel[]
}

export type Pixel = readonly [x: number, y: number]

export interface Bar {
  index: number
  left: number
  right: number
  top: number
  bottom: number
}

/** The plots of a page whose description matches: for wide and for narrow screens, where there are both. */
export function readPlots(page: string, says: RegExp): ReadPlot[] {
  return [...page.matchAll(/<div class="plot" role="img" aria-label="([^"]*)">(<svg.*?<\/svg>)/gs)]
    .filter(([, description]) => says.test(description!))
    .map(([, , svg]) => readPlot(svg!))
}

/** Which value stands at a pixel along an axis, told from its first and its last label. `valueOf`: null for labels that are not of the axis. */
export function axisOf(plot: ReadPlot, along: 'x' | 'y', valueOf: (text: string) => number | null): (value: number) => number {
  const ticks = plot.labels.flatMap((label) => {
    const value = valueOf(label.text)
    return value === null ? [] : [{ at: label[along], value }]
  })
  const [first, last] = [ticks[0], ticks.at(-1)]
  if (first === undefined || last === undefined || first.value === last.value) throw new Error(`no two labels along ${along}`)
  return (value) => first.at + ((value - first.value) / (last.value - first.value)) * (last.at - first.at)
}

function readPlot(svg: string): ReadPlot {
  const paths = [...svg.matchAll(/<path ([^>]*)>/g)].map(([, attributes]) => attributesOf(attributes!))
  return {
    labels: [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes, text]) => {
      const { transform = '' } = attributesOf(attributes!)
      const [x, y] = numbersOf(transform)
      return { text: text!, x: x!, y: y! }
    }),
    lines: (colour) =>
      paths
        .filter(({ stroke, fill, d }) => stroke === `var(--${colour})` && fill === 'none' && d!.includes('L'))
        .map(({ d, 'stroke-dasharray': dashes }) => ({ points: pairsOf(numbersOf(d!)), isDashed: dashes !== undefined })),
    bars: (colour) =>
      paths
        .filter((path) => path.fill === `var(--${colour})` && /^M\S+ \S+l\S+ \S+l/.test(path.d!))
        .map((path) => {
          const [x, y, right, , , down] = numbersOf(path.d!)
          const [left, end] = [Math.min(x!, x! + right!), Math.max(x!, x! + right!)]
          return {
            index: Number(path['ecmeta_data_index']),
            left,
            right: end,
            top: Math.min(y!, y! + down!),
            bottom: Math.max(y!, y! + down!),
          }
        }),
    circles: (colour) =>
      paths
        .filter(({ fill, d, transform }) => fill === `var(--${colour})` && d!.includes('A') && transform !== undefined)
        .map(({ transform }) => {
          const [, , , , x, y] = numbersOf(transform!)
          return [x!, y!]
        }),
  }
}

function attributesOf(text: string): Record<string, string | undefined> {
  return Object.fromEntries([...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
}

function numbersOf(text: string): number[] {
  return [...text.matchAll(/-?\d+(?:\.\d+)?/g)].map(([number]) => Number(number))
}

function pairsOf(numbers: readonly number[]): Pixel[] {
  return Array.from({ length: numbers.length / 2 }, (_, at) => [numbers[at * 2]!, numbers[at * 2 + 1]!])
}
