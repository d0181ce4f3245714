-- Limit: remember what a provider said of its room.
-- KEYS:       1 our own base key.
-- ARGV:       1 provider, 2 time in ms or '', 3 closed for so many ms ('' = not), 4 calls that the provider's window
--             still has ('' = not told), 5 'good' after calls that were answered well, 'many' after one too many, ''
--             else, 6 calls a second that the caller knows to be in force ('' = no limit), 7 the rules as MessagePack:
--             first, most and least pace, {growth, ms} while no limit was met, the same afterwards, {cut of a tried
--             pace, of a known rate, ms}; 8 calls a second, 9 calls at once and 10 calls in 11 so many ms that we may
--             plan for ('' = not told).
-- Reply:      the time until which the provider is closed, in ms.
-- Invariants: a later answer never shortens an earlier closure; only `admit` takes tokens; the pace changes once in so
--             many ms, however many workers say the same.
local key = KEYS[1] .. 'limit:' .. ARGV[1]
local now = clock(ARGV[2])
local first, most, least, fast, slow, cut = unpack(cmsgpack.unpack(ARGV[7]))
local known = redis.call('HMGET', key, 'rate', 'burst', 'pace', 'changed', 'cut', 'until', 'tat')
local rate, burst, pace, changed = tonumber(known[1]), tonumber(known[2]), tonumber(known[3]), tonumber(known[4] or 0)
local closed, tat = tonumber(known[6] or 0), tonumber(known[7] or 0)

-- Turns that were given at another pace are void.
local function forget_turns()
  redis.call('HDEL', key, 'turn1', 'turn2', 'turn3')
end

local function learn(new_rate, new_burst)
  if rate == new_rate and burst == new_burst then return end
  rate, burst, pace = new_rate, new_burst, nil
  redis.call('HSET', key, 'rate', ARGV[8], 'burst', ARGV[9], 'planned', ARGV[10], 'span', ARGV[11])
  redis.call('HDEL', key, 'pace', 'changed', 'cut')
  forget_turns()
end

local function grow()
  local step = known[5] and slow or fast
  local base = pace or tonumber(ARGV[6]) or first
  if (rate and not pace) or base >= most or now - changed < step[2] then return end
  if rate and base * step[1] >= rate then return redis.call('HDEL', key, 'pace', 'changed', 'cut') end
  redis.call('HSET', key, 'pace', string.format('%.3f', base * step[1]), 'changed', whole(now))
  if step == fast then forget_turns() end
end

local function slow_down()
  if known[5] and now - changed < cut[3] then return end
  local base = math.min(pace or rate or tonumber(ARGV[6]) or most, most)
  local slower = math.max(base * (rate and cut[2] or cut[1]), least)
  redis.call('HSET', key, 'pace', string.format('%.3f', slower), 'changed', whole(now), 'cut', 1)
end

if ARGV[8] ~= '' then learn(tonumber(ARGV[8]), tonumber(ARGV[9])) end
if ARGV[4] ~= '' and rate then
  local level = now + (burst - tonumber(ARGV[4])) * 1000 / rate
  if level > tat then redis.call('HSET', key, 'tat', string.format('%.3f', level)) end
end
if ARGV[5] == 'good' then grow() elseif ARGV[5] == 'many' then slow_down() end
if ARGV[3] ~= '' then
  closed = math.max(closed, now + tonumber(ARGV[3]))
  redis.call('HSET', key, 'until', whole(closed))
end
return whole(closed)
