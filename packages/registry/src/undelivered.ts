import { Line, LineResult } from '@toolwright/contracts'
import type { RedisConnection } from './redis.ts'
import type { RegistryKeys } from './keys.ts'

/** A line that waits for the answer to the same request, which came `first`. */
export interface Waiting {
  first: number
  seq: number
}

/** What a run's client has taken over and cannot write yet. It is kept until it is written, or the run is forgotten. */
export interface Undelivered {
  /** Keeps results until all before them are written. One that is kept already stays as it is. */
  hold(run: string, results: readonly LineResult[]): Promise<void>
  /** The seqs of all that are held. */
  held(run: string): Promise<number[]>
  /** Those of them that are held, in the order of `seqs`. */
  readHeld(run: string, seqs: readonly number[]): Promise<LineResult[]>
  dropHeld(run: string, seqs: readonly number[]): Promise<void>
  /** Keeps lines until the request that is the same as each has an answer. */
  keepDuplicates(run: string, lines: readonly { first: number; line: Line }[]): Promise<void>
  duplicates(run: string): Promise<Waiting[]>
  readDuplicates(run: string, waiting: readonly Waiting[]): Promise<Line[]>
  dropDuplicates(run: string, waiting: readonly Waiting[]): Promise<void>
}

export function openUndelivered(redis: RedisConnection, keys: RegistryKeys): Undelivered {
  return {
    hold: async (run, results) => {
      if (results.length === 0) return
      const changes = redis.multi()
      for (const result of results) changes.hsetnx(keys.held(run), String(result.seq), JSON.stringify(result))
      await changes.exec()
    },
    held: async (run) => (await redis.hkeys(keys.held(run))).map(Number),
    readHeld: async (run, seqs) => {
      const texts = seqs.length === 0 ? [] : await redis.hmget(keys.held(run), ...seqs.map(String))
      return texts.flatMap((text) => (text === null ? [] : [LineResult.parse(JSON.parse(text))]))
    },
    dropHeld: async (run, seqs) => {
      if (seqs.length > 0) await redis.hdel(keys.held(run), ...seqs.map(String))
    },
    keepDuplicates: async (run, lines) => {
      if (lines.length === 0) return
      const fields = lines.map(({ first, line }) => [fieldOf({ first, seq: line.seq }), JSON.stringify(line)] as const)
      await redis.hset(keys.duplicates(run), Object.fromEntries(fields))
    },
    duplicates: async (run) => (await redis.hkeys(keys.duplicates(run))).map(waitingOf),
    readDuplicates: async (run, waiting) => {
      const texts = waiting.length === 0 ? [] : await redis.hmget(keys.duplicates(run), ...waiting.map(fieldOf))
      return texts.flatMap((text) => (text === null ? [] : [Line.parse(JSON.parse(text))]))
    },
    dropDuplicates: async (run, waiting) => {
      if (waiting.length > 0) await redis.hdel(keys.duplicates(run), ...waiting.map(fieldOf))
    },
  }
}

function fieldOf({ first, seq }: Waiting): string {
  return `${first}:${seq}`
}

function waitingOf(field: string): Waiting {
  const [first, seq] = field.split(':').map(Number)
  return { first: first!, seq: seq! }
}
