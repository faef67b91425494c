import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessMemory {
  rssBytes: number
  /** Its share of what several processes map; null where it cannot be read. */
  pssBytes: number | null
}

/** A process and all below it, parents first; empty where it is gone, or the system has no /proc. */
export function processTree(pid: number): number[] {
  const tasks = orNull(() => readdirSync(`/proc/${pid}/task`))
  if (tasks === null) return []
  const children = tasks.flatMap((task) => (orNull(() => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')) ?? '').split(' '))
  return [pid, ...children.filter(Boolean).flatMap((child) => processTree(Number(child)))]
}

/** What a sandbox's child is in the end: where `unshare` stands before it, the process that it started. */
export function lastOf(pid: number): number {
  return processTree(pid).at(-1) ?? pid
}

/** Of a process and all below it together; null where it cannot be told. */
export function memoryOf(pid: number): ProcessMemory | null {
  const tree = processTree(pid)
  const rss = tree.map((one) => kilobytes(`/proc/${one}/status`, 'VmRSS'))
  const pss = tree.map((one) => kilobytes(`/proc/${one}/smaps_rollup`, 'Pss'))
  const rssBytes = sumOf(rss)
  return rssBytes === null || tree.length === 0 ? null : { rssBytes, pssBytes: sumOf(pss) }
}

/** Memory of one process alone; null where it cannot be told. */
export function residentBytes(pid: number): number | null {
  return kilobytes(`/proc/${pid}/status`, 'VmRSS')
}

/** How many descriptors a process has open; null where it cannot be told. */
export function openDescriptors(pid: number): number | null {
  return orNull(() => readdirSync(`/proc/${pid}/fd`).length)
}

/** Processor time that all threads of a process have used; null where it cannot be told. Ends with the threads that ended. */
export function processorMs(pid: number): number | null {
  const tasks = orNull(() => readdirSync(`/proc/${pid}/task`))
  if (tasks === null) return null
  const nanoseconds = tasks.map((task) =>
    Number(orNull(() => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8'))?.split(' ')[0] ?? 0),
  )
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6
}

function kilobytes(path: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(orNull(() => readFileSync(path, 'utf8')) ?? '')
  return found === null ? null : Number(found[1]) * 1024
}

function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0)
}

/** Null for a file that is not there: another system, or a process that has ended. */
function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}
