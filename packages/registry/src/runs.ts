import { Frame, type Line, RunSettings } from '@toolwright/contracts'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { RegistryKeys } from './keys.ts'
import { openScript } from './script.ts'

/** How far a run's reader has come: byte offset in its input, next seq, next line number (the first is 1), lines so far that could not become requests; `isDone` once the input has ended. */
export const Ingest = z.object({
  offset: z.int().nonnegative(),
  seq: z.int().nonnegative(),
  lineNumber: z.int().nonnegative(),
  refused: z.int().nonnegative().default(0),
  isDone: z.boolean(),
})
export type Ingest = z.infer<typeof Ingest>

export interface RunRecord {
  id: string
  state: 'active' | 'done'
  /** Why no paid call can succeed until somebody mends it, or null. */
  haltedBy: string | null
  settings: RunSettings
  /** What the run reads, so that a resumed one can be held against it. */
  source: string
  ingest: Ingest
  createdAt: number
  /** Lines now waiting for a tool. */
  waiting: number
  /** Lines whose kind and way have been decided. */
  dispatched: number
  /** Results that its clients have written. */
  written: number
}

/** Results that went where they cannot be looked up again, such as a pipe. `tally`: what the client adds them up to. */
export interface Streamed {
  seqs: number[]
  tally: unknown
}

/** An endpoint (base URL and model) that does not take a run's calls at the moment, and what it said. */
const Refusal = z.object({ endpoint: z.string(), message: z.string() })
type Refusal = z.infer<typeof Refusal>

export interface Runs {
  /** Makes the record, or returns the one that is there. */
  open(run: string, settings: RunSettings, source: string): Promise<RunRecord>
  get(run: string): Promise<RunRecord | null>
  list(limit: number): Promise<RunRecord[]>
  saveIngest(run: string, ingest: Ingest): Promise<void>
  /** Notes lines whose way has been decided; with `false`, lines that go back to have it decided once more. */
  noteDispatched(run: string, lines: readonly { seq: number }[], isDispatched?: boolean): Promise<void>
  /** Notes lines whose result is on its way to the client, so that nothing more is paid for them should they be handed on again, and forgets the replies that were kept for them. */
  noteAnswered(run: string, lines: readonly { seq: number }[], fields?: string[]): Promise<void>
  /** Of these lines, those without a result on its way. */
  unanswered(run: string, lines: readonly Line[]): Promise<Line[]>
  /** Counts results that were written; of those that went to a stream it takes down which, and what all of these so far add up to. */
  noteWritten(run: string, results: number, streamed: Streamed): Promise<void>
  /** All that went to a stream; null where nothing did. */
  streamed(run: string): Promise<Streamed | null>
  /** Tells the run's client why nothing is paid for: an endpoint that is away or lets nothing more through for now. */
  noteRefusal(run: string, refusal: Refusal): Promise<void>
  /** The last refusal; whether it still holds, the endpoint's own state says. */
  refusal(run: string): Promise<Refusal | null>
  waiting(run: string): Promise<number>
  /** Whether a run can still bring lines that have no kind yet: not once everything read has been dispatched. */
  canBringMore(run: string): Promise<boolean>
  saveFrames(run: string, frames: Map<string, Frame>): Promise<void>
  frame(run: string, hash: string): Promise<Frame>
  /** Stops a run's paid calls, the first reason counting, until the run is opened again. */
  halt(run: string, reason: string): Promise<void>
  haltReason(run: string): Promise<string | null>
  /** Marks the run as done, keeps its summary and ledger, and forgets what only a running run needs. */
  finish(run: string, summary: unknown): Promise<void>
  summary(run: string): Promise<unknown>
  /** Deletes everything that is kept of a run. */
  forget(run: string): Promise<void>
}

const SECONDS_KEPT = 7 * 86_400
/** From the last change. */
const BITMAP_SECONDS_KEPT = 30 * 86_400

const UNLIST = `
for index, run in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[index + 1]) == 0 then redis.call('ZREM', KEYS[1], run) end
end
return 1
`

