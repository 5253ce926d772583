/**
 * The Lua text of the scripts, and their SHA-1 names. `redis-scripts.ts` has the arguments and the answers.
 *
 * L1 Each run executes at most one write command, as its last step, with absolute values. A script with two would be
 *    logged as a transaction, and a torn append-only file can cut inside that (seen on Redis 7.0.15).
 * L2 A field that is missing, or is no whole number below 2^53, is never read as zero: the answer is STORE_LOST.
 *    `by:<tm>` is the exception, because APPLY creates it.
 * L3 Numbers are Lua doubles: exact up to 2^53, written with '%.0f' ('%d' of Lua 5.1 would cut at 32 bits on some
 *    builds, and tostring() turns to exponents at 10^14).
 * L4 All scripts may be repeated: a retry with the same arguments finds its own effect and answers as if it had just
 *    been made.
 *
 * PUBLISH touches two keys in other slots than the state's hash tag: this is for one Redis server, not for a cluster.
 */
import { createHash } from "node:crypto";
import { SUM_MODULUS } from "../message.ts";
import type { ScriptName } from "./redis-scripts.ts";

/** L2 and L3, at the head of every script. */
const PRELUDE = `
local function whole(text)
  if not text or #text > 16 or not string.find(text, '^%d+$') then return nil end
  local number = tonumber(text)
  if number > ${Number.MAX_SAFE_INTEGER} then return nil end
  return number
end
local function format(number) return string.format('%.0f', number) end
`;

/** KEYS: state. ARGV: epoch, life, then field and value of the whole hash. */
const INIT = `
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], unpack(ARGV, 3))
  return {'CREATED'}
end
local names = {}
for i = 3, #ARGV, 2 do names[#names + 1] = ARGV[i] end
local complete = true
for _, value in ipairs(redis.call('HMGET', KEYS[1], unpack(names))) do
  if not value then complete = false end
end
local found = redis.call('HMGET', KEYS[1], 'epoch', 'life', 'redisRunId', 'phase')
local epoch = whole(found[1])
if epoch and epoch > tonumber(ARGV[1]) then return {'REFUSED', found[1]} end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
if not complete then return {'EXISTS', '', '', ''} end
if found[2] == ARGV[2] then return {'CREATED'} end
return {'EXISTS', found[2], found[3], found[4]}
`;

/** KEYS: state. ARGV: life, p, g. */
const ACQUIRE = `
local p, g = ARGV[2], ARGV[3]
local v = redis.call('HMGET', KEYS[1], 'life', 'fence:' .. p, 'offset:' .. p, 'lastId:' .. p, 'last:' .. p)
if v[1] ~= ARGV[1] then return {'STORE_LOST', v[1] or ''} end
local fence = whole(v[2])
if not (fence and whole(v[3]) and whole(v[4]) and v[5]) then return {'STORE_LOST', v[1]} end
if tonumber(g) < fence then return {'FENCED', v[2]} end
redis.call('HSET', KEYS[1], 'fence:' .. p, g)
return {'ACQUIRED', v[3], v[4], v[5]}
`;

/** KEYS: state. ARGV: life, p, g, tm, prev, next, n, rejected, skipped, idSum, idMix, lastId, disorder, sentAtUs. */
const APPLY = `
local key, p, g, tm, prev, following = KEYS[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local v = redis.call('HMGET', key, 'life', 'fence:' .. p, 'offset:' .. p, 'last:' .. p, 'total', 'count:' .. p,
  'rejected:' .. p, 'skipped:' .. p, 'idSum:' .. p, 'idMix:' .. p, 'disorder:' .. p, 'lastId:' .. p, 'by:' .. tm)
if v[1] ~= ARGV[1] then return {'STORE_LOST', v[1] or ''} end
local total, count, rejected, skipped = whole(v[5]), whole(v[6]), whole(v[7]), whole(v[8])
local idSum, idMix, disorder, by = whole(v[9]), whole(v[10]), whole(v[11]), 0
if v[13] then by = whole(v[13]) end
if not (whole(v[2]) and whole(v[3]) and v[4] and total and count and rejected and skipped and idSum and idMix
  and disorder and whole(v[12]) and by) then return {'STORE_LOST', v[1]} end
if v[2] ~= g then return {'FENCED', v[2]} end
if v[3] ~= prev then
  local a, b, base, by_g = string.match(v[4], '^(%d+):(%d+):%d+:(%d+):(%d+):')
  if a == prev and b == following and by_g == g then return {'DUP', base} end
  return {'SEEK', v[3]}
end
local n, base = tonumber(ARGV[7]), format(total)
redis.call('HSET', key,
  'offset:' .. p, following,
  'count:' .. p, format(count + n),
  'rejected:' .. p, format(rejected + tonumber(ARGV[8])),
  'skipped:' .. p, format(skipped + tonumber(ARGV[9])),
  'idSum:' .. p, format((idSum + tonumber(ARGV[10])) % ${SUM_MODULUS}),
  'idMix:' .. p, format((idMix + tonumber(ARGV[11])) % ${SUM_MODULUS}),
  'lastId:' .. p, ARGV[12],
  'disorder:' .. p, format(disorder + tonumber(ARGV[13])),
  'last:' .. p, prev .. ':' .. following .. ':' .. ARGV[7] .. ':' .. base .. ':' .. g .. ':' .. tm .. ':' .. ARGV[14],
  'total', format(total + n),
  'by:' .. tm, format(by + n))
return {'OK', base}
`;

