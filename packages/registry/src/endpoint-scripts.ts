/** A prober that dies lets the next one try after this. */
const PROBE_MS = 10_000

/** Turns of the common pace are given out this far ahead, in milliseconds. */
const AHEAD_MS = 1_000
/**
 * Milliseconds from one call to the next, at first: after a limit (or half the rate of a limit that is known, where that is more), and after an outage, which says nothing
 * about what the endpoint can bear.
 */
const LIMITED_PACE_MS = 500
const RETURN_PACE_MS = 50
const SLOWEST_PACE_MS = 5_000
/** Faster than this is full speed. */
const FASTEST_PACE_MS = 1
const SECONDS_PACED = 600

/** Until a first reply has told an endpoint's limits, or that it tells none, so many calls are out at once, and as many more after each such time. */
export const SCOUTS = 8
const SCOUT_MS = 10_000

/** A window is counted in so many slots. */
const SLOTS = 60
/** A call counts in its slot for a window and this many slots more: calls may take longer to arrive than the ones before them. */
const SPARE_SLOTS = 2
const MINUTE_MS = 60_000

/** Places under a limit are given out this far ahead; then nobody gets one until so little of that is left that there is room for several calls. */
export const LONGEST_WAIT_MS = 5_000
const ROOM_AGAIN_MS = 2_500
/** Whoever is sent away comes back within this: replies that used less than was reserved may have made room by then. */
const LONGEST_AWAY_MS = 10_000
const SOONEST_AGAIN_MS = 250

const SECONDS_LEARNED = 3_600
/** Tokens are reserved as calls of the purpose use them on average, and by how much they have differed from that on average: at first by this share. */
const FIRST_ERROR = 0.2
/** Calls that begin within this count as one burst, and reach their endpoint within that. */
const TOGETHER_MS = 500
const ARRIVAL_MS = 1_000
/** Bytes of a request for one token, until replies have told. */
const BYTES_PER_TOKEN = 3
/** The share of the latest reply in what calls of a purpose use on average. */
const LATEST = 0.1

/** `pick`: the number in a field that may be missing. */
const COMMON = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function pick(value, otherwise) return tonumber(value or otherwise) end
local function whole(number) return string.format('%d', number) end
`

/**
 * KEYS: hold, probe, pace, limits, taken. ARGV: purpose, bytes of the request, limit of the reply, requests and tokens a minute as set (0: not set).
 * Returns milliseconds and `held`, `unknown` or, with the milliseconds that a call takes of the limit, `full`: ask again after them. Or else how the call goes (`probe`, `paced`,
 * `free`), 1 for a scout, when it begins, the milliseconds that it takes of the limit, of each limit what is free and of how much (-1: no limit), and what is reserved.
 */
export const WAIT = `
${COMMON}
local held = redis.call('PTTL', KEYS[1])
if held > 0 then return {held, 'held'} end
local start, how, pace = now, 'free', nil
if redis.call('HEXISTS', KEYS[2], 'refusals') == 1 then
  how = 'probe'
  local probe = pick(redis.call('HGET', KEYS[2], 'probeUntil'), 0)
  if probe > now then return {math.min(probe - now, 250), 'held'} end
else
  local paced = redis.call('HMGET', KEYS[3], 'ms', 'nextAt')
  if paced[1] then
    how, pace = 'paced', tonumber(paced[1])
    start = math.max(now, pick(paced[2], 0))
    if start - now > ${AHEAD_MS} then return {math.floor(start - now), 'held'} end
  end
end

local known = redis.call('HMGET', KEYS[4], 'heard', 'scouts', 'scoutsUntil', 'requests', 'requestsMs', 'tokens', 'tokensMs', 'replyShare',
  'input:' .. ARGV[1], 'output:' .. ARGV[1], 'error:' .. ARGV[1])
local scouts = 0
if not known[1] and how ~= 'probe' then
  local untilAt = pick(known[3], 0)
  if untilAt > now then scouts = pick(known[2], 0) end
  if scouts >= ${SCOUTS} then return {math.min(${SOONEST_AGAIN_MS}, untilAt - now), 'unknown'} end
  scouts = scouts + 1
end

local bytes, replyLimit = tonumber(ARGV[2]), tonumber(ARGV[3])
local tokens = bytes / ${BYTES_PER_TOKEN} + replyLimit
if known[10] then
  local output = math.min(replyLimit, tonumber(known[10]))
  tokens = math.min(bytes + replyLimit, bytes * pick(known[9], 0) + output + pick(known[11], 0)) + pick(known[8], 0) * (replyLimit - output)
