const SECONDS_KEPT = 30 * 86_400

/** KEYS: replies, tries, intents, the run. ARGV: field, bound (or null), milliseconds until it is uncertain, purpose, kind as JSON, id of the intent. */
export const BEGIN = `
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept then return {'kept', kept} end
if redis.call('HEXISTS', KEYS[4], 'cancelled') == 1 or redis.call('HEXISTS', KEYS[4], 'haltedBy') == 1 then return {'halted', ''} end
local n = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('EXPIRE', KEYS[2], ${SECONDS_KEPT})
redis.call('HSET', KEYS[3], ARGV[6] .. '#' .. n, string.format('{"boundNano":%s,"until":%d,"purpose":"%s","kind":%s}', ARGV[2], now + tonumber(ARGV[3]), ARGV[4], ARGV[5]))
return {'go', n}
`

/**
 * KEYS: replies, tries, intents, ledger, sums of the run, of the space, direct sums of all, and of a kind those of its own and the kind. ARGV: see `settle`, which is the only one to call it.
 */
export const SETTLE = `
local kept = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[15] .. '#' .. ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local generation = KEYS[9] and redis.call('HGET', KEYS[9], 'generation')
local entry, prefix = ARGV[4], ARGV[6]
if kept then entry = ARGV[5] prefix = ARGV[7]
-- What a make that is no longer due has paid for is booked, and kept for nobody.
elseif ARGV[16] == '' or generation == ARGV[16] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
-- A run or make that nobody ends does not keep its replies for ever.
redis.call('EXPIRE', KEYS[1], ${SECONDS_KEPT})
redis.call('EXPIRE', KEYS[2], ${SECONDS_KEPT})
redis.call('RPUSH', KEYS[4], string.sub(entry, 1, -2) .. ',"at":' .. string.format('%d', now) .. '}')
for _, key in ipairs({KEYS[5], KEYS[6]}) do
  redis.call('HINCRBY', key, prefix .. 'calls', 1)
  if ARGV[8] == '' then redis.call('HINCRBY', key, prefix .. 'unpriced', 1) else redis.call('HINCRBY', key, prefix .. 'cost', ARGV[8]) end
  redis.call('HINCRBY', key, prefix .. 'uncachedInput', ARGV[9])
  redis.call('HINCRBY', key, prefix .. 'cacheRead', ARGV[10])
  redis.call('HINCRBY', key, prefix .. 'cacheWrite', ARGV[11])
  redis.call('HINCRBY', key, prefix .. 'output', ARGV[12])
end
if ARGV[13] == '1' and not kept then
  -- A kind that is gone leaves nothing in its name.
  for index = 7, generation and 8 or 7 do
    local key = KEYS[index]
    redis.call('HINCRBY', key, 'calls', 1)
    if ARGV[8] == '' then redis.call('HINCRBY', key, 'unpriced', 1) else redis.call('HINCRBY', key, 'cost', ARGV[8]) end
    redis.call('HINCRBY', key, 'promptTokens', ARGV[9] + ARGV[10] + ARGV[11])
    redis.call('HINCRBY', key, 'outputTokens', ARGV[12])
    redis.call('HINCRBY', key, 'textBytes', ARGV[14])
  end
end
return kept
`

/** A number that a later call has been given stays taken, so that no two calls of a field have the same intent. */
export const ABANDON = `
redis.call('HDEL', KEYS[2], ARGV[3] .. '#' .. ARGV[2])
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HINCRBY', KEYS[1], ARGV[1], -1) end
return 1
`
