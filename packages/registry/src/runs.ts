import { Frame, type Line, RunSettings } from '@toolwright/contracts'
import type { RedisConnection } from './redis.ts'
import { z } from 'zod'
import type { RegistryKeys } from './keys.ts'
import { ATTEND, EXPIRE_RUN, HALT, NOTE, SAVE_INGEST, SET_BITS, UNLIST } from './run-scripts.ts'
import { openScript } from './script.ts'

/** How far a run's reader has come: byte offset in its input, next seq, next line number (the first is 1), lines so far that could not become requests; `isDone` once the input has ended. */
export const Ingest = z.object({
  offset: z.int().nonnegative(),
  seq: z.int().nonnegative(),
  lineNumber: z.int().nonnegative(),
  refused: z.int().nonnegative().default(0),
  isDone: z.boolean(),
  /** Hex SHA-256 over the lines before `seq`; '' where an older version read them. */
  sha256: z.string().default(''),
  /** The batch that begins at `seq` ends before this one, and may have been enqueued; 0 where none was begun. */
  sendingTo: z.int().nonnegative().default(0),
})
export type Ingest = z.infer<typeof Ingest>

/** Where a run's client reads and writes: absolute paths on `host`. */
export const RunFiles = z.object({
  /** `-`: its standard input. */
  input: z.string(),
  /** Null: its standard output. */
  output: z.string().nullable(),
  /** Null: among the results. */
  errors: z.string().nullable(),
  /** Requests that are read at most. */
  limit: z.int().positive().nullable(),
  /** The run whose failed requests are the input, in the place of standard input. */
  retries: z.string().nullable().default(null),
  host: z.string(),
})
export type RunFiles = z.infer<typeof RunFiles>

export interface RunRecord {
  id: string
  state: 'active' | 'done'
  /** Why no paid call can succeed until somebody mends it, or null. */
  haltedBy: string | null
  /** What it was halted by is a budget: more money mends it. */
  isOverBudget: boolean
  /** Its client is to read no further until it is told to go on, or the run is opened again. */
  isPaused: boolean
  /** The run has been ended for good: nothing more is read or paid for, and what is answered is delivered. */
  isCancelled: boolean
  settings: RunSettings
  /** What the run reads, so that a resumed one can be held against it. */
  source: string
  /** Null where an older version began the run. */
  files: RunFiles | null
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
  /** Notes where a run reads and writes from now on. */
  saveFiles(run: string, source: string, files: RunFiles): Promise<void>
  /** False, and nothing is changed, where Redis knows of fewer lines than `after`, which it had taken before: it has come back without the latest of them. */
  saveIngest(run: string, ingest: z.input<typeof Ingest>, after?: number): Promise<boolean>
  /** Of these lines, those whose way has not been decided. */
  undispatched(run: string, lines: readonly Line[]): Promise<Line[]>
  /** Notes lines whose way has been decided; with `false`, lines that go back to have it decided once more. */
  noteDispatched(run: string, lines: readonly { seq: number }[], isDispatched?: boolean): Promise<void>
  /** Notes lines whose result is on its way to the client, so that nothing more is paid for them should they be handed on again, and forgets the replies that were kept for them. */
  noteAnswered(run: string, lines: readonly { seq: number }[], fields?: string[]): Promise<void>
  /** Of these lines, those without a result on its way. */
  unanswered(run: string, lines: readonly Line[]): Promise<Line[]>
  /** Counts results that were written, and lets go of them where they were held; of those that went to a stream it takes down which, and what all of these so far add up to. */
  noteWritten(run: string, results: number, streamed: Streamed, held?: readonly number[]): Promise<void>
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
  setPaused(run: string, isPaused: boolean): Promise<void>
  /** Somebody is there for it, its client or a person who asks; what is kept of it is kept for 30 days from then. */
  attend(run: string): Promise<void>
  /** Runs without an end that nobody has been there for in so many milliseconds, by Redis' clock. */
  unattended(ms: number): Promise<string[]>
  /** Cancels such a run. False if somebody has come meanwhile. */
  expire(run: string, ms: number): Promise<boolean>
  /** Ends the run for good: its paid calls stop, whatever else is still to be done for its end. */
  cancel(run: string): Promise<void>
  /** Stops a run's paid calls, the first reason counting, until the run is opened again. `isOverBudget`: what is missing is money that may be spent. */
  halt(run: string, reason: string, options?: { isOverBudget: boolean }): Promise<void>
  /** Why the run pays for nothing, or null: it was halted, or cancelled. */
  haltReason(run: string): Promise<string | null>
  /** Marks the run as done, keeps its summary and ledger, and forgets what only a running run needs. */
  finish(run: string, summary: unknown): Promise<void>
  summary(run: string): Promise<unknown>
  /** Deletes everything that is kept of a run. */
  forget(run: string): Promise<void>
}

