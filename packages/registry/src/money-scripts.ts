const SECONDS_KEPT = 30 * 86_400
const MS_PER_DAY = 86_400_000
const DAYS_KEPT = 40
const UNTIL_AHEAD_MS = 1_000

/**
 * What a call may cost is reserved in three places: its run's record, its day (UTC, by Redis' clock: days since 1970) and its make's record. Each counts `spent` and `reserved`, in nano-dollars.
 * A reservation that is never settled, of a worker that died, stays: it may have been billed.
 * Of a day, and of a make that is limited, `until` says when the last call that was begun so far has ended or is given up, over all runs; it is a second ahead, so that a call seldom has to write it.
 */
const BUDGETS = `
local function add(key, field, nano)
  if nano ~= 0 then redis.call('HINCRBY', key, field, string.format('%.0f', nano)) end
end
local function countAll(run, days, day, make, reserved, spent)
  for _, key in ipairs({run, make}) do
    if redis.call('EXISTS', key) == 1 then
      add(key, 'reserved', reserved)
      add(key, 'spent', spent)
    end
  end
  add(days, day .. ':reserved', reserved)
  add(days, day .. ':spent', spent)
end
`

/**
 * KEYS: replies, tries, intents, the run, the days, and of a make its record. ARGV: field, bound (or null), milliseconds until it is uncertain, purpose, kind as JSON, id of the intent,
 * budget of a day and of a make ('' where there is none).
 */
export const BEGIN = `${BUDGETS}
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept then return {'kept', kept} end
local run = redis.call('HMGET', KEYS[4], 'cancelled', 'haltedBy', 'budget')
if run[1] or run[2] then return {'halted', ''} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local day = string.format('%d', math.floor(now / ${MS_PER_DAY}))
local bound = tonumber(ARGV[2])
local untilMs = now + tonumber(ARGV[3])
local function reservedLive()
  local live = 0
  for _, text in ipairs(redis.call('HVALS', KEYS[3])) do
    local intent = cjson.decode(text)
    if intent['until'] > now and type(intent.boundNano) == 'number' then live = live + intent.boundNano end
  end
  return live
end
local function raiseUntil(key, field, old)
  if bound > 0 and untilMs > tonumber(old or '0') then redis.call('HSET', key, field, string.format('%d', untilMs + ${UNTIL_AHEAD_MS})) end
end
local makeUntil = nil
for _, scope in ipairs({{'run', KEYS[4], '', run[3] or ''}, {'day', KEYS[5], day .. ':', ARGV[7]}, {'make', KEYS[6], '', KEYS[6] and ARGV[8] or ''}}) do
  local limit = tonumber(scope[4])
  if limit then
    if not bound then return {'unpriced', scope[1]} end
    local taken = redis.call('HMGET', scope[2], scope[3] .. 'spent', scope[3] .. 'reserved', scope[3] .. 'until')
    local spent, reserved = tonumber(taken[1] or '0'), tonumber(taken[2] or '0')
    if spent + reserved + bound > limit then
      -- Calls that are under way mostly cost less than they may: what they leave is there when they end.
      local isAnyLive, uncertain = tonumber(taken[3] or '0') > now, 0
      -- Only of its own calls does a run tell which ones are given up; those of others may all still end.
      if scope[1] == 'run' then
        local live = reservedLive()
        isAnyLive, uncertain = live > 0, math.max(0, reserved - live)
      end
      local isFull = spent + uncertain + bound > limit or not isAnyLive
      return {isFull and 'spent' or 'reserved', scope[1], string.format('%.0f', limit), string.format('%.0f', spent), string.format('%.0f', reserved)}
    end
    if scope[1] == 'make' then makeUntil = taken[3] or '0' end
  end
end
local n = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
if n == 1 and redis.call('HLEN', KEYS[2]) == 1 then redis.call('EXPIRE', KEYS[2], ${SECONDS_KEPT}) end
if bound then
  local today = redis.call('HMGET', KEYS[5], day .. ':reserved', 'limit', day .. ':until')
  if not today[1] then
    for _, field in ipairs(redis.call('HKEYS', KEYS[5])) do
      local old = tonumber(string.match(field, '^(%d+):'))
      if old and old < tonumber(day) - ${DAYS_KEPT} then redis.call('HDEL', KEYS[5], field) end
    end
  end
  countAll(KEYS[4], KEYS[5], day, KEYS[6], bound, 0)
  raiseUntil(KEYS[5], day .. ':until', today[3])
  if makeUntil and redis.call('EXISTS', KEYS[6]) == 1 then raiseUntil(KEYS[6], 'until', makeUntil) end
  if ARGV[7] ~= (today[2] or '') then
    if ARGV[7] ~= '' then redis.call('HSET', KEYS[5], 'limit', ARGV[7]) else redis.call('HDEL', KEYS[5], 'limit') end
  end
end
redis.call('HSET', KEYS[3], ARGV[6] .. '#' .. n, string.format('{"boundNano":%s,"until":%d,"purpose":"%s","kind":%s,"day":%s}', ARGV[2], untilMs, ARGV[4], ARGV[5], day))
return {'go', n}
`

/**
 * KEYS: replies, tries, intents, ledger, sums of the run, of the space, direct sums of all, the run, the days, the make's record (where there is no make, the run's again), the run's prices, and of a kind
 * its money and its record. ARGV: see `settle`, which is the only one to call it.
 */
