-- Shared by every script of this folder: it is put in front of each by the loader.
-- KEYS:       none of its own.
-- ARGV:       none of its own.
-- Reply:      none; it only defines functions.
-- Invariants: one clock per script (Redis TIME stands still while a script runs); numbers that are stored or
--             used as scores are printed with %.0f, since Lua would write 1.7e+12 for milliseconds.

-- A caller may give the time only outside production; the loader sees to that.
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function whole(number) return string.format('%.0f', number) end

-- Do a part of the work that must not stop the others when a key of its queue holds something else than BullMQ's: a job
-- whose id is the name of such a key overwrites it. True and the result, or false and the server's words.
local function guarded(work, ...)
  local done, result = pcall(work, ...)
  if done then return true, result end
  local words = tostring(type(result) == 'table' and result.err or result)
  if not string.find(words, 'WRONGTYPE', 1, true) then error(result, 0) end -- such as a server that is full
  return false, words
end

-- What a job says in a field that should be a whole number from 0, else 0: others may have written anything.
local function number_of(text)
  local number = tonumber(text or 0)
  return number and number >= 0 and number < 2 ^ 53 and math.floor(number) or 0
end

-- A job that is there: `EXISTS` is also true of a queue's own key, when a job is named like one.
local function is_job(key) return redis.call('TYPE', key).ok == 'hash' end

local function emit(lane, ...) redis.call('XADD', lane .. 'events', '*', 'event', ...) end

-- Trimmed before the script emits, so that its own events survive. The length is the queue's; BullMQ writes its
-- default down where there is none.
local function trim_events(lane)
  local longest = redis.call('HGET', lane .. 'meta', 'opts.maxLenEvents')
  if not longest then
    longest = '10000'
    redis.call('HSET', lane .. 'meta', 'opts.maxLenEvents', longest)
  end
  redis.call('XTRIM', lane .. 'events', 'MAXLEN', '~', longest)
end

-- BullMQ's way to say "there is work": member 0 with score 0.
local function mark_work(lane) redis.call('ZADD', lane .. 'marker', 0, '0') end

-- BullMQ's way to say "there will be work": member 1 with the time at which the first delayed job is due, in ms with
-- the fraction that keeps its place within that ms.
local function mark_due(lane)
  local first = redis.call('ZRANGE', lane .. 'delayed', 0, 0, 'WITHSCORES')
  if first[2] then redis.call('ZADD', lane .. 'marker', string.format('%.17g', tonumber(first[2]) / 4096), '1') end
end

local function prioritize(lane, id, priority)
  local score = priority * 4294967296 + redis.call('INCR', lane .. 'pc') % 4294967296
  redis.call('ZADD', lane .. 'prioritized', whole(score), id)
end

-- Room for 4096 jobs in each millisecond: a later job of the same millisecond comes after the earlier ones.
local function delay_until(lane, id, due)
  local low, high = due * 4096, due * 4096 + 4095
  local last = redis.call('ZREVRANGEBYSCORE', lane .. 'delayed', whole(high), whole(low), 'WITHSCORES', 'LIMIT', 0, 1)
  local score = last[2] and math.min(tonumber(last[2]) + 1, high) or low
  redis.call('ZADD', lane .. 'delayed', whole(score), id)
  return score
end
