import { hashOf, type KindId, kindIdOf, Line } from '@toolwright/contracts'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { RegistryKeys } from './keys.ts'
import { openScript } from './script.ts'

/** Lines of a kind that may go direct, in flight or done, before its make is settled. */
export const MAX_GATHERING = 10
/** As far as that counter is raised, one for one, where answers did not become examples. */
export const MAX_GATHERING_RAISED = 20
/** Examples that start a make: 3 to propose from, 3 held back (LATM, arXiv 2305.17126, section 3.1). */
export const EXAMPLES_FOR_MAKE = 6
/** Refused lines with a trusted answer that start a new make. */
export const REFUSED_FOR_MAKE = 6

/**
 * nursery: one or two texts, no kind yet. gathering: examples are collected, a make is due. tooled: a tool serves. declined: no tool could be made, or the
 * nursery was full. unworthy: a tool would not pay yet. demoted: the tool failed too often.
 */
export const KindState = z.enum(['nursery', 'gathering', 'tooled', 'declined', 'unworthy', 'demoted'])
export type KindState = z.infer<typeof KindState>

/** How a kind's lines read: templates in use, and texts that belong to the kind but fit none of them yet. */
export const Reading = z.object({
  templates: z.array(z.object({ tokens: z.array(z.string().nullable()), lines: z.int() })),
  pending: z.array(z.string()),
  /** A few texts, to show to the judge. */
  samples: z.array(z.string()),
  members: z.int().nonnegative(),
  /** For kinds nearly without words: every token that their lines have used so far, and how many lines in a row brought no new one. Null for the others. */
  vocabulary: z
    .object({ tokens: z.array(z.string()), steadyLines: z.int().nonnegative() })
    .nullable()
    .default(null),
})
export type Reading = z.infer<typeof Reading>

export interface Kind {
  id: KindId
  label: string
  /** The name the user gave, or ''. */
  name: string
  frame: string
  state: KindState
  /** The version that serves, 0 for none. */
  version: number
  /** How many versions were ever published. */
  versions: number
  /** Which make is due or under way. */
  generation: number
  seen: number
  /** Lines let through to gather, of at most `allowed`. */
  started: number
  allowed: number
  cooldownUntil: number
  failures: number
  /** The kind that this one was merged into, or ''. */
  alias: string
  reason: string
  rev: number
  reading: Reading
}

/** Where lines of one kind go. `gather`: direct, as examples of the kind. Indexes are into the lines that were placed. */
export type Placement =
  | { go: 'tool'; version: number }
  | { go: 'alias'; kind: KindId }
  | { go: 'split'; gather: number[]; direct: number[]; waiting: number; generation: number; makes: boolean }

export const WaitingLine = z.object({ run: z.string(), line: Line })
export type WaitingLine = z.infer<typeof WaitingLine>

/** A waiting line as it is stored, by which it can be taken away. */
export type PeekedLine = WaitingLine & { stored: string }

export type MakeEnd =
  | { end: 'published'; version: number; tool: string }
  | { end: 'declined'; reason: string; cooldownMs: number }
  | { end: 'unworthy'; worthAt: number }

export interface Kinds {
  get(kind: string): Promise<Kind | null>
  list(): Promise<KindId[]>
  /** The kind that a name (with a frame) stands for; made at first sight. */
  named(name: string, frame: string, sample: string): Promise<KindId>
  /** The number of the last change to any kind's reading or state, and the kinds changed after `since`. */
  epoch(): Promise<number>
  changedSince(since: number): Promise<KindId[]>
  /** Puts a text that fits nothing into the nursery, unless any kind changed since `epoch`; then false, and the caller looks again. */
  createInNursery(text: string, frame: string, reading: Reading, epoch: number): Promise<KindId | false>
  /** Compare and set a kind's reading (and state at its birth) on its revision. */
  saveReading(kind: KindId, reading: Reading, state: KindState, rev: number): Promise<boolean>
  /** Decides atomically, once for each token, where lines of a kind go: one counter lets a few through, the others wait. */
  place(kind: KindId, run: string, token: string, lines: Line[], whileMaking: 'wait' | 'direct'): Promise<Placement>
  /** The state that a placement would meet, without placing: cheap, for kinds that have a tool. */
  peek(kinds: KindId[]): Promise<{ version: number; alias: string }[]>
  addSeen(kind: KindId, lines: number): Promise<void>
  dropPlaced(run: string, tokens: string[]): Promise<void>
  /** A line that gathered has been answered, whatever came of it. */
  gathered(kind: KindId, run: string, seq: number): Promise<void>
  gatheredCount(kind: KindId): Promise<number>
  waitingCount(kind: KindId): Promise<number>
  peekWaiting(kind: KindId, count: number): Promise<PeekedLine[]>
  /** Takes lines away that were peeked at, after jobs for them were added; those that somebody else took are passed over. `raise`: they count as let through to gather. */
  takeWaiting(kind: KindId, lines: PeekedLine[], raise: boolean): Promise<void>
  kindsWithWaiting(): Promise<KindId[]>
  /** Ends a make, if this generation is still the one due. False: somebody else ended it. */
  settle(kind: KindId, generation: number, end: MakeEnd): Promise<boolean>
  /** How the last 20 `called` answers of a version ended; more than 5 failures demote it. */
  noteCall(kind: KindId, version: number, isFailure: boolean): Promise<{ demoted: boolean }>
  /** Sets which version serves (rollback, enable), or 0 (disable). */
  point(kind: KindId, version: number, reason: string): Promise<void>
  remember(shape: string, kind: KindId): Promise<void>
  recall(shapes: string[]): Promise<(KindId | null)[]>
  merge(from: KindId, into: KindId): Promise<void>
}

