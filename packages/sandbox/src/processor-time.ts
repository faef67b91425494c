import { readFileSync } from 'node:fs'

/** Linux counts processor time in these, on every architecture that Node has. */
const TICK_MS = 10

/** Processor time that a process and those it started have used, in milliseconds; null where the system does not tell (no /proc), or the process is gone. */
export function processorMsOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything; user and system time are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const own = (Number(fields[11]) + Number(fields[12])) * TICK_MS
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
    return children.reduce((sum, child) => sum + (processorMsOf(Number(child)) ?? 0), own)
  } catch {
    // Not Linux, or ended meanwhile: the very thing that null says.
    return null
  }
}
