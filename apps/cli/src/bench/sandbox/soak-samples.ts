import type { Sandbox } from '@toolwright/sandbox'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Growth, growthOf } from './growth.ts'
import { lastOf, openDescriptors, processorMs, residentBytes } from './process-figures.ts'

/** Of one process, in the order of time. Empty where the system does not tell. */
interface Series {
  bytes: number[]
  descriptors: number[]
}

/** Memory: of a child what is resident; of this process what a collection leaves, since V8 lets its heap come and go by tens of megabytes. */
export interface SampledGrowth {
  memory: Growth | null
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
const EVERY = 2
/** A child that used less in between is a spare one, which waits. */
const SERVING_MS = 1

/** Looks at the memory and the open descriptors of this process and of the sandbox's children, after every few batches. */
export function openSampler(sandbox: Sandbox): { afterBatch: () => void; samples: () => Samples } {
  const collect = collector()
  const own: Series = { bytes: [], descriptors: [] }
  const children = new Map<number, Series & { usedMs: number }>()
  let batches = 0

  function look(): void {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    add(own, process.pid, heapUsed + external)
    for (const pid of sandbox.stats().pids) {
      const inner = lastOf(pid)
      const usedMs = processorMs(inner) ?? 0
      const known = children.get(inner)
      if (known === undefined) children.set(inner, { bytes: [], descriptors: [], usedMs })
      else {
        if (usedMs - known.usedMs >= SERVING_MS) add(known, inner, residentBytes(inner))
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
      children: [...children.values()].filter(({ bytes }) => bytes.length > 0).map(growthIn),
      pids: [...children.keys()],
    }),
  }
}

function add(series: Series, pid: number, bytes: number | null): void {
  const descriptors = openDescriptors(pid)
  if (bytes !== null) series.bytes.push(bytes)
  if (descriptors !== null) series.descriptors.push(descriptors)
}

function growthIn({ bytes, descriptors }: Series): SampledGrowth {
  return { memory: growthOf(bytes), descriptors: growthOf(descriptors) }
}

/** V8's collector, which a program gets only by asking for it. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('this Node gives no way to collect garbage')
  return () => void collect()
}
