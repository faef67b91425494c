export interface Column<Row> {
  title: string
  align: 'left' | 'right'
  cell: (row: Row) => string
}

/**
 * Rows as text, no line wider than `width` where its words allow it: a table, or, where that is too wide, a block for each row that its first column heads.
 * Empty for no rows.
 */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): string {
  if (rows.length === 0) return ''
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)))
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...cells.map((row) => row[at]!.length)))
  const total = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length)
  return total <= width ? asTable(columns, cells, widths) : asBlocks(columns, cells, width)
}

const GAP = '  '

function asTable<Row>(columns: readonly Column<Row>[], cells: string[][], widths: number[]): string {
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (columns[at]!.align === 'left' ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join(GAP)
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join(GAP)
  return `${[line(columns.map(({ title }) => title)), rule, ...cells.map(line)].join('\n')}\n`
}

function asBlocks<Row>(columns: readonly Column<Row>[], cells: string[][], width: number): string {
  const blocks = cells.map(([head = '', ...rest]) => {
    const facts = rest.map((cell, at) => `${columns[at + 1]!.title} ${cell}`)
    return [head, ...wrapped(facts, ', ', width - GAP.length).map((line) => `${GAP}${line}`)].join('\n')
  })
  return `${blocks.join('\n')}\n`
}

/** The parts in as few lines as hold them; a part that is too wide alone stands alone. */
export function wrapped(parts: readonly string[], separator: string, width: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + separator.length + part.length <= width) lines[lines.length - 1] = `${last}${separator}${part}`
    else lines.push(part)
  }
  return lines
}

/** A paragraph, broken between words. */
export function paragraph(text: string, width: number, indent = ''): string {
  return wrapped(text.split(' '), ' ', width - indent.length)
    .map((line) => `${indent}${line}`)
    .join('\n')
}
