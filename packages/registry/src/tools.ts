import { Example, hashOf, type KindId, Tool } from '@toolwright/contracts'
import type { Redis } from 'ioredis'
import type { RegistryKeys } from './keys.ts'

/** A kind's examples that are kept; further ones are not needed. */
const MAX_EXAMPLES = 100

export interface Tools {
  /** One exact version; it never changes, so it is fetched once per process. */
  get(kind: KindId, version: number): Promise<Tool>
  versions(kind: KindId): Promise<Tool[]>
  /** Keeps an example, the first for its text. Returns how many the kind has, and how many of them its tool refused. */
  addExample(kind: KindId, example: Example): Promise<{ examples: number; refused: number }>
  examples(kind: KindId): Promise<Example[]>
  /** A label was contradicted and asked for again: the new one takes its place. */
  replaceExample(kind: KindId, example: Example): Promise<void>
  dropExample(kind: KindId, text: string): Promise<void>
  /** What makes have come to in this space. */
  noteMake(result: 'published' | 'declined' | 'unworthy', costNano: number | null): Promise<void>
  makes(): Promise<{ published: number; declined: number; unworthy: number; priced: number; costNano: number }>
}

export function openTools(redis: Redis, keys: RegistryKeys): Tools {
  const fetched = new Map<string, Tool>()

  return {
    get: async (kind, version) => {
      const name = `${kind}@${version}`
      const known = fetched.get(name)
      if (known !== undefined) return known
      const text = await redis.hget(keys.tools(kind), String(version))
      if (text === null) throw new Error(`the tool ${name} is not in the registry`)
      const tool = Tool.parse(JSON.parse(text))
      if (fetched.size >= 1_000) fetched.clear()
      fetched.set(name, tool)
      return tool
    },
    versions: async (kind) => {
      const texts = await redis.hvals(keys.tools(kind))
      return texts.map((text) => Tool.parse(JSON.parse(text))).toSorted((a, b) => a.version - b.version)
    },
    addExample: async (kind, example) => {
      const key = keys.examples(kind)
      if ((await redis.hlen(key)) >= MAX_EXAMPLES) return { examples: MAX_EXAMPLES, refused: await refusedOf(kind) }
      const isNew = await redis.hsetnx(key, fieldOf(example.text), JSON.stringify(example))
      if (isNew === 1 && example.refusedBy !== undefined) await redis.hincrby(keys.kind(kind), 'refused', 1)
      return { examples: await redis.hlen(key), refused: await refusedOf(kind) }
    },
    examples: async (kind) => {
      const texts = await redis.hvals(keys.examples(kind))
      return texts.map((text) => Example.parse(JSON.parse(text))).toSorted((a, b) => a.at - b.at || (a.text < b.text ? -1 : 1))
    },
    replaceExample: async (kind, example) => {
      await redis.hset(keys.examples(kind), fieldOf(example.text), JSON.stringify(example))
    },
    dropExample: async (kind, text) => {
      await redis.hdel(keys.examples(kind), fieldOf(text))
    },
    noteMake: async (result, costNano) => {
      const multi = redis.multi().hincrby(keys.makes, result, 1)
      if (costNano !== null && result !== 'unworthy') multi.hincrby(keys.makes, 'priced', 1).hincrby(keys.makes, 'cost', costNano)
      await multi.exec()
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

  async function refusedOf(kind: KindId): Promise<number> {
    return Number((await redis.hget(keys.kind(kind), 'refused')) ?? 0)
  }
}

/** An example's field: one for each text. */
function fieldOf(text: string): string {
  return hashOf(text).slice(0, 24)
}
