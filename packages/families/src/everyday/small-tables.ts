import type { Random } from '../random.ts'
import { listOf, textOf } from '../read-values.ts'
import type { Slots } from '../wording.ts'

/** The first column names the rows; no value comes twice in a column. */
interface Table {
  header: string[]
  rows: string[][]
}

interface Subject {
  key: string
  names: string[]
  columns: Record<string, string[]>
}

const subjects: Subject[] = [
  {
    key: 'city',
    names: ['Oslo', 'Bergen', 'Lyon', 'Porto', 'Graz', 'Ghent', 'Turin', 'San Marino', 'Bath', 'Split'],
    columns: {
      residents: '709037 291940 522228 231800 298479 265086 851199 4054 94080 160577'.split(' '),
      'bus lines': '52 31 128 79 48 36 97 12 15 28'.split(' '),
      mayor: ['Berg', 'Lind', 'Moreau', 'Sousa', 'Gruber', 'Maes', 'Conti', 'Rossi', 'Hill', 'Babic'],
      airport: 'OSL BGO LYS OPO GRZ GNE TRN RMI BRS SPU'.split(' '),
    },
  },
  {
    key: 'employee',
    names: ['Amira', 'Bruno', 'Chloe', 'Dmitri', 'Elif', 'Farid', 'Greta', 'Hana', 'Ivo', 'Jana'],
    columns: {
      office: ['Room 12', 'Room 14', 'Room 20', 'Room 31', 'Room 8', 'Lab 2', 'Lab 5', 'Hall A', 'Hall C', 'Annex'],
      extension: '4410 4417 4423 4438 4452 4466 4471 4489 4495 4502'.split(' '),
      team: ['sales', 'support', 'design', 'finance', 'legal', 'research', 'web', 'mobile', 'data', 'security'],
      'start year': '2009 2011 2013 2014 2016 2017 2019 2020 2022 2024'.split(' '),
    },
  },
  {
    key: 'product',
    names: ['lamp', 'desk', 'office chair', 'shelf', 'rug', 'mirror', 'clock', 'vase', 'curtain', 'stool'],
    columns: {
      price: '24.90 189.00 129.50 59.95 74.00 39.90 17.25 12.80 33.40 44.10'.split(' '),
      stock: '3 17 42 8 25 61 104 76 19 30'.split(' '),
      color: ['white', 'oak', 'black', 'walnut', 'red', 'silver', 'brass', 'green', 'beige', 'blue'],
      'item number': 'L-104 D-220 C-318 S-077 R-512 M-640 K-233 V-901 U-455 T-128'.split(' '),
    },
  },
  {
    key: 'flight',
    names: 'KL1203 LH862 AF1374 SK4711 BA768 IB3214 OS307 LX1210 TP553 AY912'.split(' '),
    columns: {
      gate: 'A3 A17 B2 B9 C11 C14 D5 D8 E1 E22'.split(' '),
      departure: '06:35 07:10 08:55 09:20 11:05 12:40 14:15 16:50 18:30 21:45'.split(' '),
      seats: '132 168 180 144 96 220 174 126 188 156'.split(' '),
      pilot: ['Aalto', 'Brandt', 'Costa', 'Dubois', 'Ek', 'Ferrer', 'Gallo', 'Huber', 'Jansen', 'Keane'],
    },
  },
]

const cell = '[A-Za-z0-9]+(?:[ .:-][A-Za-z0-9]+)*'
const column = '[a-z]+(?: [a-z]+)?'

/** How each wording writes a table. Reading throws nothing: what is no table is null. */
const styles = [
  {
    write: ({ header, rows }: Table) => [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
    read: (text: string) => {
      const [header = [], rule, ...rows] = text.split('\n').map((line) => line.slice(2, -2).split(' | '))
      return rule?.length === header.length && rule.every((dashes) => dashes === '---') ? { header, rows } : null
    },
    pattern: String.raw`\|(?: [A-Za-z0-9 .:-]+ \|)+(?:\n\|(?: [A-Za-z0-9 .:-]+ \|)+)+`,
  },
  {
    write: ({ header, rows }: Table) => [header, ...rows].map((cells) => cells.join(',')).join('\n'),
    read: (text: string) => {
      const [header = [], ...rows] = text.split('\n').map((line) => line.split(','))
      return { header, rows }
    },
    pattern: String.raw`[A-Za-z0-9 .:-]+(?:,[A-Za-z0-9 .:-]+)+(?:\n[A-Za-z0-9 .:-]+(?:,[A-Za-z0-9 .:-]+)+)+`,
  },
  {
    write: ({ header, rows }: Table) => rows.map((cells) => cells.map((value, at) => `${header[at]} = ${value}`).join(', ')).join('; '),
    read: (text: string) => {
      const records = text.split('; ').map((record) => record.split(', ').map((pair) => pair.split(' = ')))
      const header = (records[0] ?? []).map(([name = '']) => name)
      const isEven = records.every((pairs) => pairs.length === header.length && pairs.every(([name], at) => name === header[at]))
      return isEven ? { header, rows: records.map((pairs) => pairs.map(([, value = '']) => value)) } : null
    },
    pattern: '[a-z ]+ = [A-Za-z0-9 .:-]+(?:[,;] [a-z ]+ = [A-Za-z0-9 .:-]+)*',
  },
]

export function tablePatterns(wordingIndex: number): Slots {
  return { table: styleOf(wordingIndex).pattern, column, key: column, row: cell, value: cell }
}

export function someTable(random: Random): Table {
  const { key, names, columns } = random.pick(subjects)
  const picked = random.shuffle(Object.entries(columns)).slice(0, random.between(2, 4))
  const size = random.between(3, 7)
  const cells = [random.shuffle(names), ...picked.map(([, values]) => random.shuffle(values))]
  return {
    header: [key, ...picked.map(([name]) => name)],
    rows: Array.from({ length: size }, (_, at) => cells.map((values) => values[at] ?? '')),
  }
}

export function tableText(table: Table, wordingIndex: number): string {
  return styleOf(wordingIndex).write(table)
}

/** Null where the text is no table with two columns or more whose rows are as long as its header. */
export function readTable(text: string, wordingIndex: number): Table | null {
  const table = styleOf(wordingIndex).read(text)
  return table && isTable(table) ? table : null
}

/** The table in the arguments. Throws `RangeError` where it is none. */
export function tableOf(values: Record<string, unknown>): Table {
  const header = listOf(values['header'], 'header', textOf)
  const rows = listOf(values['rows'], 'rows', (row, name) => listOf(row, name, textOf))
  if (!isTable({ header, rows })) throw new RangeError('not a table: its rows and its header do not go together')
  return { header, rows }
}

/** The place of the only item that is `wanted`. Throws `RangeError` where there is none or more than one. */
export function placeOf(wanted: unknown, items: readonly (string | undefined)[]): number {
  const at = items.indexOf(textOf(wanted, 'what is looked up'))
  if (at < 0 || items.includes(items[at], at + 1)) throw new RangeError(`not exactly one ${String(wanted)}`)
  return at
}

function isTable({ header, rows }: Table): boolean {
  if (header.length < 2 || rows.length === 0 || new Set(header).size !== header.length) return false
  return (
    header.every((name) => new RegExp(`^${column}$`).test(name)) && rows.every((row) => row.length === header.length && row.every(isCell))
  )
}

function isCell(text: string): boolean {
  return new RegExp(`^${cell}$`).test(text)
}

function styleOf(wordingIndex: number) {
  const style = styles[wordingIndex]
  if (!style) throw new RangeError(`no table in wording ${wordingIndex}`)
  return style
}
