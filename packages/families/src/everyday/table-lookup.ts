import type { Arguments } from '../family.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'
import { placeOf, readTable, someTable, tableOf, tablePatterns, tableText } from './small-tables.ts'

const templates = [
  'Here is a table.\n{table}\nWhat is the {column} of {row}? Answer with the cell alone.',
  'Look at this CSV data:\n{table}\nFor the line that starts with {row}, give the value in column "{column}" and nothing else.',
  'Records: {table}. Search them for {row} and report its {column} as one value only.',
]

export const tableLookup = wordedFamily({
  name: 'table-lookup',
  group: 'everyday',
  nearMissOf: null,
  about: 'a cell of a small table, by row and column',
  wordings: templates.map((template, index) => wording(template, tablePatterns(index))),
  compose: (random, index) => {
    const table = someTable(random)
    const at = random.between(1, table.header.length - 1)
    const cells = random.pick(table.rows)
    return {
      slots: { table: tableText(table, index), row: cells[0] ?? '', column: table.header[at] ?? '' },
      target: cells[at] ?? '',
    }
  },
  understand: (slots, index) => {
    const table = readTable(slots['table'] ?? '', index)
    const values = { ...table, row: slots['row'], column: slots['column'] }
    return table && cellOf(values) !== null ? values : null
  },
  solve: (values) => {
    const found = cellOf(values)
    if (found === null) throw new RangeError('the table has no such cell')
    return found
  },
})

function cellOf(values: Arguments): string | null {
  try {
    const { header, rows } = tableOf(values)
    const at = placeOf(values['column'], header.slice(1)) + 1
    return (
      rows[
        placeOf(
          values['row'],
          rows.map(([name]) => name),
        )
      ]?.[at] ?? null
    )
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
