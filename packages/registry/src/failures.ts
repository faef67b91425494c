import { Frame, Line } from '@toolwright/contracts'
import { z } from 'zod'
import type { RedisConnection } from './redis.ts'
import type { RegistryKeys } from './keys.ts'
import { openScript } from './script.ts'

/** A dead letter: a request that failed for good, as it came, so that it can be tried again. */
export const FailedLine = z.object({
  v: z.literal(1),
  line: Line.pick({ seq: true, customId: true, text: true, body: true, target: true, kindName: true }),
  frame: Frame.nullable(),
})
export type FailedLine = z.infer<typeof FailedLine>

export interface Failures {
  /** Keeps lines whose result is an error, as far as there is room: a run may have so many of them, and so many bytes. One that is kept already stays as it is. */
  keep(run: string, lines: readonly Line[]): Promise<void>
  /** All that are kept of a run, in the order of its input, some at a time. */
  read(run: string): AsyncGenerator<FailedLine>
  count(run: string): Promise<number>
  drop(run: string): Promise<void>
  /** Deletes those of all runs that were kept before then, in milliseconds of Redis' clock. Returns how many. */
  dropOlder(before: number): Promise<number>
}

const MAX_FAILED_LINES = 10_000
const MAX_FAILED_BYTES = 32_000_000
/** From the last one; less once the run is done. */
const SECONDS_KEPT = 30 * 86_400
const READ_AT_ONCE = 100

/** KEYS: the run, its dead letters. Each begins with the time at which it came. A run that is forgotten leaves nothing. */
const KEEP = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
local kept = 0
for index = 1, #ARGV, 2 do
  local text = now .. ' ' .. ARGV[index + 1]
  local bytes = tonumber(redis.call('HGET', KEYS[1], 'failedBytes') or '0')
  if redis.call('HLEN', KEYS[2]) < ${MAX_FAILED_LINES} and bytes + #text <= ${MAX_FAILED_BYTES} and redis.call('HSETNX', KEYS[2], ARGV[index], text) == 1 then
    redis.call('HSET', KEYS[1], 'failedBytes', bytes + #text)
    kept = kept + 1
  end
end
redis.call('EXPIRE', KEYS[2], ${SECONDS_KEPT})
return kept
`

const DROP_OLDER = `
local dropped, bytes = 0, 0
local all = redis.call('HGETALL', KEYS[2])
for index = 1, #all, 2 do
  if tonumber(string.match(all[index + 1], '^%d+')) < tonumber(ARGV[1]) then
    dropped = dropped + redis.call('HDEL', KEYS[2], all[index])
    bytes = bytes + #all[index + 1]
  end
end
if dropped > 0 and redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBY', KEYS[1], 'failedBytes', -bytes) end
return dropped
`

export function openFailures(redis: RedisConnection, keys: RegistryKeys): Failures {
  const keep = openScript(redis, KEEP)
  const dropOlder = openScript(redis, DROP_OLDER)
  return {
    keep: async (run, lines) => {
      const kept: (string | number)[] = []
      for (const line of lines) {
        const frame = line.frame === '' ? null : await redis.hget(keys.frames(run), line.frame)
        // Without its frame it would be another request.
        if (frame === null && line.frame !== '') continue
        kept.push(line.seq, JSON.stringify(FailedLine.parse({ v: 1, line, frame: frame === null ? null : JSON.parse(frame) })))
      }
      if (kept.length > 0) await keep([keys.run(run), keys.failed(run)], kept)
    },
    read: async function* (run) {
      const seqs = (await redis.hkeys(keys.failed(run))).map(Number).toSorted((a, b) => a - b)
      for (let at = 0; at < seqs.length; at += READ_AT_ONCE) {
        const texts = await redis.hmget(keys.failed(run), ...seqs.slice(at, at + READ_AT_ONCE).map(String))
        for (const text of texts) if (text !== null) yield FailedLine.parse(JSON.parse(text.slice(text.indexOf(' ') + 1)))
      }
    },
    count: (run) => redis.hlen(keys.failed(run)),
    drop: async (run) => {
      await redis.multi().del(keys.failed(run)).hdel(keys.run(run), 'failedBytes').exec()
    },
    dropOlder: async (before) => {
      let dropped = 0
      for (const run of await redis.zrange(keys.runs, '0', '-1'))
        dropped += Number(await dropOlder([keys.run(run), keys.failed(run)], [before]))
      return dropped
    },
  }
}