/** Kinds of one or two texts that are kept at the same time; the oldest make room. */
const MAX_NURSERY = 300
const MAX_DECISIONS = 20_000

const BUMP = `
local function bump(kindsChanges, epochKey, id)
  local epoch = redis.call('INCR', epochKey)
  redis.call('ZADD', kindsChanges, epoch, id)
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`

const CREATE = `${BUMP}
if ARGV[2] ~= '' and tonumber(redis.call('GET', KEYS[3]) or '0') ~= tonumber(ARGV[2]) then return 0 end
if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return 2 end
for index = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1]) end
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

const SAVE_READING = `${BUMP}
if redis.call('HGET', KEYS[1], 'rev') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'reading', ARGV[3], 'state', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'rev', 1)
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

const PLACE = `${BUMP}
local earlier = redis.call('HGET', KEYS[4], ARGV[2])
if earlier then return earlier end
local kind = redis.call('HMGET', KEYS[1], 'alias', 'version', 'state', 'cooldownUntil', 'started', 'allowed', 'generation', 'worthAt')
if kind[1] and kind[1] ~= '' then return cjson.encode({go = 'alias', kind = kind[1]}) end
local count = #ARGV - 4
local seen = redis.call('HINCRBY', KEYS[1], 'seen', count)
if tonumber(kind[2]) > 0 then return cjson.encode({go = 'tool', version = tonumber(kind[2])}) end
local state, started, allowed = kind[3], tonumber(kind[5]), tonumber(kind[6])
local function settled(direct)
  local list = {}
  for index = 1, count do list[index] = index - 1 end
  return cjson.encode({go = 'split', gather = {}, direct = direct and list or {}, waiting = 0, generation = tonumber(kind[7]), makes = false})
end
local answer
if state == 'declined' and now() < tonumber(kind[4] or '0') then
  answer = settled(true)
elseif state == 'unworthy' and seen < tonumber(kind[8] or '0') then
  answer = settled(true)
else
  if state == 'declined' or state == 'unworthy' then
    state = 'gathering'
    started, allowed = 0, tonumber(ARGV[4])
    redis.call('HSET', KEYS[1], 'state', state, 'allowed', allowed)
    bump(KEYS[7], KEYS[8], ARGV[1])
  end
  local room = allowed - started
  if state ~= 'nursery' and redis.call('HLEN', KEYS[3]) >= ${EXAMPLES_FOR_MAKE} then room = 0 end
  if state == 'nursery' then room = count end
  local gather, direct, waiting = {}, {}, 0
  local isPatient = ARGV[3] == 'wait' and state ~= 'demoted'
  for index = 1, count do
    if room > 0 then
      gather[#gather + 1] = index - 1
      room = room - 1
    elseif isPatient then
      redis.call('RPUSH', KEYS[2], ARGV[index + 4])
      waiting = waiting + 1
    else
      direct[#direct + 1] = index - 1
    end
  end
  redis.call('HSET', KEYS[1], 'started', started + #gather)
  if waiting > 0 then
    redis.call('HINCRBY', KEYS[5], 'waiting', waiting)
    redis.call('SADD', KEYS[6], ARGV[1])
  end
  answer = cjson.encode({go = 'split', gather = gather, direct = direct, waiting = waiting, generation = tonumber(kind[7]), makes = state ~= 'nursery'})
end
redis.call('HSET', KEYS[4], ARGV[2], answer)
return answer
`

