import { hash } from 'node:crypto'
import type { Line } from '@toolwright/contracts'
import { createHashTable } from './hash-table.ts'
import { placeOf } from './read-back.ts'

/** What became of the first request that was like another: `none` where there was none, or it has no answer that could be read again. */
export type Like = { is: 'none' } | { is: 'under-way'; first: number } | { is: 'answered'; place: number }

/**
 * Which requests a stream has had, and where the answer to each stands in the results. At most 16 bytes for each that is unlike all others, and some for each that is
 * under way. Two different requests of ten million share the 72 bits that are kept in one of some 100 million streams; the later would get the other's answer.
 */
export interface SameRequests {
  look(line: Line): Like
  /** Remembers that a request is under way, as the first of its like unless there is one. */
  begin(line: Line, first?: number): void
  /** Remembers what became of a request under way: where its answer begins in the results (bytes), null where nobody can read it there. */
  end(seq: number, offset: number | null): void
  /** Has `begin` know the answers whose requests it has not met yet: a run that goes on finds its results before it reads its input again. Until `forgetFound`. */
  forgetFound(): void
  readonly byteLength: number
}

/** Values of the table: one more than the seq of a first request; with the highest bit, the place of its answer; all bits, no answer to be had. */
const ANSWERED = 0x8000_0000
const NO_ANSWER = 0xffff_ffff
const LAST_SEQ = ANSWERED - 2

export function createSameRequests(): SameRequests {
  const table = createHashTable()
  const underWay = new Map<number, Uint32Array>()
  let found: Map<number, Uint32Array> | null = new Map()

  return {
    get byteLength() {
      return table.byteLength
    },
    look: (line) => {
      const value = table.get(hashOf(line))
      if (value === 0 || value === NO_ANSWER) return { is: 'none' }
      return value >= ANSWERED ? { is: 'answered', place: value - ANSWERED } : { is: 'under-way', first: value - 1 }
    },
    begin: (line, first = line.seq) => {
      if (first > LAST_SEQ) return
      const hash72 = hashOf(line)
      const value = foundAt(found, first) || first + 1
      const known = table.getOrSet(hash72, value)
      if (known === NO_ANSWER) table.set(hash72, value)
      if ((known === 0 || known === NO_ANSWER) && value <= LAST_SEQ + 1) underWay.set(first, hash72)
    },
    end: (seq, offset) => {
      const hash72 = underWay.get(seq)
      if (hash72 !== undefined) table.set(hash72, valueAt(offset))
      else if (found !== null) noteFound(found, seq, valueAt(offset))
      underWay.delete(seq)
    },
    forgetFound: () => {
      found = null
    },
  }
}

function valueAt(offset: number | null): number {
  const place = offset === null ? Infinity : placeOf(offset)
  return place < NO_ANSWER - ANSWERED ? ANSWERED + place : NO_ANSWER
}

const PAGE = 8_192

/** In pages, made when a seq falls into them: four bytes for each request whose result was there before. */
function noteFound(found: Map<number, Uint32Array>, seq: number, value: number): void {
  const index = Math.floor(seq / PAGE)
  let page = found.get(index)
  if (page === undefined) {
    page = new Uint32Array(PAGE)
    found.set(index, page)
  }
  page[seq % PAGE] = value
}

function foundAt(found: Map<number, Uint32Array> | null, seq: number): number {
  return found?.get(Math.floor(seq / PAGE))?.[seq % PAGE] ?? 0
}

/** Of all that shapes the answer, and of the kind's name, which decides by which tool it is given. */
function hashOf({ text, frame, body, kindName }: Line): Uint32Array {
  const digest = hash('sha256', JSON.stringify([kindName ?? null, frame, text, body ?? null]), 'buffer')
  return new Uint32Array([digest.readUInt8(0), digest.readUInt32LE(4), digest.readUInt32LE(8)])
}
