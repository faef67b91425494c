import { Example, hashOf, type KindId, Tool } from '@toolwright/contracts'
import type { RedisConnection } from './redis.ts'
import { z } from 'zod'
import type { RegistryKeys } from './keys.ts'
import { MAX_GATHERING_RAISED, REFUSED_FOR_MAKE } from './kind.ts'
import { openScript } from './script.ts'

/** A kind's examples that are kept; further ones are not needed. */
const MAX_EXAMPLES = 100

/** A request that gathered, with one answer that nothing confirms. */
export const GatheredText = z.object({ text: z.string(), answer: z.string(), run: z.string().default('') })
export type GatheredText = z.infer<typeof GatheredText>

export interface Tools {
  /** One exact version. What is given may be some seconds old: usage examples go when their run is forgotten, all else of a version never changes. */
  get(kind: KindId, version: number): Promise<Tool>
  versions(kind: KindId): Promise<Tool[]>
  /**
   * Keeps examples, the first for each text, unless the kind is gone; an answer that a user gave takes the place of one that models or tools found. New texts are kept
   * while there are fewer than `room`. Returns how many examples the kind has, and how many of them its tool refused.
   */
  addExamples(kind: KindId, examples: Example[], room?: number): Promise<{ examples: number; refused: number }>
  examples(kind: KindId): Promise<Example[]>
  /** Labels that are trusted more take the place of others, or of none where the text gathered; one that a user gave is never overruled. */
  replaceExamples(kind: KindId, examples: Example[]): Promise<void>
  /** Takes away examples whose label nothing confirms; one that a user gave stays. */
  dropExamples(kind: KindId, texts: string[]): Promise<void>
  /**
   * Before a line that the kind's tool refused is asked for once more, to see whether its answer can be trusted: a few for each make, however many lines are refused at
   * once. Returns whether this one may be, and how many refused examples there are.
   */
  takeLabelTurn(kind: KindId): Promise<{ isTaken: boolean; refused: number }>
  /** The line could not be asked for after all. */
  giveBackLabelTurn(kind: KindId): Promise<void>
  /** Keeps a text that gathered, whether or not its answers agreed, for a make that has to find its labels itself. */
  addGatheredText(kind: KindId, one: GatheredText): Promise<void>
  gatheredTexts(kind: KindId): Promise<GatheredText[]>
  /** What makes have come to in this space: counted as they are settled. */
  makes(): Promise<{ published: number; declined: number; unworthy: number; priced: number; costNano: number }>
}

const TAKE_LABEL_TURN = `
local kind = redis.call('HMGET', KEYS[1], 'refused', 'refusedAsked')
local refused, asked = tonumber(kind[1] or '0'), tonumber(kind[2] or '0')
if refused >= ${REFUSED_FOR_MAKE} or asked >= ${MAX_GATHERING_RAISED} then return {0, refused} end
redis.call('HINCRBY', KEYS[1], 'refusedAsked', 1)
return {1, refused}
`

const IS_GIVEN = `
local function isGiven(example) return example and cjson.decode(example).source == 'given' end
`

const ADD_EXAMPLES = `${IS_GIVEN}
if redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0} end
local count, refused = redis.call('HLEN', KEYS[2]), tonumber(redis.call('HGET', KEYS[1], 'refused') or '0')
for index = 2, #ARGV, 3 do
  local field, example, isRefused = ARGV[index], ARGV[index + 1], ARGV[index + 2] == '1'
  local known = redis.call('HGET', KEYS[2], field)
  local refusedBy = known and cjson.decode(known).refusedBy
  if known and isGiven(example) and not isGiven(known) then
    -- What a version refused stays a reason to make it again.
    if refusedBy and not isRefused then example = string.sub(example, 1, -2) .. string.format(',"refusedBy":%d}', refusedBy) end
    redis.call('HSET', KEYS[2], field, example)
  elseif not known and count < tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[2], field, example)
    count = count + 1
  else
    isRefused = false
  end
  if isRefused and not refusedBy then refused = redis.call('HINCRBY', KEYS[1], 'refused', 1) end
end
return {count, refused}
`

const REPLACE_EXAMPLES = `${IS_GIVEN}
for index = 1, #ARGV, 2 do
  local field = ARGV[index]
  local known = redis.call('HGET', KEYS[1], field)
  local isKept = known and not isGiven(known) or not known and redis.call('HEXISTS', KEYS[2], field) == 1
  if isKept then redis.call('HSET', KEYS[1], field, ARGV[index + 1]) end
end
return 1
`