const TAKE = `
local taken, perRun = 0, {}
for index = 3, #ARGV, 2 do
  if redis.call('LREM', KEYS[1], 1, ARGV[index + 1]) == 1 then
    taken = taken + 1
    local run = tonumber(ARGV[index])
    perRun[run] = (perRun[run] or 0) + 1
  end
end
if redis.call('LLEN', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
if ARGV[2] == '1' and taken > 0 then
  redis.call('HINCRBY', KEYS[3], 'started', taken)
  local kind = redis.call('HMGET', KEYS[3], 'started', 'allowed')
  if tonumber(kind[1]) > tonumber(kind[2]) then redis.call('HSET', KEYS[3], 'allowed', kind[1]) end
end
for run, count in pairs(perRun) do redis.call('HINCRBY', KEYS[run + 3], 'waiting', -count) end
return taken
`

const SETTLE = `${BUMP}
local kind = redis.call('HMGET', KEYS[1], 'generation', 'versions', 'version', 'failures')
if kind[1] ~= ARGV[2] then return 0 end
local fields = {'started', 0, 'allowed', ${MAX_GATHERING}, 'refused', 0, 'refusedAsked', 0}
local function set(name, value) fields[#fields + 1] = name fields[#fields + 1] = value end
if ARGV[3] == 'published' then
  if tonumber(kind[2]) + 1 ~= tonumber(ARGV[4]) then return 0 end
  redis.call('HSET', KEYS[5], ARGV[4], ARGV[5])
  set('version', ARGV[4]) set('versions', ARGV[4]) set('state', 'tooled') set('failures', 0) set('reason', '')
elseif ARGV[3] == 'declined' then
  local failures = tonumber(kind[4] or '0') + 1
  set('failures', failures) set('reason', ARGV[4])
  set('cooldownUntil', string.format('%d', now() + tonumber(ARGV[5]) * 2 ^ math.min(failures - 1, 8)))
  if tonumber(kind[3]) == 0 then set('state', 'declined') end
else
  set('worthAt', ARGV[4])
  if tonumber(kind[3]) == 0 then set('state', 'unworthy') end
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('DEL', KEYS[2])
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

const NOTE_CALL = `${BUMP}
redis.call('LPUSH', KEYS[2], ARGV[3])
redis.call('LTRIM', KEYS[2], 0, 19)
local failures = 0
for _, one in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do failures = failures + tonumber(one) end
if failures <= 5 or redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'version', 0, 'state', 'demoted', 'reason', failures .. ' of its last 20 called answers failed')
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

