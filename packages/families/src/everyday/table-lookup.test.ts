import { expect, test } from 'vitest'
import { tableLookup } from './table-lookup.ts'
import { tableRowByValue } from './table-row-by-value.ts'

const header = ['city', 'mayor', 'bus lines']
const rows = [
  ['Oslo', 'Berg', '52'],
  ['San Marino', 'Rossi', '12'],
  ['Rossi', 'Lind', '52'],
]

test('looks a row up by its first cell, not by another', () => {
  expect(tableLookup.solve({ header, rows, row: 'Rossi', column: 'bus lines' })).toBe('52')
  expect(tableRowByValue.solve({ header, rows, column: 'mayor', value: 'Rossi' })).toBe('San Marino')
})

test('refuses what is not there once', () => {
  expect(() => tableLookup.solve({ header, rows, row: 'Berg', column: 'mayor' })).toThrow(RangeError)
  expect(() => tableLookup.solve({ header, rows, row: 'Oslo', column: 'city' })).toThrow(RangeError)
  expect(() => tableRowByValue.solve({ header, rows, column: 'bus lines', value: '52' })).toThrow(RangeError)
  expect(() => tableLookup.solve({ header, rows: [['Oslo', 'Berg']], row: 'Oslo', column: 'mayor' })).toThrow(RangeError)
})

test('understands no question about a cell that the table has not', () => {
  expect(tableLookup.recognise(asking('What is the mayor of Oslo?'))).not.toBeNull()
  expect(tableLookup.recognise(asking('What is the mayor of Bergen?'))).toBeNull()
  expect(tableLookup.recognise(asking('What is the not mayor of Oslo?'))).toBeNull()
  expect(tableRowByValue.recognise(asking('What is the mayor where mayor is Berg?'))).toBeNull()
})

function asking(question: string): string {
  return `Here is a table.\n| city | mayor |\n| --- | --- |\n| Oslo | Berg |\n${question} Answer with the cell alone.`
}
