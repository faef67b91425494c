import { type Outcome, type Sandbox } from '@toolwright/sandbox'
import { type NativePython, runFreshPython, type WarmPython } from './native-python.ts'

export const NAMES = { sandbox: 'sandbox', warm: 'warm python3', fresh: 'fresh python3' } as const
export type ContestantName = keyof typeof NAMES

/** Who runs a tool on texts, in one crossing where it can. */
export interface Contestant {
  name: ContestantName
  run(source: string, texts: readonly string[]): Promise<(string | null)[]>
}

const TIMEOUT_MS = 60_000

export function sandboxContestant(sandbox: Sandbox, signal: AbortSignal): Contestant {
  return {
    name: 'sandbox',
    run: async (source, texts) => {
      const calls = texts.map((text) => ({ text, solve: true }))
      const outcomes = await sandbox.run({ source, calls, timeoutMs: TIMEOUT_MS, surroundings: 'first', resetEachCall: false }, signal)
      return outcomes.map(resultOf)
    },
  }
}

export function warmContestant(warm: WarmPython): Contestant {
  return { name: 'warm', run: (source, texts) => warm.run(source, texts) }
}

export function freshContestant(python: NativePython, inherited: NodeJS.ProcessEnv): Contestant {
  return {
    name: 'fresh',
    run: async (source, texts) => {
      const results: string[] = []
      for (const text of texts) results.push(await runFreshPython(python, source, text, inherited))
      return results
    },
  }
}

/** Throws for a call that did not go well: nothing is timed that is not done. */
export function resultOf(outcome: Outcome): string | null {
  if (outcome.status === 'ok') return outcome.result
  throw new Error(`a call of the sandbox ended as ${JSON.stringify(outcome)}`)
}
