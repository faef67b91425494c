import { EXAMPLES_FOR_MAKE, MAX_GATHERING } from './kind.ts'

/** The changes of a kind that must be one: each is a Lua script. */

export const BUMP = `
local function bump(kindsChanges, epochKey, id)
  local epoch = redis.call('INCR', epochKey)
  redis.call('ZADD', kindsChanges, epoch, id)
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`

export const CREATE = `${BUMP}
if ARGV[2] ~= '' and tonumber(redis.call('GET', KEYS[3]) or '0') ~= tonumber(ARGV[2]) then return 0 end
if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return 2 end
for index = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1]) end
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

export const SAVE_READING = `${BUMP}
if redis.call('HGET', KEYS[1], 'rev') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'reading', ARGV[3])
-- A make may have ended since the state was read: only the nursery is left in this way.
if redis.call('HGET', KEYS[1], 'state') == 'nursery' then redis.call('HSET', KEYS[1], 'state', ARGV[4]) end
redis.call('HINCRBY', KEYS[1], 'rev', 1)
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

/** Takes a kind of the nursery away, with all its keys: those from the fifth on. One that has left the nursery is only struck off its list. */
export const EVICT = `
redis.call('ZREM', KEYS[1], ARGV[1])
if redis.call('HGET', KEYS[5], 'state') ~= 'nursery' then return 0 end
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('INCR', KEYS[3])
redis.call('DEL', unpack(KEYS, 5))
return 1
`

/** A kind's line that went direct to gather has its answer. One whose place is not written down yet counts from then on. */
export const GATHERED = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local place = redis.call('HGET', KEYS[2], ARGV[1])
if place == '0' then redis.call('HSET', KEYS[2], ARGV[1], '1') elseif not place then redis.call('HSET', KEYS[2], ARGV[1], 'early') end
return 1
`

/** Writes down that a line has a place among those that gather: 0 until it has its answer, then 1. One that has a place keeps it: false. */
const TAKE_PLACE = `
local function hasPlace(key, line)
  local place = redis.call('HGET', key, line)
  return place == '0' or place == '1'
end
local function takePlace(key, line)
  if hasPlace(key, line) then return false end
  redis.call('HSET', key, line, redis.call('HGET', key, line) == 'early' and '1' or '0')
  return true
