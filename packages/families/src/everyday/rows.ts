/** How a wording writes a list: every row by one pattern with named groups, and what stands between two rows (and never inside one). */
interface RowForm {
  row: RegExp
  join: string
}

/** A pattern without capturing groups for one row or more. */
export function rowsPattern({ row, join }: RowForm): string {
  const one = row.source.replaceAll(/\(\?<\w+>/g, '(?:')
  return `${one}(?:${RegExp.escape(join)}${one})*`
}

/** The named groups of every row. Throws `RangeError` where a row is in another form. */
export function readRows(text: string, { row, join }: RowForm): Record<string, string>[] {
  const whole = new RegExp(`^(?:${row.source})$`, 'u')
  return text.split(join).map((line) => {
    const groups = whole.exec(line)?.groups
    if (!groups) throw new RangeError(`not a row: ${line}`)
    return { ...groups }
  })
}
