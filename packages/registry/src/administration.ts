import { hashOf, type KindId, Example, Tool } from '@toolwright/contracts'
import type { Redis } from 'ioredis'
import { registryKeys } from './keys.ts'
import { type Kind, MAX_GATHERING, type Reading } from './kind.ts'
import { openScript } from './script.ts'

/** What a person changes by hand; no process that serves requests needs it. */
export interface Administration {
  /** Takes the alias away that merging gave a kind. */
  unmerge(kind: KindId): Promise<void>
  /**
   * Publishes a tool that was made elsewhere: as the kind's next version, which serves from now on, the kind being made where it is not there. A tool whose source and
   * schema the kind has already gets no new version; that one serves then.
   */
  importTool(kind: ImportedKind, tool: Omit<Tool, 'version'>): Promise<{ version: number; isNew: boolean }>
  /** Deletes the examples that came from a run, in all kinds, and its lines that wait. Returns how many examples. */
  forgetTexts(run: string): Promise<number>
  /** Deletes every key whose name begins with `prefix`, such as all of a space. Returns how many. */
  forgetKeys(prefix: string): Promise<number>
}

/** What a kind must be known by, so that requests find it. */
export type ImportedKind = Pick<Kind, 'id' | 'label' | 'name' | 'frame'> & { reading: Reading }

const UNMERGE = `
redis.call('HSET', KEYS[1], 'alias', '')
redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[2]), ARGV[1])
return 1
`

const IMPORT = `
local versions = redis.call('HGET', KEYS[1], 'versions')
if tonumber(versions or '0') ~= tonumber(ARGV[2]) then return 0 end
if not versions then
  for index = 6, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1]) end
  redis.call('SADD', KEYS[2], ARGV[1])
end
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[5], ARGV[3], ARGV[4])
  redis.call('HSET', KEYS[1], 'versions', ARGV[3])
end
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'state', 'tooled', 'reason', ARGV[5], 'failures', 0)
redis.call('ZADD', KEYS[4], redis.call('INCR', KEYS[3]), ARGV[1])
return 1
`

/** Rounds of reading and setting, each after somebody else's publication. */
const MAX_ROUNDS = 20
const KEYS_AT_ONCE = 500

/** Over a connection that stays the caller's to close. */
export function openAdministration({ redis, keyPrefix }: { redis: Redis; keyPrefix: string }): Administration {
  const keys = registryKeys(keyPrefix)
  const unmerge = openScript(redis, UNMERGE)
  const importScript = openScript(redis, IMPORT)

  return {
    unmerge: async (kind) => {
      await unmerge([keys.kind(kind), keys.epoch, keys.changes], [kind])
    },
    importTool: async (kind, tool) => {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const versions = Number((await redis.hget(keys.kind(kind.id), 'versions')) ?? 0)
        const known = (await redis.hvals(keys.tools(kind.id))).map((text) => Tool.parse(JSON.parse(text)))
        const same = known.find((one) => one.sha256 === tool.sha256 && JSON.stringify(one.schema) === JSON.stringify(tool.schema))
        const version = same?.version ?? versions + 1
        const text = same === undefined ? JSON.stringify({ ...tool, kind: kind.id, version } satisfies Tool) : ''
        const isDone = await importScript(
          [keys.kind(kind.id), keys.kinds, keys.epoch, keys.changes, keys.tools(kind.id)],
          [kind.id, versions, version, text, 'imported', ...fieldsOf(kind)],
        )
        if (isDone === 1) return { version, isNew: same === undefined }
      }
      throw new Error(`the tools of ${kind.id} kept changing while one was imported`)
    },
    forgetTexts: async (run) => {
      let forgotten = 0
      for (const kind of await redis.smembers(keys.kinds)) {
        for (const text of await redis.hvals(keys.examples(kind))) {
          const example = Example.parse(JSON.parse(text))
          if (example.run !== run) continue
          forgotten += await redis.hdel(keys.examples(kind), hashOf(example.text).slice(0, 24))
        }
        for (const text of await redis.lrange(keys.waiting(kind), 0, -1)) {
          if (text.startsWith(`{"run":${JSON.stringify(run)},`)) await redis.lrem(keys.waiting(kind), 1, text)
        }
        if ((await redis.llen(keys.waiting(kind))) === 0) await redis.srem(keys.waitingKinds, kind)
      }
      return forgotten
    },
    forgetKeys: async (prefix) => {
      let forgotten = 0
      // Glob signs in a prefix stand for themselves.
      const pattern = `${prefix.replaceAll(/[\\*?[\]^-]/g, '\\$&')}*`
      for (let cursor = '0'; ;) {
        const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', KEYS_AT_ONCE)
        if (found.length > 0) forgotten += await redis.unlink(...found)
        if (next === '0') return forgotten
        cursor = next
      }
    },
  }
}

function fieldsOf({ id, label, name, frame, reading }: ImportedKind): (string | number)[] {
  const created = { generation: 1, seen: 0, started: 0, allowed: MAX_GATHERING, cooldownUntil: 0, alias: '', rev: 0, versions: 0 }
  return Object.entries({ id, label, name, frame, ...created, reading: JSON.stringify(reading) }).flat()
}
