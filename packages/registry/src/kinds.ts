import { hashOf, type KindId, kindIdOf, type Line } from '@toolwright/contracts'
import type { RedisConnection } from './redis.ts'
import { keysOfMake, keysWithoutTool, type RegistryKeys } from './keys.ts'
import {
  type Kind,
  type KindState,
  labelOf,
  type MakeEnd,
  MAX_GATHERING,
  parseKind,
  type PeekedLine,
  type Placement,
  PlacementText,
  type Reading,
  WaitingLine,
} from './kind.ts'
import { CREATE, EVICT, GATHERED, MERGE, NOTE_CALL, PLACE, POINT, RECALL, SAVE_READING, SETTLE, TAKE, WITHDRAW } from './kind-scripts.ts'
import { readingOf } from './reading.ts'
import { openScript } from './script.ts'

export interface Kinds {
  get(kind: string): Promise<Kind | null>
  list(): Promise<KindId[]>
  count(): Promise<number>
  /** The kind that a name (with a frame) stands for; made at first sight, from a request of a run. */
  named(name: string, frame: string, sample: string, run?: string): Promise<KindId>
  /** The number of the last change to any kind's reading or state, and the kinds changed after `since`. */
  epoch(): Promise<number>
  changedSince(since: number): Promise<KindId[]>
  /** Puts a text that fits nothing into the nursery, unless any kind changed since `epoch`; then false, and the caller looks again. */
  createInNursery(text: string, frame: string, reading: Reading, epoch: number): Promise<KindId | false>
  /** Compare and set a kind's reading on its revision; `state` holds for one that is in the nursery. */
  saveReading(kind: KindId, reading: Reading, state: KindState, rev: number): Promise<boolean>
  /** Decides atomically, once for each token, where lines of a kind go: one counter lets a few through, the others wait. */
  place(kind: KindId, run: string, token: string, lines: Line[], whileMaking: 'wait' | 'direct'): Promise<Placement>
  /** The state that a placement would meet, without placing: cheap, for kinds that have a tool. */
  peek(kinds: KindId[]): Promise<{ version: number; alias: string }[]>
  addSeen(kind: KindId, lines: number): Promise<void>
  /** Takes away the kinds of one or two texts that have been in the nursery since before then, in milliseconds. Returns how many. */
  emptyNursery(before: number): Promise<number>
  dropPlaced(run: string, tokens: string[]): Promise<void>
  /** A line that gathered has been answered, whatever came of it. */
  gathered(kind: KindId, run: string, seq: number): Promise<void>
  gatheredCount(kind: KindId): Promise<number>
  waitingCount(kind: KindId): Promise<number>
  peekWaiting(kind: KindId, count: number): Promise<PeekedLine[]>
  /** Takes lines away that were peeked at, after jobs for them were added; those that somebody else took are passed over. `raise`: they count as let through to gather. */
  takeWaiting(kind: KindId, lines: PeekedLine[], raise: boolean): Promise<void>
  kindsWithWaiting(): Promise<KindId[]>
  /** Drops the lines of a run that wait for tools, and lets go of the places that its unanswered lines have among those that gather. Returns how many waited. */
  withdraw(run: string): Promise<number>
  /**
   * Ends a make, if this generation is still the one due, counts it with what it cost, and forgets what it worked with, unless it goes on later. False: somebody else
   * ended it. `costNano`: integer nano-dollars, null where that is not known.
   */
  settle(kind: KindId, generation: number, end: MakeEnd, costNano?: number | null): Promise<boolean>
  /** How a line's `called` answer by a version ended; more than 5 failures in the last 20 demote it. A line that is among these counts once. */
  noteCall(kind: KindId, version: number, line: { run: string; seq: number }, isFailure: boolean): Promise<{ demoted: boolean }>
  /** Sets which version serves (rollback, enable), or 0 (disable). */
  point(kind: KindId, version: number, reason: string): Promise<void>
  remember(shape: string, kind: KindId): Promise<void>
  recall(shapes: string[]): Promise<(KindId | null)[]>
  /** From now on requests of `from` are answered as `into`. Both must stand for themselves. */
  merge(from: KindId, into: KindId): Promise<void>
}

/** Kinds of one or two texts that are kept at the same time; the oldest make room. */
const MAX_NURSERY = 300
const MAX_DECISIONS = 20_000

