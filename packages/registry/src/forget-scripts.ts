import { BUMP } from './kind-scripts.ts'
import { MAX_GATHERING } from './kind.ts'

/** What `forget` changes, each as one script. */

/** A tool version without the usage examples of a run, unless the version was changed meanwhile. With a reason, it serves no longer. */
export const FORGET_USAGE = `${BUMP}
if redis.call('HGET', KEYS[5], ARGV[2]) ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[5], ARGV[2], ARGV[4])
if ARGV[5] == '' or redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return 1 end
redis.call('HSET', KEYS[1], 'version', 0, 'state', 'demoted', 'reason', ARGV[5])
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

/** A kind's reading and label without the texts of a run, unless the reading was changed meanwhile. */
export const FORGET_READING = `${BUMP}
if redis.call('HGET', KEYS[1], 'rev') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'reading', ARGV[3], 'label', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'rev', 1)
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

/**
 * Gives back the places that a run's lines have among those that gather, so that other runs need not wait for them. If the run brought anything (ARGV[4]) to a make that
 * has begun, that make is called off: a generation later another begins, and what this one knows is deleted. KEYS[6] to [8] are the make's. Returns how many places
 * were given back.
 */
export const GIVE_BACK = `${BUMP}
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[2] then return -1 end
local given = 0
for _, line in ipairs(redis.call('HKEYS', KEYS[5])) do
  if string.sub(line, 1, #ARGV[3]) == ARGV[3] then
    if redis.call('HGET', KEYS[5], line) ~= 'early' then given = given + 1 end
    redis.call('HDEL', KEYS[5], line)
  end
end
if given > 0 then
  local started = math.max(0, tonumber(redis.call('HGET', KEYS[1], 'started')) - given)
  redis.call('HSET', KEYS[1], 'started', started, 'allowed', math.max(${MAX_GATHERING}, started))
end
-- Without a plan, whoever still gathers gets the whole time for it.
if ARGV[4] == '0' and (given == 0 or redis.call('HEXISTS', KEYS[6], 'plan') == 1) then return given end
if redis.call('DEL', KEYS[6], KEYS[7], KEYS[8]) > 0 then
  redis.call('HINCRBY', KEYS[1], 'generation', 1)
  bump(KEYS[4], KEYS[3], ARGV[1])
end
return given
`

/** Takes a kind away that no text, line or tool is left of; KEYS[6] on are all its keys, its record first. */
export const REMOVE_KIND = `
local kind = redis.call('HMGET', KEYS[6], 'rev', 'versions', 'alias')
if kind[1] ~= ARGV[2] or kind[2] ~= '0' or kind[3] ~= '' then return 0 end
-- Its places, examples, texts that gathered and waiting lines.
for index = 7, 10 do if redis.call('EXISTS', KEYS[index]) == 1 then return 0 end end
redis.call('SREM', KEYS[1], ARGV[1])
redis.call('INCR', KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('SREM', KEYS[5], ARGV[1])
redis.call('DEL', unpack(KEYS, 6))
return 1
`
