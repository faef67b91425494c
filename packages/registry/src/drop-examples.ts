import type { Example, KindId } from '@toolwright/contracts'
import type { RedisConnection } from './redis.ts'
import type { RegistryKeys } from './keys.ts'
import { openScript } from './script.ts'
import { fieldOf, readExamples } from './tools.ts'

/** Takes away a kind's examples that are meant. Those that its tool had refused count no longer towards a new make. Returns how many. */
export type DropExamples = (kind: KindId, isMeant: (example: Example) => boolean) => Promise<number>

const DROP = `
local dropped = redis.call('HDEL', KEYS[2], unpack(ARGV, 2))
local refused = tonumber(redis.call('HGET', KEYS[1], 'refused') or '0')
if dropped > 0 and refused > 0 then redis.call('HSET', KEYS[1], 'refused', math.max(0, refused - ARGV[1])) end
return dropped
`

export function openDropExamples(redis: RedisConnection, keys: RegistryKeys): DropExamples {
  const drop = openScript(redis, DROP)
  return async (kind, isMeant) => {
    const meant = (await readExamples(redis, keys, kind)).filter(isMeant)
    if (meant.length === 0) return 0
    const refused = meant.filter((example) => example.refusedBy !== undefined).length
    return Number(await drop([keys.kind(kind), keys.examples(kind)], [refused, ...meant.map(({ text }) => fieldOf(text))]))
  }
}