/** KEYS: state, published, counter, sequence. ARGV: epoch. */
const PUBLISH = `
local v = redis.call('HMGET', KEYS[1], 'epoch', 'total')
local epoch, total = whole(v[1]), whole(v[2])
if not (epoch and total) then return {'STORE_LOST'} end
if epoch > tonumber(ARGV[1]) then return {'REFUSED', v[1]} end
redis.call('MSET', KEYS[2], v[2], KEYS[3], v[2], KEYS[4], v[2])
return {'PUBLISHED', v[2]}
`;

/** KEYS: state. ARGV: epoch, g. The hash itself says which partitions there are. */
const FENCE_ALL = `
local v = redis.call('HMGET', KEYS[1], 'epoch', 'total')
local epoch = whole(v[1])
if not (epoch and whole(v[2])) then return {'STORE_LOST'} end
if epoch > tonumber(ARGV[1]) then return {'REFUSED', v[1]} end
local write, fences, offsets = {'phase', 'stopped', 'epoch', ARGV[1]}, 0, 0
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.find(name, '^offset:%d+$') then offsets = offsets + 1 end
  if string.find(name, '^fence:%d+$') then
    fences = fences + 1
    write[#write + 1] = name
    write[#write + 1] = ARGV[2]
  end
end
if fences == 0 or fences ~= offsets then return {'STORE_LOST'} end
redis.call('HSET', KEYS[1], unpack(write))
return {'FENCED', v[2]}
`;

/**
 * KEYS: state. ARGV: epoch, life, then field and value of the whole hash. A late second copy of the same call must not
 * roll back what was applied since, so a hash that already lives this life stays as it is (L4). A `by:<tm>` that the
 * restored state does not know becomes 0: one HSET cannot remove it, and I9 sums them all.
 */
const RECOVER = `
local v = redis.call('HMGET', KEYS[1], 'epoch', 'life')
local epoch = whole(v[1])
if epoch and epoch > tonumber(ARGV[1]) then return {'REFUSED', v[1]} end
if v[2] == ARGV[2] then return {'RECOVERED'} end
local write, given = {}, {}
for i = 3, #ARGV do write[#write + 1] = ARGV[i] end
for i = 3, #ARGV, 2 do given[ARGV[i]] = true end
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(name, 1, 3) == 'by:' and not given[name] then
    write[#write + 1] = name
    write[#write + 1] = '0'
  end
end
redis.call('HSET', KEYS[1], unpack(write))
return {'RECOVERED'}
`;

export const SCRIPT_TEXT: Readonly<Record<ScriptName, string>> = {
  INIT: PRELUDE + INIT,
  ACQUIRE: PRELUDE + ACQUIRE,
  APPLY: PRELUDE + APPLY,
  PUBLISH: PRELUDE + PUBLISH,
  FENCE_ALL: PRELUDE + FENCE_ALL,
  RECOVER: PRELUDE + RECOVER,
};

/** By script: what EVALSHA calls it. */
export const SCRIPT_SHA: Readonly<Record<ScriptName, string>> = {
  INIT: shaOf(SCRIPT_TEXT.INIT),
  ACQUIRE: shaOf(SCRIPT_TEXT.ACQUIRE),
  APPLY: shaOf(SCRIPT_TEXT.APPLY),
  PUBLISH: shaOf(SCRIPT_TEXT.PUBLISH),
  FENCE_ALL: shaOf(SCRIPT_TEXT.FENCE_ALL),
  RECOVER: shaOf(SCRIPT_TEXT.RECOVER),
};

function shaOf(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
