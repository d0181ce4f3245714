-- Admit: write the intents of provider calls, or say why not; no socket is used before this said yes.
-- KEYS:       1 our own base key such as `nf:{bull}:`; then one base key a lane.
-- ARGV:       1 token, 2 time in ms or '', 3 the items as a MessagePack list (one argument is far cheaper for the
--             client than dozens), each a list: lane number, job id, message id, expected version, attempt id, provider, why, digest of the document,
--             digest of the job data, revision, type, priority, rate in calls a second ('' = none), burst, 1 when the
--             pace is tried while nothing else is known of the provider's limit (else 0), version of the board
--             that the decision rests on, ms for which it may be a probe (0 = needs no place), tokens of the retry budget
--             that it costs;
--             4 the limiter's rules as MessagePack: first pace, pace from which on there is no limit, ms within which
--             turns are kept, and the parts of the burst that critical, standard and bulk may use; 5 as MessagePack: tokens of
--             a retry budget, and tokens that come back in a ms.
-- Reply:      {time, answers}; an answer is {'ok', version, ...} | {'lost'} | {'stale'} | {'full', its turn in ms, ...}
--             | {'moved'} = the board has | {'shut', until} = another probe has the place until then (ms),
--             where ... is: the turn of the next one of this priority in ms, microseconds from turn to turn, 1 while
--             the pace is tried.
-- Invariants: an intent is written only while the job's lock is ours and the record is the one that the caller
--             decided on; never over an accepted or archived message; the same attempt id again is the same yes (a lost reply
--             is normal); tokens are taken for written intents only; a full provider gives each refused item its
--             own turn, so that waiters come back one after the other; a lower priority leaves a part of the burst to
--             the higher ones, and has its turn after theirs; a provider's state is read and written once a batch; no
--             call rests on an older board than the one that holds; a probe has its place alone until its lease runs out;
--             an attempt bears the generation of the breaker that it was admitted under.
local own, token = KEYS[1], ARGV[1]
local now = clock(ARGV[2])
local first, most, hold, parts = unpack(cmsgpack.unpack(ARGV[4]))
local items = cmsgpack.unpack(ARGV[3])
local answers, rooms, held = {}, {}, holders(items)
local board = redis.call('HGET', own .. 'board', 'version') or '0'
local breakers, budgets, budget_rules = {}, {}, cmsgpack.unpack(ARGV[5])
local RANK = {critical = 1, standard = 2, bulk = 3}
local TRIED = 100 -- calls on record while no limit is known
local TAKEN = {accepted = true, delivered = true, bounced = true, complained = true}
local OPEN = {queued = true, attempting = true, held = true}

-- The call that must be a window old before there may be one more: of a limit that is learnt later, too.
local function look_back(room)
  local call = room.planned and redis.call('LINDEX', room.calls, room.planned - 1)
  room.oldest = call and math.min(tonumber(call), now)
end

-- What holds at a provider. Generic cell rate: `tat` is the time at which the bucket would be full again. `turn` is the
-- last turn kept for somebody of a priority; no more than `planned` calls may begin in `span` ms.
local function read_room(item)
  local key = own .. 'limit:' .. item[6]
  local told = redis.call('HMGET', key, 'tat', 'until', 'rate', 'burst', 'pace', 'left', 'renew',
    'leaves2', 'leaves3', 'turn1', 'turn2', 'turn3', 'planned', 'span')
  local function number(at) return tonumber(told[at] or nil) end
  local room = {key = key, tat = number(1) or 0, closed = number(2) or 0, left = number(6), renew = number(7) or 0,
    leaves = {-1, number(8) or 0, number(9) or 0}, turn = {number(10) or 0, number(11) or 0, number(12) or 0},
    planned = number(13), span = number(14)}
  local rate = math.min(tonumber(item[13]) or math.huge, number(3) or math.huge)
  room.burst = math.min(item[14], number(4) or math.huge)
  local pace = number(5) or (item[15] == 1 and not told[3] and first) or math.huge
  if pace < math.min(rate, most) then
    rate, room.trial = pace, true
    room.burst = math.min(room.burst, 1 + pace / 10)
  end
  room.gap = rate == math.huge and 0 or 1000 / rate
  -- Nothing is further ahead than this, unless the server's clock was set back: that must not close a provider for hours.
  room.tat = math.min(room.tat, now + math.max(item[14], number(4) or 0) * room.gap)
  for rank, turn in ipairs(room.turn) do room.turn[rank] = turn > now + hold and 0 or turn end
  room.calls = key .. ':calls'
  look_back(room)
  return room
