import { readFileSync } from 'node:fs'
import { processorMs, processTree, residentBytes } from '../sandbox/process-figures.ts'

/** What processes of one name used together while they were watched. */
export interface ProcessUse {
  processorMs: number
  /** The most that they had in memory at one time. */
  peakBytes: number
  /** What they had in memory at every look, in bytes, in order. */
  looks: number[]
}

export type ProcessUses = Map<string, ProcessUse>

export interface ProcessWatch {
  /** What they have in memory now. */
  residentNow(): Map<string, number>
  stop(): ProcessUses
}

const SAMPLE_MS = 200

/** By a part of the command line; the first that fits. Sandbox children are Node without a file, below an executor. */
const NAMES: [RegExp, string][] = [
  [/producer\/src\/run-main/, 'client'],
  [/producer\/src\/main/, 'dispatcher'],
  [/user\/src\/main/, 'tool user'],
  [/maker\/src\/main/, 'tool maker'],
  [/executor\/src\/main/, 'executor'],
  [/exporter\/src\/main/, 'exporter'],
  [/simulator\/src\/main/, 'simulator'],
  [/redis-server|valkey-server/, 'Redis'],
  [/bare-chain-main/, 'bare chain'],
  [/--stack-size/, 'sandbox children'],
]

/** Looks, until it is stopped, at all processes below this one and at `others`: one that ends meanwhile is counted as it was last seen. */
export function watchProcesses(others: readonly number[]): ProcessWatch {
  const first = new Map<number, number>()
  const last = new Map<number, { name: string; ms: number }>()
  const looks = new Map<string, number[]>()
  let isStarted = false
  const look = (): Map<string, number> => {
    const resident = new Map<string, number>()
    for (const pid of [...processTree(process.pid).slice(1), ...others]) {
      const ms = processorMs(pid)
      const name = last.get(pid)?.name ?? nameOf(pid)
      if (ms === null || name === null) continue
      // Seen at the first look it has worked before; later it is new.
      if (!first.has(pid)) first.set(pid, isStarted ? 0 : ms)
      last.set(pid, { name, ms })
      resident.set(name, (resident.get(name) ?? 0) + (residentBytes(pid) ?? 0))
    }
    for (const [name, bytes] of resident) {
      const before = looks.get(name)
      if (before === undefined) looks.set(name, [bytes])
      else before.push(bytes)
    }
    return resident
  }
  look()
  isStarted = true
  const timer = setInterval(look, SAMPLE_MS)
  return {
    residentNow: look,
    stop: () => {
      clearInterval(timer)
      look()
      const uses: ProcessUses = new Map()
      for (const [pid, { name, ms }] of last) {
        const before = uses.get(name)?.processorMs ?? 0
        const seen = looks.get(name) ?? []
        const peakBytes = seen.reduce((most, bytes) => Math.max(most, bytes), 0)
        uses.set(name, { processorMs: before + ms - (first.get(pid) ?? 0), peakBytes, looks: seen })
      }
      return uses
    },
  }
}

/** Null for what is none of ours, and for one that has just been forked and still bears its parent's name. */
function nameOf(pid: number): string | null {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return NAMES.find(([form]) => form.test(command))?.[1] ?? null
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}
