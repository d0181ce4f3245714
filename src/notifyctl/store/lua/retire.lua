-- Retire: forget the attempts of messages that have ended and are on the disk; a tombstone of each stays.
-- KEYS:       1 our own base key.
-- ARGV:       1 time in ms or '', 2 ms for which a tombstone stays, 3 the items as a MessagePack list, each a list: message
--             id, version of the record that is on the disk, mark (month, host and number of the batch), item of the
--             review queue that must not wait.
-- Reply:      for each item 1 = a tombstone with this mark stands, 0 = nothing was done: the record has moved on, is open
--             or in doubt, waits for a person, or was retired under another mark.
-- Invariants: nothing is forgotten that is not as it was written to the disk; the same call again has the same answers; a
--             tombstone has no attempts, and whatever asks for the message finds that it has ended.
local own = KEYS[1]
local now = clock(ARGV[1])
local answers = {}
local STAYS = {queued = true, attempting = true, held = true, unknown = true}
local KEPT = {'state', 'reason', 'provider', 'provider_id', 'job', 'changed_at', 'type'}

local function bury(record, version, list, mark)
  local fields, told = {'v', whole(following(version, now)), 'archived', mark}, redis.call('HMGET', record, unpack(KEPT))
  for at, name in ipairs(KEPT) do
    if told[at] and told[at] ~= '' then
      fields[#fields + 1], fields[#fields + 2] = name, told[at]
    end
  end
  for id in string.gmatch(list or '', '%S+') do redis.call('DEL', own .. 'att:' .. id) end
  redis.call('DEL', record)
  redis.call('HSET', record, unpack(fields))
  redis.call('PEXPIRE', record, ARGV[2])
end

local function retire(item)
  local record = own .. 'msg:' .. item[1]
  local version, state, list, mark = unpack(redis.call('HMGET', record, 'v', 'state', 'attempts', 'archived'))
  if mark then return mark == item[3] and 1 or 0 end
  if not version or tonumber(version) ~= item[2] or STAYS[state] then return 0 end
  if redis.call('ZSCORE', own .. 'review', item[4]) then return 0 end
  bury(record, tonumber(version), list, item[3])
  return 1
end

for index, item in ipairs(cmsgpack.unpack(ARGV[3])) do answers[index] = retire(item) end
return answers
