-- Shared by every script of this folder: it is put in front of each by the loader.
-- KEYS:       none of its own; `holders` reads those of its script, which are our own base key and one base key a lane.
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

-- What BullMQ 5 once put into `wait` to say that there is work.
local function is_marker(id) return string.sub(id, 1, 2) == '0:' end

-- Whether the number is the last that a lease of this duty was given: a holder that slept meanwhile must not write.
local function leased(own, duty, number) return redis.call('HGET', own .. 'fences', duty) == number end

-- The message whose open record is this job's, and the record's version; false when the record has ended, nil when there
-- is none. A job whose id is not its message's is listed in `jobs` as long as the record is open.
local function open_record(own, lane, id)
  local message = redis.call('HGET', own .. 'jobs', lane .. id) or id
  local job, state, version = unpack(redis.call('HMGET', own .. 'msg:' .. message, 'job', 'state', 'v'))
  local open = state == 'queued' or state == 'attempting' or state == 'held'
  if job == lane .. id then return open and message, tonumber(version) end
end

-- The next version of something: a number that no earlier state of it can have had, also when the server has lost the last
-- ones. Counted on from what is left, a version would come back with another meaning, and a decision on the lost one pass.
local function following(version, now) return math.max(version + 1, now) end

local function raise_board(own, now)
  local version = tonumber(redis.call('HGET', own .. 'board', 'version') or 0)
  redis.call('HSET', own .. 'board', 'version', whole(following(version, now)))
end

-- Count a finding, and remember when it came up last and where.
local function note(own, code, by, now, place)
  if by > 0 then redis.call('HINCRBY', own .. 'findings', code, by) end
  redis.call('HSET', own .. 'last', code, whole(now))
  redis.call('ZADD', own .. 'where:' .. code, whole(now), place)
  redis.call('ZREMRANGEBYRANK', own .. 'where:' .. code, 0, -10001)
end

-- Each call costs the server some microseconds: what need not be done at once is gathered, and sent by `send_gathered`.
local gathered, MOST = {}, 1000
local function later(command, key, ...)
  local name = command .. ' ' .. key
  local call = gathered[name]
  if not call or #call > MOST then
    if call then guarded(redis.call, unpack(call)) end
    call = {command, key}
    gathered[name] = call
  end
  for _, word in ipairs({...}) do call[#call + 1] = word end
end

local function send_gathered()
  for _, call in pairs(gathered) do guarded(redis.call, unpack(call)) end
end

-- Who holds the jobs of these items, which begin with the number of a lane and a job id: tokens by the keys of the jobs.
local function holders(items)
  local jobs, tokens = {}, {}
  for _, item in ipairs(items) do
    if item[1] > 0 then jobs[#jobs + 1] = KEYS[1 + item[1]] .. item[2] end
  end
  for first = 1, #jobs, MOST do
    local locks = {}
    for at = first, math.min(first + MOST - 1, #jobs) do locks[#locks + 1] = jobs[at] .. ':lock' end
    for at, token in ipairs(redis.call('MGET', unpack(locks))) do tokens[jobs[first + at - 1]] = token end
  end
  return tokens
end

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

local function is_older(version) return tonumber(string.match(version or '', '^bullmq:(%d+)') or '6') < 6 end

-- The list in which a job waits, whether somebody may take it now, and whether the queue is BullMQ 5's. Before version 6
-- a paused queue keeps its jobs in `paused`, and resuming it overwrites `wait` with those.
local function doors(lane)
  local paused, concurrency, version = unpack(redis.call('HMGET', lane .. 'meta', 'paused', 'concurrency', 'version'))
  local older = is_older(version)
  local parked = paused and (older or redis.call('EXISTS', lane .. 'paused') == 1)
  local full = concurrency and redis.call('LLEN', lane .. 'active') >= tonumber(concurrency)
  return lane .. (parked and 'paused' or 'wait'), not paused and not full, older
end