const POINT = `${BUMP}
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[2] ~= '0' and redis.call('HEXISTS', KEYS[5], ARGV[2]) == 0 then return 2 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'state', ARGV[3], 'reason', ARGV[4])
-- A make under way was begun for another state of things: its end no longer counts.
redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('DEL', KEYS[6])
if ARGV[3] == 'declined' then redis.call('HSET', KEYS[1], 'cooldownUntil', ARGV[5]) end
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

export function openKinds(redis: Redis, keys: RegistryKeys): Kinds {
  const create = openScript(redis, CREATE)
  const saveReading = openScript(redis, SAVE_READING)
  const place = openScript(redis, PLACE)
  const take = openScript(redis, TAKE)
  const settle = openScript(redis, SETTLE)
  const noteCall = openScript(redis, NOTE_CALL)
  const point = openScript(redis, POINT)
  const changeKeys = (kind: string) => [keys.kind(kind), keys.kinds, keys.epoch, keys.changes]
  const gatheredKey = (kind: string) => `${keys.kind(kind)}:gathered`
  const names = new Map<string, KindId>()

  return {
    get: async (kind) => {
      const hash = await redis.hgetall(keys.kind(kind))
      return hash['id'] === undefined ? null : parseKind(hash)
    },
    list: async () => (await redis.smembers(keys.kinds)).toSorted(),
    named: async (name, frame, sample) => {
      const id = kindIdOf(name, 'named', name, frame)
      if (names.has(id)) return id
      const reading = { templates: [], pending: [], samples: [sample], members: 1, vocabulary: null }
      await create(changeKeys(id), [id, '', ...freshKind(id, { label: name, name, frame, state: 'gathering', reading })])
      names.set(id, id)
      return id
    },
    epoch: async () => Number((await redis.get(keys.epoch)) ?? 0),
    changedSince: (since) => redis.zrangebyscore(keys.changes, `(${since}`, '+inf'),
    createInNursery: async (text, frame, reading, epoch) => {
      const id = kindIdOf(text, 'text', text, frame)
      const label = text.replaceAll(/\s+/g, ' ').slice(0, 60)
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
        ],
        [kind, token, whileMaking, MAX_GATHERING, ...lines.map((line) => JSON.stringify({ run, line } satisfies WaitingLine))],
      )
      return PlacementText.parse(JSON.parse(String(answer)))
    },
    peek: async (kinds) => {
      const pipeline = redis.pipeline()
      for (const kind of kinds) pipeline.hmget(keys.kind(kind), 'version', 'alias')
      const replies = await pipeline.exec()
      return kinds.map((_, index) => {
        const [error, reply] = replies![index]!
        if (error !== null) throw error
        const [version, alias] = reply as [string | null, string | null]
        return { version: Number(version ?? 0), alias: alias ?? '' }
      })
    },
    addSeen: async (kind, lines) => {
      await redis.hincrby(keys.kind(kind), 'seen', lines)
    },
    dropPlaced: async (run, tokens) => {
      if (tokens.length > 0) await redis.hdel(keys.placed(run), ...tokens)
    },
    gathered: async (kind, run, seq) => {
      await redis.sadd(gatheredKey(kind), `${run}:${seq}`)
    },
    gatheredCount: (kind) => redis.scard(gatheredKey(kind)),
    waitingCount: (kind) => redis.llen(keys.waiting(kind)),
    peekWaiting: async (kind, count) => {
      const texts = await redis.lrange(keys.waiting(kind), 0, count - 1)
      return texts.map((stored) => ({ ...WaitingLine.parse(JSON.parse(stored)), stored }))
    },
    takeWaiting: async (kind, lines, raise) => {
      if (lines.length === 0) return
      const runs = [...new Set(lines.map(({ run }) => run))]
      await take(
        [keys.waiting(kind), keys.waitingKinds, keys.kind(kind), ...runs.map((run) => keys.run(run))],
        [kind, raise ? '1' : '0', ...lines.flatMap(({ run, stored }) => [runs.indexOf(run) + 1, stored])],
      )
    },
    kindsWithWaiting: () => redis.smembers(keys.waitingKinds),
    settle: async (kind, generation, end) => {
      const values =
        end.end === 'published' ? [end.version, end.tool] : end.end === 'declined' ? [end.reason, end.cooldownMs] : [end.worthAt]
      return (
        (await settle(
          [keys.kind(kind), gatheredKey(kind), keys.epoch, keys.changes, keys.tools(kind)],
          [kind, generation, end.end, ...values],
        )) === 1
      )
    },
    noteCall: async (kind, version, isFailure) => ({
      demoted:
        (await noteCall([keys.kind(kind), keys.calls(kind, version), keys.epoch, keys.changes], [kind, version, isFailure ? 1 : 0])) === 1,
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
    recall: async (shapes) => (shapes.length === 0 ? [] : redis.hmget(keys.decisions, ...shapes)),
    merge: async (from, into) => {
      await redis.hset(keys.kind(from), 'alias', into)
      const epoch = await redis.incr(keys.epoch)
      await redis.zadd(keys.changes, epoch, from)
    },
  }

  async function bound(): Promise<void> {
    const excess = (await redis.zcard(keys.nursery)) - MAX_NURSERY
    if (excess <= 0) return
    for (const id of await redis.zrange(keys.nursery, '0', String(excess - 1))) {
      const epoch = await redis.incr(keys.epoch)
      await redis
        .multi()
        .hset(keys.kind(id), 'state', 'declined', 'reason', 'the nursery was full', 'cooldownUntil', '0')
        .zadd(keys.changes, epoch, id)
        .zrem(keys.nursery, id)
        .exec()
    }
  }
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

// Lua writes an empty list as an empty object.
const Indexes = z.union([z.array(z.int()), z.object({}).transform((): number[] => [])])
const PlacementText = z.discriminatedUnion('go', [
  z.object({ go: z.literal('tool'), version: z.int() }),
  z.object({ go: z.literal('alias'), kind: z.string() }),
  z.object({ go: z.literal('split'), gather: Indexes, direct: Indexes, waiting: z.int(), generation: z.int(), makes: z.boolean() }),
])

function parseKind(hash: Record<string, string>): Kind {
  const value = (field: string) => Number(hash[field] ?? 0)
  return {
    id: hash['id']!,
    label: hash['label'] ?? '',
    name: hash['name'] ?? '',
    frame: hash['frame'] ?? '',
    state: KindState.parse(hash['state']),
    version: value('version'),
    versions: value('versions'),
    generation: value('generation'),
    seen: value('seen'),
    started: value('started'),
    allowed: value('allowed'),
    cooldownUntil: value('cooldownUntil'),
    failures: value('failures'),
    alias: hash['alias'] ?? '',
    reason: hash['reason'] ?? '',
    rev: value('rev'),
    reading: Reading.parse(JSON.parse(hash['reading'] ?? '{"templates":[],"pending":[],"samples":[],"members":0,"vocabulary":null}')),
  }
}
