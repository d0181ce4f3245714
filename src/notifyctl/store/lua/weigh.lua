-- Weigh: count the outcome of a call that is no message of the queue, as settle counts those of messages.
-- KEYS:       1 our own base key.
-- ARGV:       1 time in ms or '', 2 rules of the tally as a MessagePack list, 3 provider, 4 weight, 5 its detail, 6 name of
--             the message, 7 generation of the breaker under which it was sent.
-- Reply:      none.
-- Invariants: those of the tally; what was sent under another generation counts nothing.
local own, now, rules = KEYS[1], clock(ARGV[1]), cmsgpack.unpack(ARGV[2])
tally.weigh(own, now, rules, {provider = ARGV[3], weight = ARGV[4], detail = ARGV[5], message = ARGV[6],
  generation = ARGV[7], at = now})
tally.write(own, now, rules)
