import { type KindId, Tool } from '@toolwright/contracts'
import { mastersOf, type RedisConnection } from './redis.ts'
import { type ForgottenTexts, openForgetTexts } from './forget-texts.ts'
import { registryKeys } from './keys.ts'
import { type Kind, MAX_GATHERING, type Reading } from './kind.ts'
import { openScript } from './script.ts'

/** What a person changes by hand; no process that serves requests needs it. */
export interface Administration {
  /** Takes the alias away that merging gave a kind. */
  unmerge(kind: KindId): Promise<void>
  /**
   * Publishes a tool that was made elsewhere: as the kind's next version, which serves from now on, the kind being made where it is not there. A tool whose source,
   * schema and tiers the kind has already gets no new version; that one serves then.
   */
  importTool(kind: ImportedKind, tool: Omit<Tool, 'version'>): Promise<{ version: number; isNew: boolean }>
  /**
   * Deletes every text that came from a run, in all kinds, tools and makes, and its lines that wait. A make that worked with one of them is called off, and begins again
   * without; a kind that nothing else is left of goes. The run itself must have come to rest, or its workers bring new ones.
   */
  forgetTexts(run: string): Promise<ForgottenTexts>
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
export function openAdministration({ redis, keyPrefix }: { redis: RedisConnection; keyPrefix: string }): Administration {
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
        const isSame = (one: Tool) =>
          one.sha256 === tool.sha256 && JSON.stringify([one.schema, one.tiers]) === JSON.stringify([tool.schema, tool.tiers])
        const same = known.find(isSame)
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
    forgetTexts: openForgetTexts(redis, keys),
    forgetKeys: async (prefix) => {
      let forgotten = 0
      // Glob signs in a prefix stand for themselves.
      const pattern = `${prefix.replaceAll(/[\\*?[\]^-]/g, '\\$&')}*`
      for (const master of await mastersOf(redis)) {
        let cursor = '0'
        do {
          const [next, found] = await master.scan(cursor, 'MATCH', pattern, 'COUNT', KEYS_AT_ONCE)
          if (found.length > 0) forgotten += await redis.unlink(...found)
          cursor = next
        } while (cursor !== '0')
      }
      return forgotten
    },
  }
}

function fieldsOf({ id, label, name, frame, reading }: ImportedKind): (string | number)[] {
  const created = { generation: 1, seen: 0, started: 0, allowed: MAX_GATHERING, cooldownUntil: 0, alias: '', rev: 0, versions: 0 }
  return Object.entries({ id, label, name, frame, ...created, reading: JSON.stringify(reading) }).flat()
}
