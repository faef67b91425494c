/** A set of seqs, one bit each. */
export interface WrittenSet {
  has(seq: number): boolean
  add(seq: number): void
  readonly size: number
}

const PAGE_BITS = 65_536

/** In pages of 8 KB, made when a seq falls into them: nothing is copied as the set grows, and a stray large seq costs one page. */
export function createWrittenSet(): WrittenSet {
  const pages = new Map<number, Uint8Array>()
  let size = 0
  const has = (seq: number) => {
    const bit = seq % PAGE_BITS
    const byte = pages.get((seq - bit) / PAGE_BITS)?.[bit >> 3] ?? 0
    return (byte & (1 << (bit & 7))) !== 0
  }
  return {
    has,
    get size() {
      return size
    },
    add(seq) {
      if (has(seq)) return
      const bit = seq % PAGE_BITS
      const index = (seq - bit) / PAGE_BITS
      let page = pages.get(index)
      if (page === undefined) {
        page = new Uint8Array(PAGE_BITS / 8)
        pages.set(index, page)
      }
      page[bit >> 3]! |= 1 << (bit & 7)
      size++
    },
  }
}
