/** The known key that `key` was probably meant to be: a slip of the keyboard away, or another usual name for it; else null. */
export function nearKey(key: string, known: readonly string[], otherNames: Readonly<Record<string, string>> = {}): string | null {
  const plain = key.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const renamed = Object.hasOwn(otherNames, plain) ? otherNames[plain] : undefined
  if (renamed !== undefined) return renamed
  let nearest: string | null = null
  let least = Infinity
  for (const candidate of known) {
    const distance = slips(plain, candidate.replaceAll('_', ''))
    // Two slips, but never half of a short word: `id` is not a misspelt `in`.
    if (distance < least && distance <= Math.min(2, (candidate.length - 1) / 2)) {
      nearest = candidate
      least = distance
    }
  }
  return nearest
}

/** Letters put in, left out, replaced, or swapped with their neighbour (optimal string alignment distance). */
function slips(from: string, to: string): number {
  // A key may be as long as a line; what differs this much in length is not near.
  if (Math.abs(from.length - to.length) > 2) return Infinity
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1]
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1))
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) least = Math.min(least, beforeLast[j - 2]! + 1)
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return last[to.length]!
}