const DROP_EXAMPLES = `${IS_GIVEN}
for _, field in ipairs(ARGV) do
  if not isGiven(redis.call('HGET', KEYS[1], field)) then redis.call('HDEL', KEYS[1], field) end
end
return 1
`

const ADD_GATHERED_TEXT = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2])
`

/** How long a version is taken as it was read. */
const TOOL_AGE_MS = 5_000

export function openTools(redis: RedisConnection, keys: RegistryKeys): Tools {
  const takeLabelTurn = openScript(redis, TAKE_LABEL_TURN)
  const addExamples = openScript(redis, ADD_EXAMPLES)
  const replaceExamples = openScript(redis, REPLACE_EXAMPLES)
  const dropExamples = openScript(redis, DROP_EXAMPLES)
  const addGatheredText = openScript(redis, ADD_GATHERED_TEXT)
  const fetched = new Map<string, { at: number; text: string; tool: Tool }>()

  return {
    get: async (kind, version) => {
      const name = `${kind}@${version}`
      const known = fetched.get(name)
      const at = performance.now()
      if (known !== undefined && at - known.at < TOOL_AGE_MS) return known.tool
      const text = await redis.hget(keys.tools(kind), String(version))
      if (text === null) throw new Error(`the tool ${name} is not in the registry`)
      const tool = known?.text === text ? known.tool : Tool.parse(JSON.parse(text))
      if (fetched.size >= 1_000) fetched.clear()
      fetched.set(name, { at, text, tool })
      return tool
    },
    versions: async (kind) => {
      const texts = await redis.hvals(keys.tools(kind))
      return texts.map((text) => Tool.parse(JSON.parse(text))).toSorted((a, b) => a.version - b.version)
    },
    addExamples: async (kind, examples, room = MAX_EXAMPLES) => {
      const values = examples.flatMap((one) => [fieldOf(one.text), JSON.stringify(one), one.refusedBy === undefined ? 0 : 1])
      const [count, refused] = (await addExamples([keys.kind(kind), keys.examples(kind)], [room, ...values])) as [number, number]
      return { examples: count, refused }
    },
    examples: async (kind) => (await readExamples(redis, keys, kind)).toSorted((a, b) => a.at - b.at || (a.text < b.text ? -1 : 1)),
    replaceExamples: async (kind, examples) => {
      const values = examples.flatMap((one) => [fieldOf(one.text), JSON.stringify(one)])
      await replaceExamples([keys.examples(kind), keys.gatheredTexts(kind)], values)
    },
    dropExamples: async (kind, texts) => {
      await dropExamples([keys.examples(kind)], texts.map(fieldOf))
    },
    takeLabelTurn: async (kind) => {
      const [isTaken, refused] = (await takeLabelTurn([keys.kind(kind)], [])) as [number, number]
      return { isTaken: isTaken === 1, refused }
    },
    giveBackLabelTurn: async (kind) => {
      await redis.hincrby(keys.kind(kind), 'refusedAsked', -1)
    },
    addGatheredText: async (kind, one) => {
      await addGatheredText([keys.kind(kind), keys.gatheredTexts(kind)], [fieldOf(one.text), JSON.stringify(one)])
    },
    gatheredTexts: async (kind) => {
      const all = await redis.hgetall(keys.gatheredTexts(kind))
      return Object.keys(all)
        .toSorted()
        .map((field) => GatheredText.parse(JSON.parse(all[field]!)))
    },
    makes: async () => {
      const hash = await redis.hgetall(keys.makes)
      const value = (field: string) => Number(hash[field] ?? 0)
      return {
        published: value('published'),
        declined: value('declined'),
        unworthy: value('unworthy'),
        priced: value('priced'),
        costNano: value('cost'),
      }
    },
  }
}

/** A kind's examples, in no order. */
export async function readExamples(redis: RedisConnection, keys: RegistryKeys, kind: KindId): Promise<Example[]> {
  return (await redis.hvals(keys.examples(kind))).map((text) => Example.parse(JSON.parse(text)))
}

/** The field of an example, or of a text that gathered: one for each text. */
export function fieldOf(text: string): string {
  return hashOf(text).slice(0, 24)
}