export function openKinds(redis: RedisConnection, keys: RegistryKeys): Kinds {
  const create = openScript(redis, CREATE)
  const saveReading = openScript(redis, SAVE_READING)
  const place = openScript(redis, PLACE)
  const take = openScript(redis, TAKE)
  const withdraw = openScript(redis, WITHDRAW)
  const settle = openScript(redis, SETTLE)
  const noteCall = openScript(redis, NOTE_CALL)
  const point = openScript(redis, POINT)
  const evict = openScript(redis, EVICT)
  const gathered = openScript(redis, GATHERED)
  const recall = openScript(redis, RECALL)
  const merge = openScript(redis, MERGE)
  const changeKeys = (kind: string) => [keys.kind(kind), keys.kinds, keys.epoch, keys.changes]
  const names = new Map<string, KindId>()

  return {
    get: async (kind) => {
      const hash = await redis.hgetall(keys.kind(kind))
      return hash['id'] === undefined ? null : parseKind(hash)
    },
    list: async () => (await redis.smembers(keys.kinds)).toSorted(),
    count: () => redis.scard(keys.kinds),
    named: async (name, frame, sample, run = '') => {
      const id = kindIdOf(name, 'named', name, frame)
      if (names.has(id)) return id
      const reading = { ...readingOf(sample, run), pending: [], vocabulary: null }
      await create(changeKeys(id), [id, '', ...freshKind(id, { label: name, name, frame, state: 'gathering', reading })])
      names.set(id, id)
      return id
    },
    epoch: async () => Number((await redis.get(keys.epoch)) ?? 0),
    changedSince: (since) => redis.zrangebyscore(keys.changes, `(${since}`, '+inf'),
    createInNursery: async (text, frame, reading, epoch) => {
      const id = kindIdOf(text, 'text', text, frame)
      const label = labelOf(text)
      const made = await create(changeKeys(id), [id, epoch, ...freshKind(id, { label, name: '', frame, state: 'nursery', reading })])
      if (made === 0) return false
      // A kind that was there already may have left the nursery long ago.
      if (made === 1) {
        await redis.zadd(keys.nursery, Date.now(), id)
        await bound()
      }
      return id
    },
    saveReading: async (kind, reading, state, rev) => {
      const isSaved = (await saveReading(changeKeys(kind), [kind, rev, JSON.stringify(reading), state])) === 1
      if (isSaved && state !== 'nursery') await redis.zrem(keys.nursery, kind)
      return isSaved
    },
    place: async (kind, run, token, lines, whileMaking) => {
      const answer = await place(
        [
          keys.kind(kind),
          keys.waiting(kind),
          keys.examples(kind),
          keys.placed(run),
          keys.run(run),
          keys.waitingKinds,
          keys.changes,
          keys.epoch,
          keys.places(kind),
        ],
        [
          kind,
          token,
          whileMaking,
          MAX_GATHERING,
          run,
          ...lines.flatMap((line) => [line.seq, JSON.stringify({ run, line } satisfies WaitingLine)]),
        ],
      )
      return PlacementText.parse(JSON.parse(String(answer)))
    },
    peek: async (kinds) => {
      const found = await Promise.all(kinds.map((kind) => redis.hmget(keys.kind(kind), 'version', 'alias')))
      return found.map(([version, alias]) => ({ version: Number(version ?? 0), alias: alias ?? '' }))
    },
    addSeen: async (kind, lines) => {
      await redis.hincrby(keys.kind(kind), 'seen', lines)
    },
    emptyNursery: async (before) => {
      let gone = 0
      for (const id of await redis.zrangebyscore(keys.nursery, 0, `(${before}`)) if (await makeRoom(id)) gone++
      return gone
    },
    dropPlaced: async (run, tokens) => {
      if (tokens.length > 0) await redis.hdel(keys.placed(run), ...tokens)
    },
    gathered: async (kind, run, seq) => {
      await gathered([keys.kind(kind), keys.places(kind)], [placeOf(run, seq)])
    },
    gatheredCount: async (kind) => (await redis.hvals(keys.places(kind))).filter((state) => state === '1').length,
    waitingCount: (kind) => redis.llen(keys.waiting(kind)),
    peekWaiting: async (kind, count) => {
      const texts = await redis.lrange(keys.waiting(kind), 0, count - 1)
      return texts.map((stored) => ({ ...WaitingLine.parse(JSON.parse(stored)), stored }))
    },
    takeWaiting: async (kind, lines, raise) => {
      if (lines.length === 0) return
      const runs = [...new Set(lines.map(({ run }) => run))]
      await take(
        [keys.waiting(kind), keys.waitingKinds, keys.kind(kind), keys.places(kind), ...runs.map((run) => keys.run(run))],
        [kind, raise ? '1' : '0', ...lines.flatMap(({ run, line, stored }) => [runs.indexOf(run) + 1, placeOf(run, line.seq), stored])],
      )
    },
    kindsWithWaiting: () => redis.smembers(keys.waitingKinds),
    withdraw: async (run) => {
      let dropped = 0
      for (const kind of await redis.smembers(keys.kinds)) {
        const changed = [keys.kind(kind), keys.waiting(kind), keys.places(kind), keys.waitingKinds, keys.run(run)]
        dropped += Number(await withdraw(changed, [kind, `{"run":${JSON.stringify(run)},`, placeOf(run, '')]))
      }
      return dropped
    },
    settle: async (kind, generation, end, costNano = null) => {
      const values =
        end.end === 'published' ? [end.version, end.tool] : end.end === 'unworthy' ? [end.worthAt] : [end.reason, end.cooldownMs]
      return (
        (await settle(
          [
            keys.kind(kind),
            keys.places(kind),
            keys.epoch,
            keys.changes,
            keys.tools(kind),
            keys.makes,
            keys.makesUnderWay,
            ...keysOfMake(keys, kind, generation),
          ],
          [kind, generation, end.end, ...values, costNano ?? ''],
        )) === 1
      )
    },
    noteCall: async (kind, version, { run, seq }, isFailure) => ({
      demoted:
        (await noteCall(
          [keys.kind(kind), keys.calls(kind, version), keys.epoch, keys.changes],
          [kind, version, isFailure ? 1 : 0, hashOf(run, seq).slice(0, 16)],
        )) === 1,
    }),
    point: async (kind, version, reason) => {
      const state: KindState = version > 0 ? 'tooled' : 'declined'
      // Disabled by hand: no make until it is enabled again.
      // What a version did before it was set by hand no longer counts against it.
      const found = await point(
        [...changeKeys(kind), keys.tools(kind), keys.calls(kind, version)],
        [kind, version, state, reason, Number.MAX_SAFE_INTEGER],
      )
      if (found === 0) throw new Error(`there is no kind ${kind}`)
      if (found === 2) throw new Error(`there is no version ${version} of ${kind}`)
    },
    remember: async (shape, kind) => {
      await redis.hset(keys.decisions, shape, kind)
      if ((await redis.hlen(keys.decisions)) > MAX_DECISIONS) await redis.del(keys.decisions)
    },
    recall: async (shapes) => (shapes.length === 0 ? [] : ((await recall([keys.decisions, keys.kinds], shapes)) as (KindId | null)[])),
    merge: async (from, into) => {
      const isMerged = await merge([keys.kind(from), keys.kind(into), keys.epoch, keys.changes], [from, into])
      if (isMerged === 0) throw new Error(`${from} and ${into} must be two kinds of which neither is merged into another`)
    },
  }

  async function bound(): Promise<void> {
    const excess = (await redis.zcard(keys.nursery)) - MAX_NURSERY
    if (excess > 0) for (const id of await redis.zrange(keys.nursery, '0', String(excess - 1))) await makeRoom(id)
  }

  /** Lines that are on their way with the kind's id go direct, and leave nothing in its name. */
  async function makeRoom(id: KindId): Promise<boolean> {
    return (await evict([keys.nursery, keys.kinds, keys.epoch, keys.changes, ...keysWithoutTool(keys, id)], [id])) === 1
  }
}

function placeOf(run: string, seq: number | ''): string {
  return `${run}:${seq}`
}

/** The fields of a kind's record at its birth, as names and values in turn. */
function freshKind(
  id: KindId,
  values: { label: string; name: string; frame: string; state: KindState; reading: Reading },
): (string | number)[] {
  return Object.entries({
    id,
    ...values,
    reading: JSON.stringify(values.reading),
    version: 0,
    versions: 0,
    generation: 1,
    seen: 0,
    started: 0,
    allowed: MAX_GATHERING,
    cooldownUntil: 0,
    failures: 0,
    alias: '',
    reason: '',
    rev: 0,
  }).flat()
}

/** What two texts of the same words have in common when only their numbers differ: a decision about one holds for the other. */
export function shapeOf(frame: string, tokens: readonly string[]): string {
  return hashOf(frame, ...tokens.map((token) => (/^\p{N}+$/u.test(token) ? '0' : token))).slice(0, 24)
}
