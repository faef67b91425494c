import { infoOf, isRedisFull, type RedisConnection } from '@toolwright/queues'
import { setTimeout as delay } from 'node:timers/promises'
import { createOutageTalk, type OutageWords } from './outage-talk.ts'

/** A full Redis completes no job any more, so that nothing can make it emptier: reading stops before. */
const FULLEST = 0.7
const LOOK_MS = 1_000

export interface Memory {
  usedBytes: number
  /** 0: as much as there is. */
  maxBytes: number
}

export interface Room {
  /** Whether Redis has memory left for more lines; said where it has not for some seconds. It is asked once a second, and before what has been read since may have filled it. */
  isLeft(): Promise<boolean>
  /** Does what may be done again; once more, when there is room, where Redis is full. Throws what it throws otherwise, or when `signal` is aborted. */
  whenLeft(write: () => Promise<void>, signal: AbortSignal): Promise<void>
}

const ROOM_WORDS: OutageWords = {
  away: (memory) =>
    `waiting for room in Redis: ${memory}. The run reads on below ${FULLEST * 100} %: as its own lines are answered, or when maxmemory is raised`,
  back: 'Redis has room again',
}

/** What a byte of input may take up: its job, its frame, and a while the next queue's job beside them. */
const GROWTH = 4

export interface RoomOptions {
  memory: () => Promise<Memory[]>
  /** Of input, by the whole run. */
  bytesRead: () => number
  say: (line: string) => void
  /** Milliseconds on a clock that never goes back. */
  now: () => number
}

export function watchRoom({ memory, bytesRead, say, now }: RoomOptions): Room {
  const talk = createOutageTalk(now, ROOM_WORDS)
  let lookedAt = -Infinity
  let bytesAtLook = 0
  let fullest: Memory | null = null
  const isLeft = async (): Promise<boolean> => {
    const mayBeFull = fullest !== null && (bytesRead() - bytesAtLook) * GROWTH > roomIn(fullest)
    if (now() - lookedAt >= LOOK_MS || (mayBeFull && bytesRead() > bytesAtLook)) {
      lookedAt = now()
      bytesAtLook = bytesRead()
      const bounded = (await memory()).filter(({ maxBytes }) => maxBytes > 0)
      fullest = bounded.toSorted((one, other) => roomIn(one) - roomIn(other))[0] ?? null
    }
    const full = fullest !== null && roomIn(fullest) <= 0 ? fullest : null
    const line = talk(full === null ? null : shown(full))
    if (line !== null) say(line)
    return full === null
  }
  return {
    isLeft,
    whenLeft: async (write, signal) => {
      for (;;) {
        try {
          return await write()
        } catch (error) {
          if (!isRedisFull(error) || signal.aborted) throw error
        }
        do await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
        while (!signal.aborted && !(await isLeft()))
      }
    },
  }
}

/** How much more it may hold. */
function roomIn({ usedBytes, maxBytes }: Memory): number {
  return maxBytes * FULLEST - usedBytes
}

/** Of the server that has a key: of a Cluster's others, nothing of a space is on any. */
export async function memoryOf(redis: RedisConnection, key: string): Promise<Memory[]> {
  return [readMemory(await infoOf(redis, key, 'memory'))]
}

export function readMemory(info: string): Memory {
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)\\s*$`, 'm').exec(info)?.[1] ?? 0)
  return { usedBytes: field('used_memory'), maxBytes: field('maxmemory') }
}

function shown({ usedBytes, maxBytes }: Memory): string {
  return `${Math.round((usedBytes / maxBytes) * 100)} % of its ${megabytes(maxBytes)} MB (maxmemory) are in use`
}

function megabytes(bytes: number): string {
  return bytes < 10_000_000 ? (bytes / 1e6).toFixed(1) : (bytes / 1e6).toFixed(0)
}