end
local limits = {}
local function add(name, set, learned, windowMs, cost)
  local most = set > 0 and set or pick(learned, 0)
  if most == 0 then return end
  local ms = set > 0 and ${MINUTE_MS} or tonumber(windowMs)
  local prefix = name .. ':' .. whole(ms) .. ':'
  local state = redis.call('HMGET', KEYS[5], prefix .. 'used', prefix .. 'tail', prefix .. 'next', prefix .. 'freed')
  table.insert(limits, {
    name = name, prefix = prefix, most = most, ms = ms, slotMs = ms / ${SLOTS}, cost = math.min(most, cost), gone = {},
    used = pick(state[1], 0), tail = pick(state[2], math.floor(now / ms * ${SLOTS})), nextAt = pick(state[3], 0),
    freed = pick(state[4], 0),
  })
end
add('requests', tonumber(ARGV[4]), known[4], known[5], 1)
add('tokens', tonumber(ARGV[5]), known[6], known[7], math.max(1, math.ceil(tokens)))

-- When the oldest slot counts no more.
local function freeAt(limit) return (limit.tail + ${SPARE_SLOTS}) * limit.slotMs + limit.ms end
local function free(limit, at)
  while freeAt(limit) <= at do
    local amount = pick(redis.call('HGET', KEYS[5], limit.prefix .. whole(limit.tail)), 0)
    limit.used, limit.freed = limit.used - amount, limit.freed + amount
    table.insert(limit.gone, limit.prefix .. whole(limit.tail))
    limit.tail = limit.tail + 1
  end
end
local perCallMs = 0
if #limits > 0 then
  -- Calls begin in the order in which they asked: what is free at one's beginning is free for those after it.
  local last = redis.call('HMGET', KEYS[5], 'start', 'full')
  start = math.max(start, pick(last[1], 0))
  local longest = last[2] and ${ROOM_AGAIN_MS} or ${LONGEST_WAIT_MS}
  local expireMs = 0
  for _, limit in ipairs(limits) do
    perCallMs = math.max(perCallMs, limit.cost * limit.ms / limit.most)
    expireMs = math.max(expireMs, limit.ms * 3)
    free(limit, start)
    while limit.used + limit.cost > limit.most and start - now <= ${LONGEST_AWAY_MS + ROOM_AGAIN_MS} do
      start = math.max(start, freeAt(limit))
      free(limit, start)
    end
  end
  if start - now > longest then
    redis.call('HSET', KEYS[5], 'full', 1)
    redis.call('PEXPIRE', KEYS[5], whole(expireMs))
    local awayMs = math.min(${LONGEST_AWAY_MS}, math.max(${SOONEST_AGAIN_MS}, start - now - ${ROOM_AGAIN_MS}))
    return {math.ceil(awayMs), 'full', string.format('%.3f', perCallMs)}
  end
  for _, limit in ipairs(limits) do
    free(limit, start)
    for from = 1, #limit.gone, 100 do redis.call('HDEL', KEYS[5], unpack(limit.gone, from, math.min(from + 99, #limit.gone))) end
    -- A burst counts as if its calls had come one after the other at the limit's own rate: then they cease to count one after the other, too.
    local countedAt = math.min(math.max(start, limit.nextAt), start + limit.ms)
    limit.slot = math.floor(countedAt / limit.slotMs)
    limit.used = limit.used + limit.cost
    redis.call('HINCRBY', KEYS[5], limit.prefix .. whole(limit.slot), whole(limit.cost))
    redis.call('HSET', KEYS[5], limit.prefix .. 'used', whole(limit.used), limit.prefix .. 'tail', whole(limit.tail),
      limit.prefix .. 'freed', whole(limit.freed), limit.prefix .. 'next', string.format('%.3f', countedAt + limit.cost * limit.ms / limit.most))
  end
  redis.call('HSET', KEYS[5], 'start', string.format('%.3f', start))
  redis.call('HDEL', KEYS[5], 'full')
  redis.call('PEXPIRE', KEYS[5], whole(expireMs))
end

if how == 'probe' then redis.call('HSET', KEYS[2], 'probeUntil', whole(start + ${PROBE_MS})) end
if how == 'paced' then redis.call('HSET', KEYS[3], 'nextAt', string.format('%.3f', start + pace)) end
if scouts > 0 then
  redis.call('HSET', KEYS[4], 'scouts', scouts, 'scoutsUntil', whole(now + ${SCOUT_MS}))
  redis.call('PEXPIRE', KEYS[4], ${SCOUT_MS})
elseif known[1] then
  redis.call('EXPIRE', KEYS[4], ${SECONDS_LEARNED})
