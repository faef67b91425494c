import { type KindId, Tool } from '@toolwright/contracts'
import type { RedisConnection } from './redis.ts'
import { openDropExamples } from './drop-examples.ts'
import { FORGET_READING, FORGET_USAGE, GIVE_BACK, REMOVE_KIND } from './forget-scripts.ts'
import { keysWithoutTool, type RegistryKeys } from './keys.ts'
import { type Kind, labelOf, parseKind } from './kind.ts'
import { MakePlan, strikeCalledOff } from './makes.ts'
import { withoutRun } from './reading.ts'
import { openScript } from './script.ts'
import { GatheredText } from './tools.ts'

/** What `forget` found of a run. */
export interface ForgottenTexts {
  examples: number
  /** Other texts: those that tell a kind, that gathered, and a tool's usage examples. */
  texts: number
  /** Lines that waited for a tool. */
  waiting: number
  /** Kinds that nothing else was left of. */
  kinds: KindId[]
  /** Tool versions that were made from the run's examples: words of them may stand in their source, which stays. */
  tools: ToolOfTexts[]
}

export interface ToolOfTexts {
  kind: KindId
  version: number
  /** It has no usage example left, so that no model writes its arguments any more. */
  isCalledOff: boolean
  /** It is the version that serves still. */
  serves: boolean
}

/** Rounds of reading and setting, each after somebody else's change. */
const MAX_ROUNDS = 100
const FIELDS_AT_ONCE = 500

