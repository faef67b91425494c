import type { KindFigures } from './kind-figures.ts'
import { type Markup, markup, nothing } from './markup.ts'
import type { RunReport } from './read-run.ts'

export interface PageColumn<Row> {
  title: string
  isNumber: boolean
  cell: (row: Row) => Markup | string
}

/** A table whose first cell heads its row. */
export function pageTable<Row>(columns: readonly PageColumn<Row>[], rows: readonly Row[]): Markup {
  if (rows.length === 0) return nothing
  const style = ({ isNumber }: PageColumn<Row>) => (isNumber ? 'number' : '')
  const [head, ...others] = columns
  const body = rows.map(
    (row) =>
      markup`<tr><th scope="row">${head!.cell(row)}</th>${others.map((column) => markup`<td class="${style(column)}">${column.cell(row)}</td>`)}</tr>\n`,
  )
  const titles = columns.map((column) => markup`<th scope="col" class="${style(column)}">${column.title}</th>`)
  return markup`<div class="scroll"><table><thead><tr>${titles}</tr></thead>\n<tbody>${body}</tbody></table></div>`
}

/** What people call a kind: the name that requests gave it, or the beginning of its first one. */
export function kindName({ kinds }: RunReport, id: string): string {
  const kind = kinds.get(id)?.kind
  if (kind === undefined) return id
  return kind.name || (kind.label.length < LABEL_CHARACTERS ? kind.label : `${kind.label.trimEnd()}…`) || id
}

/** A label as long as this was cut. */
const LABEL_CHARACTERS = 60

/** Of kinds by what they came to, the best and the worst, where there are more than there is room for. */
export function bestAndWorst(kinds: readonly KindFigures[], room: number): readonly KindFigures[] {
  if (kinds.length <= room) return kinds
  return [...kinds.slice(0, room / 2), ...kinds.slice(-room / 2)]
}

export function plural(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}