export const SETTLE = `${BUDGETS}
local intentId = ARGV[15] .. '#' .. ARGV[2]
local intent = redis.call('HGET', KEYS[3], intentId)
-- Sent again, because the connection was lost before the answer to the first time came. Of a run that was forgotten nothing tells that.
if not intent and tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0') >= tonumber(ARGV[2]) and redis.call('EXISTS', KEYS[8]) == 1 then
  return {redis.call('HGET', KEYS[1], ARGV[1]), '0'}
end
-- First of all that is written: in a Redis that is full it is let through, and with it the rest.
redis.call('HDEL', KEYS[3], intentId)
local generation = KEYS[13] and redis.call('HGET', KEYS[13], 'generation')
local kept = false
-- What a make that is no longer due has paid for is booked, and kept for nobody.
local isKept = ARGV[16] == '' or generation == ARGV[16]
if not isKept or redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[3]) == 0 then kept = redis.call('HGET', KEYS[1], ARGV[1]) end
-- A run or make that nobody ends does not keep its replies for ever; a run that goes on is given more time with each batch of answers.
if not kept and redis.call('HLEN', KEYS[1]) == 1 then redis.call('EXPIRE', KEYS[1], ${SECONDS_KEPT}) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local entry, prefix = ARGV[4], ARGV[6]
if kept then entry, prefix = ARGV[5], ARGV[7] end
redis.call('RPUSH', KEYS[4], string.sub(entry, 1, -2) .. ',"at":' .. string.format('%d', now) .. '}')
for _, key in ipairs({KEYS[5], KEYS[6]}) do
  redis.call('HINCRBY', key, prefix .. 'calls', 1)
  if ARGV[8] == '' then redis.call('HINCRBY', key, prefix .. 'unpriced', 1) else redis.call('HINCRBY', key, prefix .. 'cost', ARGV[8]) end
  for index, class in ipairs({'uncachedInput', 'cacheRead', 'cacheWrite', 'output'}) do
    local tokens = ARGV[8 + index]
    if tokens ~= '0' then redis.call('HINCRBY', key, prefix .. class, tokens) end
  end
end
redis.call('SADD', KEYS[11], ARGV[19])
if ARGV[18] == '1' and not kept and generation then
  redis.call('HINCRBY', KEYS[12], 'makeCalls', 1)
  if ARGV[8] == '' then redis.call('HINCRBY', KEYS[12], 'makeUnpriced', 1) else redis.call('HINCRBY', KEYS[12], 'makeCost', ARGV[8]) end
end
if ARGV[13] == '1' and not kept then
  -- A kind that is gone leaves nothing in its name.
  for _, key in ipairs({KEYS[7], generation and KEYS[12] or nil}) do
    redis.call('HINCRBY', key, 'calls', 1)
    if ARGV[8] == '' then redis.call('HINCRBY', key, 'unpriced', 1)
    else
      redis.call('HINCRBY', key, 'cost', ARGV[8])
      -- For the variance alone, which is no money: squares of many calls are more than an integer holds.
      redis.call('HINCRBY', key, 'squaredCalls', 1)
      redis.call('HINCRBYFLOAT', key, 'costSquares', string.format('%.0f', tonumber(ARGV[8]) ^ 2))
    end
    if ARGV[17] ~= '' then
      redis.call('HINCRBY', key, 'lightCalls', 1)
      redis.call('HINCRBY', key, 'lightCost', ARGV[17])
    end
    redis.call('HINCRBY', key, 'promptTokens', ARGV[9] + ARGV[10] + ARGV[11])
    redis.call('HINCRBY', key, 'outputTokens', ARGV[12])
    redis.call('HINCRBY', key, 'textBytes', ARGV[14])
  end
end
local reserved = intent and cjson.decode(intent) or {}
local bound = reserved.day and type(reserved.boundNano) == 'number' and reserved.boundNano or nil
local day = string.format('%d', reserved.day or math.floor(now / ${MS_PER_DAY}))
local make = ARGV[16] ~= '' and KEYS[10] or nil
-- Of a call that does not say what it used, a budget counts what it may have cost.
local cost = tonumber(ARGV[8]) or bound or 0
countAll(KEYS[8], KEYS[9], day, make, -(bound or 0), cost)
if bound and cost > bound then
  if redis.call('EXISTS', KEYS[8]) == 1 then add(KEYS[8], 'overrun', cost - bound) end
  add(KEYS[9], 'overrun', cost - bound)
  return {kept, string.format('%.0f', cost - bound)}
end
return {kept, '0'}
`

/** A number that a later call has been given stays taken, so that no two calls of a field have the same intent. KEYS: tries, intents, the run, the days, and of a make its record. */
export const ABANDON = `${BUDGETS}
local intentId = ARGV[3] .. '#' .. ARGV[2]
local intent = redis.call('HGET', KEYS[2], intentId)
if intent then
  local reserved = cjson.decode(intent)
  if reserved.day and type(reserved.boundNano) == 'number' then countAll(KEYS[3], KEYS[4], string.format('%d', reserved.day), KEYS[5], -reserved.boundNano, 0) end
  redis.call('HDEL', KEYS[2], intentId)
end
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HINCRBY', KEYS[1], ARGV[1], -1) end
return 1
`
