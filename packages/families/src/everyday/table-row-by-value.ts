import type { Arguments } from '../family.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'
import { placeOf, readTable, someTable, tableOf, tablePatterns, tableText } from './small-tables.ts'

const templates = [
  'Here is a table.\n{table}\nWhat is the {key} where {column} is {value}? Answer with the cell alone.',
  'Look at this CSV data:\n{table}\nFor the line that has {value} in column "{column}", give the first value and nothing else.',
  'Records: {table}. Find the one whose {column} is {value} and report its {key} as one value only.',
]

export const tableRowByValue = wordedFamily({
  name: 'table-row-by-value',
  group: 'everyday',
  nearMissOf: 'table-lookup',
  about: 'the row of a small table that has a value in a column',
  wordings: templates.map((template, index) => wording(template, tablePatterns(index))),
  compose: (random, index) => {
    const table = someTable(random)
    const at = random.between(1, table.header.length - 1)
    const cells = random.pick(table.rows)
    return {
      slots: { table: tableText(table, index), key: table.header[0] ?? '', column: table.header[at] ?? '', value: cells[at] ?? '' },
      target: cells[0] ?? '',
    }
  },
  understand: (slots, index) => {
    const table = readTable(slots['table'] ?? '', index)
    if (!table || (slots['key'] !== undefined && slots['key'] !== table.header[0])) return null
    const values = { ...table, column: slots['column'], value: slots['value'] }
    return rowOf(values) === null ? null : values
  },
  solve: (values) => {
    const found = rowOf(values)
    if (found === null) throw new RangeError('the table has no such row')
    return found
  },
})

function rowOf(values: Arguments): string | null {
  try {
    const { header, rows } = tableOf(values)
    const at = placeOf(values['column'], header.slice(1)) + 1
    return (
      rows[
        placeOf(
          values['value'],
          rows.map((cells) => cells[at]),
        )
      ]?.[0] ?? null
    )
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
