import type { Asked } from './settings.ts'

/** Which calls to hold: every one that fits what is given. */
interface Hold {
  purpose?: Asked | undefined
  role?: 'strong' | 'light' | undefined
  family?: string | undefined
  /** How many calls; without it every one until the release. */
  count?: number | undefined
}

interface HeldCall {
  asked: Asked
  role: 'strong' | 'light'
  family: string | null
}

/** Makes chosen calls hang, so that a test can stop or kill their caller at a known step. */
export interface Holds {
  add(hold: Hold): void
  /** Resolves at once, or, where a hold fits the call, when it is released or the caller has gone away. */
  wait(call: HeldCall, gone: AbortSignal): Promise<void>
  /** Ends all holds and lets every held call go on. */
  release(): void
  held(): { held: number; byPurpose: Partial<Record<Asked, number>> }
}

export function createHolds(): Holds {
  let holds: { hold: Hold; left: number }[] = []
  const waiting = new Map<() => void, HeldCall>()
  return {
    add(hold) {
      holds.push({ hold, left: hold.count ?? Infinity })
    },
    async wait(call, gone) {
      const fitting = holds.find(({ hold, left }) => left > 0 && fits(hold, call))
      if (!fitting || gone.aborted) return
      fitting.left--
      await new Promise<void>((resolve) => {
        const letGo = () => {
          waiting.delete(letGo)
          gone.removeEventListener('abort', letGo)
          resolve()
        }
        waiting.set(letGo, call)
        gone.addEventListener('abort', letGo)
      })
    },
    release() {
      holds = []
      for (const letGo of waiting.keys()) letGo()
    },
    held() {
      const byPurpose: Partial<Record<Asked, number>> = {}
      for (const { asked } of waiting.values()) byPurpose[asked] = (byPurpose[asked] ?? 0) + 1
      return { held: waiting.size, byPurpose }
    },
  }
}

function fits(hold: Hold, call: HeldCall): boolean {
  return (
    (hold.purpose === undefined || hold.purpose === call.asked) &&
    (hold.role === undefined || hold.role === call.role) &&
    (hold.family === undefined || hold.family === call.family)
  )
}