export function openForgetTexts(redis: RedisConnection, keys: RegistryKeys): (run: string) => Promise<ForgottenTexts> {
  const dropExamples = openDropExamples(redis, keys)
  const forgetUsage = openScript(redis, FORGET_USAGE)
  const forgetReading = openScript(redis, FORGET_READING)
  const giveBack = openScript(redis, GIVE_BACK)
  const removeKind = openScript(redis, REMOVE_KIND)
  const changeKeys = (kind: KindId) => [keys.kind(kind), keys.kinds, keys.epoch, keys.changes]

  const read = async (id: KindId): Promise<Kind | null> => {
    const hash = await redis.hgetall(keys.kind(id))
    return hash['id'] === undefined ? null : parseKind(hash)
  }

  /** Reads a kind and changes it, again until nobody came between. */
  const change = async <T>(id: KindId, attempt: (kind: Kind) => Promise<T | 'again'>): Promise<T | null> => {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const kind = await read(id)
      const done = kind === null ? null : await attempt(kind)
      if (done !== 'again') return done
    }
    throw new Error(`the kind ${id} kept changing while texts of it were forgotten`)
  }

  const makeKeys = (id: KindId, generation: number) => [
    keys.make(id, generation),
    keys.makeReplies(id, generation),
    keys.makeTries(id, generation),
  ]

  const dropGathered = async (id: KindId, run: string): Promise<number> => {
    const all = Object.entries(await redis.hgetall(keys.gatheredTexts(id)))
    const fields = all.filter(([, text]) => GatheredText.parse(JSON.parse(text)).run === run).map(([field]) => field)
    return fields.length === 0 ? 0 : await redis.hdel(keys.gatheredTexts(id), ...fields)
  }

  const dropWaiting = async (id: KindId, run: string): Promise<number> => {
    let dropped = 0
    for (const text of await redis.lrange(keys.waiting(id), 0, -1))
      if (text.startsWith(`{"run":${JSON.stringify(run)},`)) dropped += await redis.lrem(keys.waiting(id), 1, text)
    if ((await redis.llen(keys.waiting(id))) === 0) await redis.srem(keys.waitingKinds, id)
    return dropped
  }

  const dropUsage = async (id: KindId, run: string): Promise<{ texts: number; tools: ToolOfTexts[] }> => {
    let texts = 0
    const tools: ToolOfTexts[] = []
    for (const version of await redis.hkeys(keys.tools(id))) {
      const done = await change(id, async (kind) => {
        const stored = await redis.hget(keys.tools(id), version)
        if (stored === null) return null
        const raw = JSON.parse(stored) as object
        const tool = Tool.parse(raw)
        const usage = tool.usage.filter((one) => one.run !== run)
        const forgotten = tool.usage.length - usage.length
        const isCalledOff = tool.tiers.called && forgotten > 0 && usage.length === 0
        const tiers = isCalledOff ? { ...tool.tiers, called: false } : tool.tiers
        const reason = tiers.extracted || tiers.called ? '' : 'its usage examples were forgotten'
        if (forgotten > 0) {
          // What a newer version of this program wrote beside stays as it is.
          const without = JSON.stringify({ ...raw, usage, tiers })
          const isDone = await forgetUsage([...changeKeys(id), keys.tools(id)], [id, version, stored, without, reason])
          if (isDone === 0) return 'again'
        }
        return { forgotten, isFrom: tool.runs.includes(run), isCalledOff, serves: kind.version === tool.version && reason === '' }
      })
      if (done === null) continue
      texts += done.forgotten
      if (done.isFrom || done.forgotten > 0)
        tools.push({ kind: id, version: Number(version), isCalledOff: done.isCalledOff, serves: done.serves })
    }
    return { texts, tools }
  }

  const dropSamples = async (id: KindId, run: string): Promise<number> => {
    const forgotten = await change(id, async (kind) => {
      const left = withoutRun(kind.reading, run)
      if (left.forgotten.length === 0) return 0
      const isLabel = kind.name === '' && left.forgotten.some((text) => labelOf(text) === kind.label)
      const values = [id, kind.rev, JSON.stringify(left.reading), isLabel ? id : kind.label]
      return (await forgetReading(changeKeys(id), values)) === 1 ? left.forgotten.length : 'again'
    })
    return forgotten ?? 0
  }

  /** Whether the kind's make was called off, or places given back, does not matter to anybody here: it is right afterwards. */
  const dropFromMake = async (id: KindId, run: string, hadTexts: boolean): Promise<void> => {
    await change(id, async ({ generation }) => {
      // What earlier makes that were called off have left.
      for (let old = 1; old < generation; old++) await redis.unlink(...makeKeys(id, old))
      const plan = await redis.hget(keys.make(id, generation), 'plan')
      const isIn = hadTexts || (plan !== null && textsOf(MakePlan.parse(JSON.parse(plan))).some((one) => one.run === run))
      const scriptKeys = [...changeKeys(id), keys.places(id), ...makeKeys(id, generation)]
      const given = await giveBack(scriptKeys, [id, generation, `${run}:`, isIn ? 1 : 0])
      return given === -1 ? 'again' : null
    })
  }

  /** A kind without a name that had texts of the run alone, and no tool. A name stands for its kind, whoever gave it first. */
  const removeEmpty = async (id: KindId, aliases: ReadonlySet<string>): Promise<boolean> => {
    const kind = await read(id)
    if (kind === null || kind.name !== '' || aliases.has(id) || kind.reading.samples.length + kind.reading.pending.length > 0) return false
    const others = [keys.kinds, keys.epoch, keys.changes, keys.nursery, keys.waitingKinds]
    if ((await removeKind([...others, ...keysWithoutTool(keys, id)], [id, kind.rev])) === 0) return false
    await redis.unlink(...makeKeys(id, kind.generation))
    return true
  }

  const dropDecisions = async (kinds: ReadonlySet<string>): Promise<void> => {
    if (kinds.size === 0) return
    const all = Object.entries(await redis.hgetall(keys.decisions))
    const shapes = all.filter(([, kind]) => kinds.has(kind)).map(([shape]) => shape)
    for (let at = 0; at < shapes.length; at += FIELDS_AT_ONCE) await redis.hdel(keys.decisions, ...shapes.slice(at, at + FIELDS_AT_ONCE))
  }

  return async (run) => {
    const found: ForgottenTexts = { examples: 0, texts: 0, waiting: 0, kinds: [], tools: [] }
    const ids = (await redis.smembers(keys.kinds)).toSorted()
    const aliases = new Set<string>()
    for (const id of ids) aliases.add((await redis.hget(keys.kind(id), 'alias')) ?? '')
    for (const id of ids) {
      const examples = await dropExamples(id, (example) => example.run === run)
      const gathered = await dropGathered(id, run)
      const waiting = await dropWaiting(id, run)
      const usage = await dropUsage(id, run)
      const samples = await dropSamples(id, run)
      await dropFromMake(id, run, examples + gathered > 0)
      if (examples + gathered + waiting + samples > 0 && (await removeEmpty(id, aliases))) found.kinds.push(id)
      found.examples += examples
      found.texts += gathered + samples + usage.texts
      found.waiting += waiting
      found.tools.push(...usage.tools)
    }
    await dropDecisions(new Set(found.kinds))
    await strikeCalledOff(redis, keys)
    return found
  }
}

function textsOf(plan: MakePlan): { run: string }[] {
  return [...plan.shown, ...plan.heldBack, ...plan.foreign]
}
