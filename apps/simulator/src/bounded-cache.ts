/** A map that forgets its oldest entries, so that a long stream of texts cannot fill the memory. */
export interface BoundedCache<V> {
  /** The kept value for the key, or what `make` gives, which is kept. */
  get(key: string, make: () => V): V
  has(key: string): boolean
}

export function boundedCache<V>(limit: number): BoundedCache<V> {
  const entries = new Map<string, { value: V }>()
  return {
    get(key, make) {
      const kept = entries.get(key)
      if (kept) return kept.value
      const value = make()
      if (entries.size >= limit) {
        const [oldest] = entries.keys()
        if (oldest !== undefined) entries.delete(oldest)
      }
      entries.set(key, { value })
      return value
    },
    has: (key) => entries.has(key),
  }
}