// A run that is forgotten leaves nothing, whatever its last calls still learn.
const NOTE_REFUSAL = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HSET', KEYS[1], 'refusal', ARGV[1])
`

export function openRuns(redis: Redis, keys: RegistryKeys): Runs {
  const unlist = openScript(redis, UNLIST)
  const noteRefusal = openScript(redis, NOTE_REFUSAL)
  const setBits = (key: string, lines: readonly { seq: number }[], value: boolean) => {
    const sets = lines.flatMap(({ seq }) => ['SET', 'u1', seq, value ? 1 : 0])
    // Some may come when the run has been finished already.
    return redis
      .multi()
      .call('BITFIELD', key, ...sets)
      .expire(key, BITMAP_SECONDS_KEPT)
  }
  const read = async (run: string): Promise<RunRecord | null> => {
    const [hash, dispatched] = await Promise.all([redis.hgetall(keys.run(run)), redis.bitcount(keys.dispatched(run))])
    if (hash['settings'] === undefined) return null
    return {
      id: run,
      state: hash['state'] === 'done' ? 'done' : 'active',
      haltedBy: hash['haltedBy'] ?? null,
      settings: RunSettings.parse(JSON.parse(hash['settings'])),
      source: hash['source'] ?? '',
      ingest: Ingest.parse(JSON.parse(hash['ingest'] ?? '{"offset":0,"seq":0,"lineNumber":1,"refused":0,"isDone":false}')),
      createdAt: Number(hash['createdAt']),
      waiting: Number(hash['waiting'] ?? 0),
      dispatched,
      written: Number(hash['written'] ?? 0),
    }
  }

  return {
    open: async (run, settings, source) => {
      const now = Date.now()
      await redis
        .multi()
        .hsetnx(keys.run(run), 'settings', JSON.stringify(settings))
        .hsetnx(keys.run(run), 'source', source)
        .hsetnx(keys.run(run), 'createdAt', String(now))
        .hset(keys.run(run), 'state', 'active')
        .hdel(keys.run(run), 'haltedBy')
        .zadd(keys.runs, 'NX', now, run)
        .persist(keys.run(run))
        .persist(keys.ledger(run))
        .persist(keys.money(run))
        .persist(keys.intents(run))
        .persist(keys.streamed(run))
        .exec()
      const record = await read(run)
      if (record === null) throw new Error(`the record of run ${run} vanished while it was opened`)
      return record
    },
    get: read,
    list: async (limit) => {
      const ids = await redis.zrevrange(keys.runs, 0, limit - 1)
      const records = await Promise.all(ids.map(read))
      return records.filter((record) => record !== null)
    },
    saveIngest: async (run, ingest) => {
      await redis.hset(keys.run(run), 'ingest', JSON.stringify(ingest))
    },
    noteDispatched: async (run, lines, isDispatched = true) => {
      if (lines.length > 0) await setBits(keys.dispatched(run), lines, isDispatched).exec()
    },
    noteAnswered: async (run, lines, fields = []) => {
      const changes = setBits(keys.answered(run), lines, true)
      if (fields.length > 0) changes.hdel(keys.replies(run), ...fields).hdel(keys.tries(run), ...fields)
      await changes.exec()
    },
    unanswered: async (run, lines) => {
      // One bit for each that is asked for.
      const bits = (await redis.call('BITFIELD', keys.answered(run), ...lines.flatMap(({ seq }) => ['GET', 'u1', seq]))) as number[]
      return lines.filter((_, at) => bits[at] === 0)
    },
    noteWritten: async (run, results, { seqs, tally }) => {
      const changes = redis.multi().hincrby(keys.run(run), 'written', results)
      if (seqs.length > 0) changes.hset(keys.run(run), 'streamed', JSON.stringify(tally))
      for (const seq of seqs) changes.setbit(keys.streamed(run), seq, 1)
      await changes.exec()
    },
    streamed: async (run) => {
      const [bits, tally] = await Promise.all([redis.getBuffer(keys.streamed(run)), redis.hget(keys.run(run), 'streamed')])
      return bits === null || tally === null ? null : { seqs: setBitsOf(bits), tally: JSON.parse(tally) as unknown }
    },
    noteRefusal: async (run, refusal) => {
      await noteRefusal([keys.run(run)], [JSON.stringify(refusal)])
    },
    refusal: async (run) => {
      const text = await redis.hget(keys.run(run), 'refusal')
      return text === null ? null : Refusal.parse(JSON.parse(text))
    },
    waiting: async (run) => Number((await redis.hget(keys.run(run), 'waiting')) ?? 0),
    canBringMore: async (run) => {
      const record = await read(run)
      return (
        record !== null &&
        record.state === 'active' &&
        !(record.ingest.isDone && record.dispatched + record.ingest.refused >= record.ingest.seq)
      )
    },
    saveFrames: async (run, frames) => {
      if (frames.size === 0) return
      const fields: Record<string, string> = {}
      for (const [hash, frame] of frames) fields[hash] = JSON.stringify(frame)
      await redis.hset(keys.frames(run), fields)
    },
    frame: async (run, hash) => {
      const text = await redis.hget(keys.frames(run), hash)
      if (text === null) throw new Error(`the frame ${hash.slice(0, 12)} of run ${run} is not in the registry`)
      return Frame.parse(JSON.parse(text))
    },
    halt: async (run, reason) => {
      await redis.hsetnx(keys.run(run), 'haltedBy', reason)
    },
    haltReason: (run) => redis.hget(keys.run(run), 'haltedBy'),
    finish: async (run, summary) => {
      await redis
        .multi()
        .hset(keys.run(run), 'state', 'done', 'summary', JSON.stringify(summary))
        .del(keys.frames(run), keys.replies(run), keys.tries(run), keys.placed(run))
        .expire(keys.run(run), SECONDS_KEPT)
        .expire(keys.ledger(run), SECONDS_KEPT)
        .expire(keys.money(run), SECONDS_KEPT)
        .expire(keys.intents(run), SECONDS_KEPT)
        .expire(keys.streamed(run), SECONDS_KEPT)
        .exec()
      // A run whose record has expired was finished long ago; one that is old and goes on stays listed.
      const old = await redis.zrangebyscore(keys.runs, 0, Date.now() - SECONDS_KEPT * 1000)
      await unlist([keys.runs, ...old.map(keys.run)], old)
    },
    summary: async (run) => {
      const text = await redis.hget(keys.run(run), 'summary')
      return text === null ? null : (JSON.parse(text) as unknown)
    },
    forget: async (run) => {
      await redis
        .multi()
        .del(
          keys.run(run),
          keys.frames(run),
          keys.replies(run),
          keys.tries(run),
          keys.placed(run),
          keys.ledger(run),
          keys.money(run),
          keys.intents(run),
          keys.streamed(run),
          keys.dispatched(run),
          keys.answered(run),
        )
        .zrem(keys.runs, run)
        .exec()
    },
  }
}

/** Places of the bits that are set, as SETBIT counts them. */
function setBitsOf(bytes: Buffer): number[] {
  const places: number[] = []
  for (const [at, byte] of bytes.entries()) {
    if (byte === 0) continue
    for (let bit = 0; bit < 8; bit++) if ((byte & (0x80 >> bit)) !== 0) places.push(at * 8 + bit)
  }
  return places
}
