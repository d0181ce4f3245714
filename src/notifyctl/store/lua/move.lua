-- Move: write moves of breakers and a change of the route, all or nothing, and put them down in the log.
-- KEYS:       1 our own base key.
-- ARGV:       1 time in ms or '', 2 who, 3 the moves as a MessagePack list, each a list: provider, generation, probe,
--             faults, messages and refusal that it rests on (0 and '' = none of these), the new fields and values, its
--             line of the log; 4 the board's version that all of it rests on, absent where moves rest on their
--             breakers alone; 5 the new route, 6 verb, 7 reason, absent for moves alone.
-- Reply:      the time in ms, nothing when somebody was faster.
-- Invariants: a move is written only to the generation and the probe that it rests on, while at least the counts are
--             there that it rests on; the counts begin anew; each write raises the version and has its line in the log,
--             which keeps the last 10,000.
local own, by = KEYS[1], ARGV[2]
local now = clock(ARGV[1])
local moves = cmsgpack.unpack(ARGV[3])
local board = own .. 'board'

local function holds(move)
  local told = redis.call('HMGET', own .. 'breaker:' .. move[1], 'generation', 'probe', 'faults', 'messages', 'refused')
  local function number(at) return tonumber(told[at] or 0) end
  if (told[1] or '0') ~= move[2] or (told[2] or '') ~= move[3] then return false end
  return number(3) >= move[4] and number(4) >= move[5] and (move[6] == '' or told[5] == move[6])
end

local function log(...)
  redis.call('XADD', own .. 'transitions', 'MAXLEN', '~', 10000, '*', 'at', whole(now), 'by', by, ...)
end

if ARGV[4] and (redis.call('HGET', board, 'version') or '0') ~= ARGV[4] then return nil end
for _, move in ipairs(moves) do
  if not holds(move) then return nil end
end
for _, move in ipairs(moves) do
  local key = own .. 'breaker:' .. move[1]
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(move[7]))
  log('move', move[8])
end
if ARGV[5] then
  local before = redis.call('HGET', board, 'route') or ''
  redis.call('HSET', board, 'route', ARGV[5])
  log('before', before, 'after', ARGV[5], 'verb', ARGV[6], 'reason', ARGV[7])
end
raise_board(own, now)
return whole(now)
