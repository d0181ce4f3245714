-- Missing: what became of jobs that were open at an earlier pass and were not seen at this one.
-- KEYS:       1 our own base key, 2 the lane's base key.
-- ARGV:       1 number of the pass, 2 how many to skip, 3 most jobs; then, instead of the missing, ids to look at.
-- Reply:      {how many were looked at, rows}; a row is {id, the last pass that saw it, whether its hash is there, whether
--             it has ended, when it was started last in ms, its message ('' = no open record of this job), version}.
-- Invariants: one look at job and record together, so an ended record is never taken for an open one; jobs whose
--             record has ended are no longer missed.
local own, lane, pass = KEYS[1], KEYS[2], tonumber(ARGV[1])
local census = own .. 'census:' .. lane
local rows, ids = {}, {}

for index = 4, #ARGV do ids[#ids + 1] = ARGV[index] end
if #ids == 0 then
  ids = redis.call('ZRANGEBYSCORE', census, '-inf', '(' .. ARGV[1], 'LIMIT', ARGV[2], ARGV[3])
end

local function ended(id)
  for _, set in ipairs({'completed', 'failed', 'waiting-children'}) do
    if redis.call('ZSCORE', lane .. set, id) then return 1 end
  end
  return 0
end

for _, id in ipairs(ids) do
  local key = lane .. id
  local message, version = open_record(own, lane, id)
  if message == false then
    redis.call('ZREM', census, id)
  else
    local there = is_job(key)
    rows[#rows + 1] = {id, tonumber(redis.call('ZSCORE', census, id) or pass - 1), there and 1 or 0,
      there and ended(id) or 0, there and number_of(redis.call('HGET', key, 'processedOn')) or 0,
      message or '', message and version or 0}
  end
end
return {#ids, rows}
