export const UNLIST = `
for index, run in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[index + 1]) == 0 then redis.call('ZREM', KEYS[1], run) end
end
return 1
`

// A fail-over, or a restart from a disk that lagged, takes Redis back to an earlier moment, jobs and checkpoint alike.
export const SAVE_INGEST = `
local known = redis.call('HGET', KEYS[1], 'ingest')
if (known and cjson.decode(known).seq or 0) < tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'ingest', ARGV[1])
return 1
`

// A run that is forgotten leaves nothing, whatever its last calls still learn.
export const NOTE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
`

/**
 * KEYS: a bitmap, and hashes. ARGV: how long they are kept, in seconds (some may come when the run has been finished already), what its bits are set to, how many, their places, and fields that go
 * from the hashes.
 */
export const SET_BITS = `
local last = 3 + ARGV[3]
local slice = 1000
for first = 4, last, slice do
  local sets = {}
  for at = first, math.min(first + slice - 1, last) do
    local count = #sets
    sets[count + 1], sets[count + 2], sets[count + 3], sets[count + 4] = 'SET', 'u1', ARGV[at], ARGV[2]
  end
  redis.call('BITFIELD', KEYS[1], unpack(sets))
end
for first = last + 1, #ARGV, slice do
  for index = 2, #KEYS do redis.call('HDEL', KEYS[index], unpack(ARGV, first, math.min(first + slice - 1, #ARGV))) end
end
for index = 2, #KEYS do redis.call('EXPIRE', KEYS[index], ARGV[1]) end
return redis.call('EXPIRE', KEYS[1], ARGV[1])
`

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** KEYS: the run, and what expires otherwise. ARGV: seconds. What has ended has its own time. */
export const ATTEND = `${NOW}
if redis.call('HGET', KEYS[1], 'state') ~= 'active' then return 0 end
for index = 2, #KEYS do redis.call('EXPIRE', KEYS[index], ARGV[1]) end
return redis.call('HSET', KEYS[1], 'attendedAt', string.format('%d', now))
`

/** Whether the run is without an end and unattended; where an older version began it, its time begins now. ARGV: milliseconds, and 1 to cancel it. */
export const EXPIRE_RUN = `${NOW}
local run = redis.call('HMGET', KEYS[1], 'state', 'attendedAt')
if run[1] ~= 'active' then return 0 end
if not run[2] then redis.call('HSET', KEYS[1], 'attendedAt', string.format('%d', now)) return 0 end
if now - tonumber(run[2]) < tonumber(ARGV[1]) then return 0 end
if ARGV[2] == '1' then redis.call('HSET', KEYS[1], 'cancelled', '1') end
return 1
`

export const HALT = `
if redis.call('HSETNX', KEYS[1], 'haltedBy', ARGV[1]) == 1 and ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'overBudget', ARGV[2]) end
return 1
`