end
local leave = {math.ceil(start - now), how, scouts > 0 and 1 or 0, whole(start), string.format('%.3f', perCallMs), -1, -1, -1, -1}
for _, limit in ipairs(limits) do
  local at = limit.name == 'requests' and 6 or 8
  leave[at], leave[at + 1] = math.max(0, limit.most - limit.used), limit.most
  table.insert(leave, table.concat({limit.name, limit.prefix, whole(limit.slot), whole(limit.cost), whole(limit.ms), whole(limit.most),
    whole(limit.freed)}, ' '))
end
return leave
`

/**
 * KEYS: limits, taken. ARGV: purpose, bytes of the request, limit of the reply; what became of the call (see `Heard`); tokens of the prompt and of the reply (-1: unknown);
 * the limit that was announced, what remained of it and its window in milliseconds (-1: unknown), of requests and of tokens; when the call should have begun; how many milliseconds later it did;
 * then what was reserved.
 */
export const SETTLE = `
${COMMON}
local bytes, replyLimit, outcome = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local input, output = tonumber(ARGV[5]), tonumber(ARGV[6])
local told = {
  requests = {most = tonumber(ARGV[7]), remaining = tonumber(ARGV[8]), ms = tonumber(ARGV[9])},
  tokens = {most = tonumber(ARGV[10]), remaining = tonumber(ARGV[11]), ms = tonumber(ARGV[12])},
}
local known = redis.call('HMGET', KEYS[1], 'heard', 'scouts', 'replyShare', 'input:' .. ARGV[1], 'output:' .. ARGV[1], 'together', 'error:' .. ARGV[1])
local replyShare, lateMs = pick(known[3], 0), tonumber(ARGV[14])
if outcome == 'answered' or outcome == 'refused' then
  redis.call('HSET', KEYS[1], 'heard', 1)
  redis.call('HDEL', KEYS[1], 'scouts', 'scoutsUntil')
  for name, limit in pairs(told) do
    if limit.most > 0 then redis.call('HSET', KEYS[1], name, whole(limit.most), name .. 'Ms', whole(limit.ms)) end
  end
  if input >= 0 then
    local function learn(field, before, latest)
      if before then latest = before + ${LATEST} * (latest - before) end
      redis.call('HSET', KEYS[1], field, string.format('%.6f', latest))
    end
    local error = known[5] and math.abs(input + output - bytes * pick(known[4], 0) - known[5]) or ${FIRST_ERROR} * (input + output)
    learn('error:' .. ARGV[1], known[7], error)
    learn('output:' .. ARGV[1], known[5], output)
    if bytes > 0 then learn('input:' .. ARGV[1], known[4], input / bytes) end
  end
  if told.tokens.remaining >= 0 then
    -- Some endpoints count what a call used, others the whole limit of its reply. It counts as the latter until what is gone of the limit is too little for that.
    replyShare = pick(known[3], 1)
    local function note(gone, inputs, outputs, unused)
      if unused <= 0 then return end
      local excess = gone - inputs - outputs
      -- Endpoints estimate prompts, by up to a quarter too low.
      local atMost = (excess + inputs / 4) / unused
      if unused >= inputs and excess <= unused / 20 then atMost = 0 end
      replyShare = math.max(0, math.min(replyShare, atMost))
    end
    if input >= 0 then
      local left, start, unused = told.tokens.remaining, tonumber(ARGV[13]), math.max(0, replyLimit - output)
      -- No more was counted for this call than is gone in all.
      note(told.tokens.most - left, input, output, unused)
      -- Others may use the endpoint too. Of calls that began together, in whatever order they came in, all but the first were counted between the most and the least that was left.
      local group = {}
      for number in string.gmatch(known[6] or '', '%S+') do table.insert(group, tonumber(number)) end
      local from, calls, inputs, outputs, spare, least, highest = unpack(group)
      if not from or start > from + ${TOGETHER_MS} then
        from, calls, inputs, outputs, spare, least, highest = start, 0, 0, 0, 0, left, left
      end
      if start >= from then
        calls, inputs, outputs, spare = calls + 1, inputs + input, outputs + output, spare + unused
        least, highest = math.min(least, left), math.max(highest, left)
        local share = (calls - 1) / calls
        local refilled = told.tokens.most / told.tokens.ms * ${TOGETHER_MS + ARRIVAL_MS}
        if calls >= 3 then note(highest - least + refilled, share * inputs, share * outputs, share * spare) end
        redis.call('HSET', KEYS[1], 'together', string.format('%d %d %d %d %d %d %d', from, calls, inputs, outputs, spare, least, highest))
      end
    end
    redis.call('HSET', KEYS[1], 'replyShare', string.format('%.4f', replyShare))
  end
  redis.call('EXPIRE', KEYS[1], ${SECONDS_LEARNED})
elseif pick(known[2], 0) > 0 then
  -- It is out no more.
  redis.call('HINCRBY', KEYS[1], 'scouts', -1)
