import { setTimeout as delay } from 'node:timers/promises'

const AGAIN_MS = 1_000

/** What Redis says when it takes nothing more; of a transaction, what it says of its parts. */
export function isRedisFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const parts = 'previousErrors' in error && Array.isArray(error.previousErrors) ? (error.previousErrors as unknown[]) : []
  return error.message.startsWith('OOM ') || parts.some(isRedisFull)
}

/** Does work that may be done twice, again and again for as long as Redis is full: that is nobody's failure, and passes. Rejects as `work` does otherwise, or with the signal's reason. */
export async function onceNotFull<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isRedisFull(error)) throw error
    }
    await delay(AGAIN_MS, undefined, { signal })
  }
}
