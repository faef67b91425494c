import { type Column, renderTable } from '../../table.ts'

/** Something that is wanted, and what was found. */
export interface Claim {
  what: string
  wanted: string
  found: string
  /** Null: it could not be judged, which `found` explains. */
  isMet: boolean | null
}

export function atMost(what: string, limit: number, value: number | null, shown: (value: number) => string, why = ''): Claim {
  return {
    what,
    wanted: `at most ${shown(limit)}`,
    found: value === null ? why : shown(value),
    isMet: value === null ? null : value <= limit,
  }
}

export function atLeast(what: string, limit: number, value: number | null, shown: (value: number) => string, why = ''): Claim {
  return {
    what,
    wanted: `at least ${shown(limit)}`,
    found: value === null ? why : shown(value),
    isMet: value === null ? null : value >= limit,
  }
}

export function renderClaims(claims: readonly Claim[], width: number): string {
  return renderTable(COLUMNS, claims, width)
}

const COLUMNS: Column<Claim>[] = [
  { title: 'what', align: 'left', cell: ({ what }) => what },
  { title: 'wanted', align: 'left', cell: ({ wanted }) => wanted },
  { title: 'found', align: 'left', cell: ({ found }) => found },
  { title: 'verdict', align: 'left', cell: ({ isMet }) => (isMet === null ? 'not judged' : isMet ? 'met' : 'missed') },
]
