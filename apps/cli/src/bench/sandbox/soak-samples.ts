import type { Sandbox } from '@toolwright/sandbox'
import { type Growth, growthOf } from './growth.ts'
import { lastOf, openDescriptors, processorMs, residentBytes } from './process-figures.ts'

/** Of one process, in the order of time. Empty where the system does not tell. */
interface Series {
  rssBytes: number[]
  descriptors: number[]
}

export interface SampledGrowth {
  rss: Growth | null
  descriptors: Growth | null
}

export interface Samples {
  own: SampledGrowth
  /** Each process that has served as a child, while it served. */
  children: SampledGrowth[]
  /** All that were ever seen, spare ones included. */
  pids: number[]
}

/** Batches between two looks. */
const EVERY = 5
/** A child that used less in between is a spare one, which waits. */
const SERVING_MS = 1

/** Looks at the memory and the open descriptors of this process and of the sandbox's children, after every few batches. */
export function openSampler(sandbox: Sandbox): { afterBatch: () => void; samples: () => Samples } {
  const own: Series = { rssBytes: [], descriptors: [] }
  const children = new Map<number, Series & { usedMs: number }>()
  let batches = 0

  function look(): void {
    add(own, process.pid)
    for (const pid of sandbox.stats().pids) {
      const inner = lastOf(pid)
      const usedMs = processorMs(inner) ?? 0
      const known = children.get(inner)
      if (known === undefined) children.set(inner, { rssBytes: [], descriptors: [], usedMs })
      else {
        if (usedMs - known.usedMs >= SERVING_MS) add(known, inner)
        known.usedMs = usedMs
      }
    }
  }

  return {
    afterBatch: () => {
      if (++batches % EVERY === 0) look()
    },
    samples: () => ({
      own: growthIn(own),
      children: [...children.values()].filter(({ rssBytes }) => rssBytes.length > 0).map(growthIn),
      pids: [...children.keys()],
    }),
  }
}

function add(series: Series, pid: number): void {
  const rssBytes = residentBytes(pid)
  const descriptors = openDescriptors(pid)
  if (rssBytes !== null) series.rssBytes.push(rssBytes)
  if (descriptors !== null) series.descriptors.push(descriptors)
}

function growthIn({ rssBytes, descriptors }: Series): SampledGrowth {
  return { rss: growthOf(rssBytes), descriptors: growthOf(descriptors) }
}