end

-- When a priority finds a token, if nobody of it waits.
local function free_at(room, rank)
  local free = room.closed
  if room.gap > 0 then free = math.max(free, room.tat - (room.burst - 1) * parts[rank] * room.gap) end
  if room.oldest then free = math.max(free, room.oldest + room.span) end
  if room.left and room.left <= room.leaves[rank] then free = math.max(free, room.renew) end
  for higher = 1, rank - 1 do
    if room.turn[higher] + room.gap > now then free = math.max(free, room.turn[higher] + room.gap) end
  end
  return free
end

-- The turn of somebody who is refused.
local function turn_of(room, rank, free)
  local turn = math.max(free, room.turn[rank] + room.gap)
  if turn > now + hold then return math.max(free, now + hold) end
  room.turn[rank] = turn
  return turn
end

local function room_of(item)
  rooms[item[6]] = rooms[item[6]] or read_room(item)
  return rooms[item[6]], RANK[item[12]] or 3
end

-- What the neighbours of the item may hope for.
local function prospects(item)
  local room, rank = room_of(item)
  local following = free_at(room, rank)
  if room.turn[rank] > now then following = math.max(following, room.turn[rank] + room.gap) end
  return math.ceil(following), math.floor(room.gap * 1000), room.trial and 1 or 0
end

-- Take a token. Returns nil, or the turn of the item.
local function take(item)
  local room, rank = room_of(item)
  local free, turn = free_at(room, rank), nil
  if free > now then
    turn, room.changed = math.ceil(turn_of(room, rank, free)), true
  elseif room.gap > 0 or room.left then
    room.tat, room.changed = math.max(room.tat, now) + room.gap, true
    room.left = room.left and math.max(room.left - 1, 0)
    if room.planned or room.trial then redis.call('LPUSH', room.calls, whole(now)) end
    look_back(room)
  end
  return turn
end