end
`

export const PLACE = `${BUMP}${TAKE_PLACE}
local earlier = redis.call('HGET', KEYS[4], ARGV[2])
if earlier then return earlier end
local kind = redis.call('HMGET', KEYS[1], 'alias', 'version', 'state', 'cooldownUntil', 'started', 'allowed', 'generation', 'worthAt', 'overdue')
if kind[1] and kind[1] ~= '' then return cjson.encode({go = 'alias', kind = kind[1]}) end
if not kind[3] then return cjson.encode({go = 'gone'}) end
local count = (#ARGV - 5) / 2
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
  local gather, taken, direct, waiting = {}, 0, {}, 0
  local isPatient = ARGV[3] == 'wait' and state ~= 'demoted' and kind[9] ~= kind[7]
  for index = 1, count do
    local line = ARGV[5] .. ':' .. ARGV[index * 2 + 4]
    -- A job may come again after its first placement is forgotten.
    if hasPlace(KEYS[9], line) then
      gather[#gather + 1] = index - 1
    elseif room > taken then
      gather[#gather + 1] = index - 1
      takePlace(KEYS[9], line)
      taken = taken + 1
    elseif isPatient then
      redis.call('RPUSH', KEYS[2], ARGV[index * 2 + 5])
      waiting = waiting + 1
    else
      direct[#direct + 1] = index - 1
    end
  end
  redis.call('HSET', KEYS[1], 'started', started + taken)
  if waiting > 0 then
    redis.call('HINCRBY', KEYS[5], 'waiting', waiting)
    redis.call('SADD', KEYS[6], ARGV[1])
  end
  answer = cjson.encode({go = 'split', gather = gather, direct = direct, waiting = waiting, generation = tonumber(kind[7]), makes = state ~= 'nursery'})
end
redis.call('HSET', KEYS[4], ARGV[2], answer)
return answer
`

export const TAKE = `${TAKE_PLACE}
local raised, perRun = 0, {}
for index = 3, #ARGV, 3 do
  if redis.call('LREM', KEYS[1], 1, ARGV[index + 2]) == 1 then
    if ARGV[2] == '1' and takePlace(KEYS[4], ARGV[index + 1]) then raised = raised + 1 end
    local run = tonumber(ARGV[index])
    perRun[run] = (perRun[run] or 0) + 1
  end
end
if redis.call('LLEN', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
if raised > 0 then
  redis.call('HINCRBY', KEYS[3], 'started', raised)
  local kind = redis.call('HMGET', KEYS[3], 'started', 'allowed')
  if tonumber(kind[1]) > tonumber(kind[2]) then redis.call('HSET', KEYS[3], 'allowed', kind[1]) end
end
for run, count in pairs(perRun) do redis.call('HINCRBY', KEYS[run + 4], 'waiting', -count) end
return 1
`

/**
 * Takes a run's lines out of those that wait for a kind's tool, and gives back the places of its lines that gather and have no answer, so that other runs need not wait for them.
 * KEYS: the kind, its waiting lines, its places, all kinds that have waiting lines, the run. ARGV: the kind, what the run's waiting lines begin with, and its places. Returns how many lines waited.
 */
export const WITHDRAW = `
local kept, dropped = {}, 0
for _, text in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if string.sub(text, 1, #ARGV[2]) == ARGV[2] then dropped = dropped + 1 else kept[#kept + 1] = text end
end
if dropped > 0 then
  redis.call('DEL', KEYS[2])
  for _, text in ipairs(kept) do redis.call('RPUSH', KEYS[2], text) end
  if #kept == 0 then redis.call('SREM', KEYS[4], ARGV[1]) end
  if redis.call('EXISTS', KEYS[5]) == 1 then redis.call('HINCRBY', KEYS[5], 'waiting', -dropped) end
end
local given = 0
for _, line in ipairs(redis.call('HKEYS', KEYS[3])) do
  if string.sub(line, 1, #ARGV[3]) == ARGV[3] and redis.call('HGET', KEYS[3], line) == '0' then
    redis.call('HDEL', KEYS[3], line)
    given = given + 1
  end
end
if given > 0 then
  local started = math.max(0, tonumber(redis.call('HGET', KEYS[1], 'started')) - given)
  redis.call('HSET', KEYS[1], 'started', started, 'allowed', math.max(${MAX_GATHERING}, started))
end
return dropped
`

/** Ends a make and counts it. KEYS[7]: makes under way; from the eighth on all that it worked with; the last value is what it cost, '' where that is not known. */
export const SETTLE = `${BUMP}
local kind = redis.call('HMGET', KEYS[1], 'generation', 'versions', 'version', 'failures')
if kind[1] ~= ARGV[2] then return 0 end
local fields = {'started', 0, 'allowed', ${MAX_GATHERING}, 'refused', 0, 'refusedAsked', 0, 'overdue', 0}
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
elseif ARGV[3] == 'put-off' then
  set('reason', ARGV[4]) set('cooldownUntil', string.format('%d', now() + tonumber(ARGV[5])))
  if tonumber(kind[3]) == 0 then set('state', 'declined') end
else
  set('worthAt', ARGV[4])
  if tonumber(kind[3]) == 0 then set('state', 'unworthy') end
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[7], ARGV[1] .. ' ' .. ARGV[2])
-- A make that is put off is the one that goes on later.
if ARGV[3] ~= 'put-off' then
  redis.call('HINCRBY', KEYS[1], 'generation', 1)
  redis.call('HINCRBY', KEYS[6], ARGV[3], 1)
  local cost = ARGV[#ARGV]
  if cost ~= '' and ARGV[3] ~= 'unworthy' then
    redis.call('HINCRBY', KEYS[6], 'priced', 1)
    redis.call('HINCRBY', KEYS[6], 'cost', cost)
  end
  redis.call('DEL', unpack(KEYS, 8))
end
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

/** Both must stand for themselves, so that aliases never make a circle. */
export const MERGE = `${BUMP}
if KEYS[1] == KEYS[2] or redis.call('HGET', KEYS[1], 'alias') ~= '' or redis.call('HGET', KEYS[2], 'alias') ~= '' then return 0 end
redis.call('HSET', KEYS[1], 'alias', ARGV[2])
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

/** An entry is 1 for a failure or 0, and the line's hash, so that one whose job runs twice counts once. */
export const NOTE_CALL = `${BUMP}
local failures = tonumber(ARGV[3])
for index, one in ipairs(redis.call('LRANGE', KEYS[2], 0, 19)) do
  if string.sub(one, 3) == ARGV[4] then return 0 end
  if index < 20 then failures = failures + tonumber(string.sub(one, 1, 1)) end
end
redis.call('LPUSH', KEYS[2], ARGV[3] .. ' ' .. ARGV[4])
redis.call('LTRIM', KEYS[2], 0, 19)
if failures <= 5 or redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'version', 0, 'state', 'demoted', 'reason', failures .. ' of its last 20 called answers failed')
bump(KEYS[4], KEYS[3], ARGV[1])
return 1
`

export const POINT = `${BUMP}
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

/** The kinds of remembered decisions; one that is gone is forgotten. */
export const RECALL = `
local kinds = redis.call('HMGET', KEYS[1], unpack(ARGV))
for index, kind in ipairs(kinds) do
  if kind and redis.call('SISMEMBER', KEYS[2], kind) == 0 then
    redis.call('HDEL', KEYS[1], ARGV[index])
    kinds[index] = false
  end
end
return kinds
`