end

local used = input >= 0 and input + output + math.ceil(replyShare * math.max(0, replyLimit - output)) or 0
for at = 15, #ARGV do
  local name, prefix, slot, cost, ms, most, freed = string.match(ARGV[at], '(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)')
  slot, cost, ms, most, freed = tonumber(slot), tonumber(cost), tonumber(ms), tonumber(most), tonumber(freed)
  local state = redis.call('HMGET', KEYS[2], prefix .. 'used', prefix .. 'tail', prefix .. 'next', prefix .. 'freed')
  local remaining = told[name].remaining
  told[name].isSettled = true
  -- What no longer counts needs no mending.
  if state[1] and slot >= tonumber(state[2]) then
    local actual = cost
    if outcome == 'unsent' then actual = 0
    elseif name == 'tokens' and outcome ~= 'lost' and (input >= 0 or outcome ~= 'answered') then actual = used end
    local more = actual - cost
    -- The endpoint had less left at this call than is free by now, without what has come free since: others use it too, or it counts otherwise.
    local isFree = most - tonumber(state[1]) - more - (pick(state[4], 0) - freed)
    local over = remaining < 0 and 0 or math.max(0, isFree - remaining)
    -- A call that left late counts for longer, too.
    redis.call('HINCRBY', KEYS[2], prefix .. whole(slot), whole(-cost))
    redis.call('HINCRBY', KEYS[2], prefix .. whole(slot + math.floor(lateMs * ${SLOTS} / ms)), whole(actual + over))
    redis.call('HSET', KEYS[2], prefix .. 'used', whole(tonumber(state[1]) + more + over), prefix .. 'next',
      string.format('%.3f', tonumber(state[3]) + more * ms / most))
  end
end

-- The first news of a limit: calls that went before anybody knew of it count.
if not known[1] and (outcome == 'answered' or outcome == 'refused') then
  for name, limit in pairs(told) do
    local prefix = name .. ':' .. whole(limit.ms) .. ':'
    if limit.most > 0 and not limit.isSettled and redis.call('HEXISTS', KEYS[2], prefix .. 'used') == 0 then
      local gone = math.max(1, pick(known[2], 1)) * (name == 'requests' and 1 or math.max(1, used))
      if limit.remaining >= 0 then gone = math.max(gone, limit.most - limit.remaining) end
      local slot = math.floor(now / limit.ms * ${SLOTS})
      redis.call('HINCRBY', KEYS[2], prefix .. whole(slot), whole(gone))
      redis.call('HSET', KEYS[2], prefix .. 'used', whole(gone), prefix .. 'tail', whole(slot), prefix .. 'next', whole(now))
      redis.call('PEXPIRE', KEYS[2], whole(limit.ms * 3))
    end
  end
end
return 1
`

/** KEYS: hold, probe, pace. ARGV: milliseconds (-1: the endpoint did not say), 1 for a limit, milliseconds that a call takes of a known limit (0: none is known). */
export const HOLD = `
local refusals = redis.call('HINCRBY', KEYS[2], 'refusals', 1)
redis.call('PEXPIRE', KEYS[2], 600000)
redis.call('HDEL', KEYS[2], 'probeUntil')
local ms = tonumber(ARGV[1])
local held = redis.call('PTTL', KEYS[1])
if held <= 0 then
  local pace = tonumber(redis.call('HGET', KEYS[3], 'ms') or '0')
  if ARGV[2] ~= '1' then pace = math.max(pace, ${RETURN_PACE_MS})
  elseif pace == 0 then
    pace = ${LIMITED_PACE_MS}
    local perCall = tonumber(ARGV[3])
    if perCall > 0 then pace = math.min(pace, 2 * perCall) end
  else pace = math.min(pace * 2, ${SLOWEST_PACE_MS}) end
  redis.call('HSET', KEYS[3], 'ms', string.format('%.3f', pace), 'nextAt', '0')
  redis.call('EXPIRE', KEYS[3], ${SECONDS_PACED})
end
if ms < 0 then
  if held > 0 then redis.call('HINCRBY', KEYS[2], 'refusals', -1) return held end
  ms = math.min(15000, 500 * 2 ^ (refusals - 1))
end
if ms > held then redis.call('SET', KEYS[1], '1', 'PX', math.max(1, math.floor(ms))) end
return math.max(ms, held)
`

export const QUICKEN = `
local pace = tonumber(redis.call('HGET', KEYS[1], 'ms') or '0') * 0.9
if pace < ${FASTEST_PACE_MS} then redis.call('DEL', KEYS[1]) else redis.call('HSET', KEYS[1], 'ms', string.format('%.3f', pace)) end
return 1
`