local function write_rooms()
  for _, room in pairs(rooms) do
    local fields = {'tat', string.format('%.3f', room.tat)}
    for rank = 1, 3 do
      if room.turn[rank] > now then
        fields[#fields + 1], fields[#fields + 2] = 'turn' .. rank, string.format('%.3f', room.turn[rank])
      end
    end
    if room.left then fields[#fields + 1], fields[#fields + 2] = 'left', whole(room.left) end
    if room.changed and (room.planned or room.trial) then
      redis.call('LTRIM', room.calls, 0, (room.planned or TRIED) - 1)
      redis.call('PEXPIRE', room.calls, whole(room.span or 1000))
    end
    if room.changed then redis.call('HSET', room.key, unpack(fields)) end
  end
end

-- The breaker of an item's provider: its generation, and who has the place of the probe.
local function breaker_of(item)
  local known = breakers[item[6]]
  if not known then
    local told = redis.call('HMGET', own .. 'breaker:' .. item[6], 'generation', 'probe', 'probe_until')
    known = {generation = told[1] or '0', probe = told[2] and told[2] ~= '', ends = tonumber(told[3] or 0)}
    breakers[item[6]] = known
  end
  return known
end

-- Until when another probe has the place; nil when it is free, or not needed. None has it for longer than a lease,
-- unless the server's clock was set back.
local function occupied(item)
  local known = breaker_of(item)
  local left = known.ends - now
  return item[17] > 0 and known.probe and left > 0 and left <= item[17] and known.ends or nil
end

local function take_place(item)
  if item[17] == 0 then return end
  local known = breaker_of(item)
  known.probe, known.ends = true, now + item[17]
  redis.call('HSET', own .. 'breaker:' .. item[6], 'probe', item[5], 'probe_until', whole(known.ends))
end

local function budget_of(item)
  local key = own .. 'budget:' .. item[6]
  if not budgets[key] then
    local tokens, at = unpack(redis.call('HMGET', key, 'tokens', 'at'))
    local back = tokens and math.max(now - tonumber(at), 0) * budget_rules[2]
    budgets[key] = tokens and math.min(tonumber(tokens) + back, budget_rules[1]) or budget_rules[1]
  end
  return key
end

-- When the budget for retries has what the item costs; nil when it has it now.
local function poor(item)
  if item[18] == 0 then return nil end
  local lacking = item[18] - budgets[budget_of(item)]
  return lacking > 0 and now + math.ceil(lacking / budget_rules[2]) or nil
end

local function pay(item)
  if item[18] == 0 then return end
  local key = budget_of(item)
  budgets[key] = budgets[key] - item[18]
  redis.call('HSET', key, 'tokens', string.format('%.3f', budgets[key]), 'at', whole(now))
  redis.call('PEXPIRE', key, whole(budget_rules[1] / budget_rules[2])) -- by then it is full again
end

local function write(record, attempt, item, version, list, old, looks)
  redis.call('HSET', attempt, 'provider', item[6], 'why', item[7], 'at', whole(now), 'digest', item[8],
    'owner', token, 'revision', item[10], 'members', item[3], 'gen', breaker_of(item).generation)
  local by = item[7] == 'resend' and redis.call('HGET', record, 'allowed_by')
  if by then redis.call('HSET', attempt, 'by', by) end
  if old and not OPEN[old] then redis.call('HINCRBY', own .. 'totals', old, -1) end -- it had ended at the door
  redis.call('HSET', record, 'v', whole(following(version, now)), 'state', 'attempting',
    'attempts', list and list .. ' ' .. item[5] or item[5],
    'body', item[9], 'type', item[11], 'priority', item[12], 'job', KEYS[1 + item[1]] .. item[2])
  if item[2] ~= item[3] then redis.call('HSET', own .. 'jobs', KEYS[1 + item[1]] .. item[2], item[3]) end
  if item[7] == 'replay' then
    redis.call('HINCRBY', record, 'looks', 1)
    redis.call('HSET', record, 'looked_at', whole(now))
  elseif looks then
    redis.call('HDEL', record, 'looks', 'looked_at')
  end
  later('ZADD', own .. 'inflight', whole(now), item[5])
  return following(version, now)
end

local function admit(item)
  local lane = KEYS[1 + item[1]]
  local record, attempt = own .. 'msg:' .. item[3], own .. 'att:' .. item[5]
  local version, state, list, looks, archived =
    unpack(redis.call('HMGET', record, 'v', 'state', 'attempts', 'looks', 'archived'))
  version = tonumber(version or 0)
  if list and redis.call('EXISTS', attempt) == 1 then return {'ok', version, prospects(item)} end
  if held[lane .. item[2]] ~= token then return {'lost'} end
  if version ~= item[4] or TAKEN[state] or archived then return {'stale'} end
  if board ~= item[16] then return {'moved'} end
  local ends = occupied(item)
  if ends then return {'shut', ends} end
  local turn = poor(item) or take(item)
  if turn then return {'full', turn, prospects(item)} end
  take_place(item)
  pay(item)
  return {'ok', write(record, attempt, item, version, list, state, looks), prospects(item)}
end

local fine, failure = pcall(function()
  for rank = 1, 3 do -- the batch's critical ones first
    for index, item in ipairs(items) do
      if (RANK[item[12]] or 3) == rank then answers[index] = admit(item) end
    end
  end
end)
write_rooms()
send_gathered()
if not fine then error(failure, 0) end -- what was written for the items before it stands
return {whole(now), answers}
