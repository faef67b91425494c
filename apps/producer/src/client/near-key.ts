import { editDistance } from '@toolwright/runtime'

/** The known key that `key` was probably meant to be: a slip of the keyboard away, or another usual name for it; else null. */
export function nearKey(key: string, known: readonly string[], otherNames: Readonly<Record<string, string>> = {}): string | null {
  const plain = key.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const renamed = Object.hasOwn(otherNames, plain) ? otherNames[plain] : undefined
  if (renamed !== undefined) return renamed
  let nearest: string | null = null
  let least = Infinity
  for (const candidate of known) {
    const name = candidate.replaceAll('_', '')
    // A key may be as long as a line; what differs this much in length is not near.
    const distance = Math.abs(plain.length - name.length) > 2 ? Infinity : editDistance(plain, name)
    // Two slips, but never half of a short word: `id` is not a misspelt `in`.
    if (distance < least && distance <= Math.min(2, (candidate.length - 1) / 2)) {
      nearest = candidate
      least = distance
    }
  }
  return nearest
}
