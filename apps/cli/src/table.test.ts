import { expect, test } from 'vitest'
import { paragraph, renderTable, type Column } from './table.ts'

const columns: Column<{ name: string; lines: number }>[] = [
  { title: 'family', align: 'left', cell: ({ name }) => name },
  { title: 'requests', align: 'right', cell: ({ lines }) => String(lines) },
  { title: 'paid for itself', align: 'left', cell: ({ lines }) => (lines > 10 ? 'after 7' : 'not yet') },
]
const rows = [
  { name: 'dyck', lines: 125 },
  { name: 'logical-deduction', lines: 9 },
]

test('columns are as wide as their widest cell', () =>
  expect(renderTable(columns, rows, 80)).toBe(
    [
      'family             requests  paid for itself',
      '-----------------  --------  ---------------',
      'dyck                    125  after 7',
      'logical-deduction         9  not yet',
      '',
    ].join('\n'),
  ))

test('where a table would be too wide, each row is a block', () =>
  expect(renderTable(columns, rows, 30)).toBe(
    ['dyck', '  requests 125', '  paid for itself after 7', 'logical-deduction', '  requests 9', '  paid for itself not yet', ''].join(
      '\n',
    ),
  ))

test('no line of a table is wider than allowed', () => {
  for (const width of [20, 40, 44, 60]) {
    for (const line of renderTable(columns, rows, width).split('\n')) expect(line.length).toBeLessThanOrEqual(Math.max(width, 25))
  }
})

test('nothing is shown of no rows', () => expect(renderTable(columns, [], 80)).toBe(''))

test('a paragraph is broken between words', () => expect(paragraph('one two three four', 11, '  ')).toBe('  one two\n  three\n  four'))