const SECONDS_KEPT = 7 * 86_400
const CANCELLED = 'it was cancelled'
/** From the last change. */
const BITMAP_SECONDS_KEPT = 30 * 86_400

export function openRuns(redis: RedisConnection, keys: RegistryKeys): Runs {
  const unlist = openScript(redis, UNLIST)
  const note = openScript(redis, NOTE)
  const halt = openScript(redis, HALT)
  const attendScript = openScript(redis, ATTEND)
  const expire = openScript(redis, EXPIRE_RUN)
  const attend = async (run: string) => {
    const expiring = [keys.dispatched(run), keys.answered(run), keys.replies(run), keys.tries(run), keys.failed(run)]
    await attendScript([keys.run(run), ...expiring], [BITMAP_SECONDS_KEPT])
  }
  const setEach = openScript(redis, SET_BITS)
  const saveIngest = openScript(redis, SAVE_INGEST)
  /** `fields` go from the `hashes` by the same call. */
  const setBits = async (
    key: string,
    lines: readonly { seq: number }[],
    value: boolean,
    { fields, hashes }: { fields: string[]; hashes: string[] } = { fields: [], hashes: [] },
  ) => {
    await setEach([key, ...hashes], [BITMAP_SECONDS_KEPT, value ? 1 : 0, lines.length, ...lines.map(({ seq }) => seq), ...fields])
  }
  const getBits = async (key: string, lines: readonly Line[]): Promise<number[]> =>
    // One bit for each that is asked for.
    (await redis.call('BITFIELD', key, ...lines.flatMap(({ seq }) => ['GET', 'u1', seq]))) as number[]
  const read = async (run: string): Promise<RunRecord | null> => {
    const [hash, dispatched] = await Promise.all([redis.hgetall(keys.run(run)), redis.bitcount(keys.dispatched(run))])
    if (hash['settings'] === undefined) return null
    return {
      id: run,
      state: hash['state'] === 'done' ? 'done' : 'active',
      haltedBy: hash['haltedBy'] ?? null,
      isOverBudget: hash['overBudget'] !== undefined,
      isPaused: hash['paused'] !== undefined,
      isCancelled: hash['cancelled'] !== undefined,
      settings: RunSettings.parse(JSON.parse(hash['settings'])),
      source: hash['source'] ?? '',
      files: hash['files'] === undefined ? null : RunFiles.parse(JSON.parse(hash['files'])),
      ingest: Ingest.parse(JSON.parse(hash['ingest'] ?? '{"offset":0,"seq":0,"lineNumber":1,"isDone":false}')),
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
        .hdel(keys.run(run), 'haltedBy', 'overBudget', 'paused')
        .zadd(keys.runs, 'NX', now, run)
        .persist(keys.run(run))
        .persist(keys.ledger(run))
        .persist(keys.money(run))
        .persist(keys.prices(run))
        .persist(keys.latencies(run))
        .persist(keys.intents(run))
        .persist(keys.streamed(run))
        .exec()
      await attend(run)
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
    saveFiles: async (run, source, files) => {
      await redis.hset(keys.run(run), 'source', source, 'files', JSON.stringify(files))
    },
    saveIngest: async (run, ingest, after = 0) => (await saveIngest([keys.run(run)], [JSON.stringify(ingest), after])) === 1,
    noteDispatched: async (run, lines, isDispatched = true) => {
      if (lines.length > 0) await setBits(keys.dispatched(run), lines, isDispatched)
    },
    noteAnswered: async (run, lines, fields = []) => {
      await setBits(keys.answered(run), lines, true, { fields, hashes: [keys.replies(run), keys.tries(run)] })
    },
    unanswered: async (run, lines) => {
      const bits = await getBits(keys.answered(run), lines)
      return lines.filter((_, at) => bits[at] === 0)
    },
    undispatched: async (run, lines) => {
      const bits = await getBits(keys.dispatched(run), lines)
      return lines.filter((_, at) => bits[at] === 0)
    },
    noteWritten: async (run, results, { seqs, tally }, held = []) => {
      const changes = redis.multi().hincrby(keys.run(run), 'written', results)
      if (held.length > 0) changes.hdel(keys.held(run), ...held.map(String))
      if (seqs.length > 0) changes.hset(keys.run(run), 'streamed', JSON.stringify(tally))
      for (const seq of seqs) changes.setbit(keys.streamed(run), seq, 1)
      await changes.exec()
    },
    streamed: async (run) => {
      const [bits, tally] = await Promise.all([redis.getBuffer(keys.streamed(run)), redis.hget(keys.run(run), 'streamed')])
      return bits === null || tally === null ? null : { seqs: setBitsOf(bits), tally: JSON.parse(tally) as unknown }
    },
    noteRefusal: async (run, refusal) => {
      await note([keys.run(run)], ['refusal', JSON.stringify(refusal)])
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
    setPaused: async (run, isPaused) => {
      if (isPaused) await note([keys.run(run)], ['paused', '1'])
      else await redis.hdel(keys.run(run), 'paused')
    },
    attend,
    unattended: async (ms) => {
      const found: string[] = []
      for (const run of await redis.zrange(keys.runs, '0', '-1')) {
        if ((await expire([keys.run(run)], [ms, 0])) === 1) found.push(run)
      }
      return found
    },
    expire: async (run, ms) => (await expire([keys.run(run)], [ms, 1])) === 1,
    cancel: async (run) => {
      await note([keys.run(run)], ['cancelled', '1'])
    },
    halt: async (run, reason, { isOverBudget } = { isOverBudget: false }) => {
      await halt([keys.run(run)], [reason, isOverBudget ? '1' : ''])
    },
    haltReason: async (run) => {
      const [cancelled = null, haltedBy = null] = await redis.hmget(keys.run(run), 'cancelled', 'haltedBy')
      return cancelled === null ? haltedBy : CANCELLED
    },
    finish: async (run, summary) => {
      await redis
        .multi()
        .hset(keys.run(run), 'state', 'done', 'summary', JSON.stringify(summary))
        .del(keys.frames(run), keys.replies(run), keys.tries(run), keys.placed(run), keys.held(run), keys.duplicates(run))
        .expire(keys.run(run), SECONDS_KEPT)
        .expire(keys.ledger(run), SECONDS_KEPT)
        .expire(keys.money(run), SECONDS_KEPT)
        .expire(keys.prices(run), SECONDS_KEPT)
        .expire(keys.latencies(run), SECONDS_KEPT)
        .expire(keys.intents(run), SECONDS_KEPT)
        .expire(keys.streamed(run), SECONDS_KEPT)
        .expire(keys.failed(run), SECONDS_KEPT)
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
          keys.prices(run),
          keys.latencies(run),
          keys.intents(run),
          keys.streamed(run),
          keys.held(run),
          keys.duplicates(run),
          keys.failed(run),
          keys.dispatched(run),
          keys.answered(run),
        )
        .zrem(keys.runs, run)
        .zrem(keys.activeRuns, run)
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
