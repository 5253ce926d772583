/** Random Redis commands over few keys, so that types meet, and how their replies are compared. */
import { streamCommands, withoutClock } from "./redis-stream-walk.ts";
import type { RawReply } from "./resp-client.ts";

type Random = (below: number) => number;

/**
 * One command of the walk. What is left to chance or to the clock in Redis itself (SPOP of some, TTL in the middle of a
 * second) is asked for only where all answers must be the same.
 */
export function randomRedisCommand(random: Random): string[] {
  const pick = (...from: readonly string[]) => from[random(from.length)] as string;
  const maybe = (...args: readonly string[]) => (random(3) === 0 ? [...args] : []);
  const key = () => pick("a", "b", "c", "d", "e", "f", "g", "h");
  const member = () => pick("x", "y", "z", "1", "2", "30", "", "\xff\x00");
  const value = () => pick("1", "-7", "text", "", "9223372036854775800", "12", "0.1", "3000.1", "-0.5", " 1", "1e3");
  const by = () => pick("1", "-3", "100", "x", "0.2", "9223372036854775807", "-9223372036854775808");
  const index = () => pick("0", "1", "2", "-1", "-2", "5", "-100", "100", "x");
  const score = () =>
    pick("1", "2", "2.5", "-1", "0.1", "inf", "-inf", "1e20", "3.14159", "x", "1e-7", "123456789012345680");
  const bound = () => pick("-inf", "+inf", "1", "(1", "2.5", "(2", "0", "x");
  const lex = () => pick("-", "+", "[x", "(y", "[z", "x", "[");
  const offset = () => pick("0", "7", "8", "13", "100", "-1", "x", "4294967296");
  const end = () => pick("LEFT", "RIGHT", "left", "UP");
  const count = () => pick("0", "1", "2", "100", "-1", "x");
  const far = () => pick("4102444800", "4102444900", "1", "x", "-5");
  const flag = () => maybe(pick("NX", "XX", "GT", "LT", "FOO"));
  const strings: (() => string[])[] = [
    () => [
      "SET",
      key(),
      value(),
      ...maybe(pick("NX", "XX")),
      ...maybe("GET"),
      ...maybe("EXAT", pick("4102444800", "x", "0")),
      ...maybe("KEEPTTL"),
    ],
    () => ["GET", key()],
    () => ["SETBIT", key(), offset(), pick("0", "1", "2", "x")],
    () => ["GETBIT", key(), offset()],
    () => ["BITCOUNT", key(), ...maybe(index(), ...maybe(index())), ...maybe(pick("BIT", "BYTE", "BAR"))],
    () => ["BITCOUNT", key(), index(), index(), ...maybe(pick("BIT", "byte"))],
    () => [
      "BITPOS",
      key(),
      pick("0", "1", "0", "1", "2", "x"),
      ...maybe(index()),
      ...maybe(index(), ...maybe(pick("BIT", "BYTE", "BAR"))),
    ],
    () => ["BITPOS", key(), pick("0", "1"), index(), index(), ...maybe(pick("BIT", "BYTE"))],
    () => ["GETEX", key(), ...maybe("PERSIST"), ...maybe("EXAT", far())],
    () => ["SETEX", key(), pick("1000", "0", "-1", "x"), value()],
    () => ["PSETEX", key(), pick("1000000", "0", "x"), value()],
    () => ["GETSET", key(), value()],
    () => ["GETDEL", key()],
    () => ["SETNX", key(), value()],
    () => ["MSETNX", key(), value(), key(), value()],
    () => ["MSET", key(), value(), key(), value(), ...maybe("odd")],
    () => ["MGET", key(), key()],
    () => ["APPEND", key(), value()],
    () => ["STRLEN", key()],
    () => ["GETRANGE", key(), index(), index()],
    () => ["SUBSTR", key(), index(), index()],
    () => ["SETRANGE", key(), pick("0", "3", "10", "-1", "x"), value()],
    () => [pick("INCR", "DECR"), key()],
    () => [pick("INCRBY", "DECRBY", "INCRBYFLOAT"), key(), by()],
  ];
  const keys: (() => string[])[] = [
    () => [pick("DEL", "UNLINK", "EXISTS", "TOUCH"), key(), key()],
    () => ["TYPE", key()],
    () => [
      pick("EXPIREAT", "PEXPIREAT"),
      key(),
      pick("4102444800000", "4102444900000", "1", "x", "-5"),
      ...flag(),
      ...flag(),
    ],
    () => ["EXPIREAT", key(), far(), ...flag()],
    () => ["EXPIRE", key(), pick("9223372036854775807", "-1", "x")],
    () => ["PERSIST", key()],
    () => [pick("RENAME", "RENAMENX"), key(), key()],
    () => ["COPY", key(), key(), ...maybe("REPLACE"), ...maybe("DB", pick("0", "1", "99", "x"))],
    () => ["MOVE", key(), pick("0", "1", "99")],
    () => ["SELECT", pick("0", "0", "0", "1", "16", "x")],
    () => ["KEYS", pick("*", "?", "[a-c]", "[^a]", "\\a")],
    () => ["SCAN", "0", "COUNT", "1000", ...maybe("MATCH", pick("*", "[a-c]"))],
    () => [
      pick("HSCAN", "SSCAN", "ZSCAN"),
      key(),
      pick("0", "x"),
      "COUNT",
      pick("1000", "0", "x"),
      ...maybe("NOVALUES"),
    ],
    () => [
      pick("EXPIREAT", "PEXPIREAT"),
      key(),
      "4102444800",
      pick("NX", "XX", "GT", "LT"),
      pick("NX", "XX", "GT", "LT"),
    ],
    () => ["SCAN", "0", "COUNT", "1000", ...maybe("TYPE", pick("string", "list", "zset", "none"))],
    () => ["DBSIZE"],
    () => ["OBJECT", pick("REFCOUNT", "FREQ", "NONSENSE"), "none"],
    () => [pick("MULTI", "EXEC", "EXEC", "DISCARD", "EXEC", "DISCARD")],
    () => ["WATCH", key()],
    () => ["NONSENSE", key(), value()],
    () => [pick("GET", "HSET", "LPUSH", "ZADD", "SADD", "COPY", "SUBSCRIBE")],
  ];
  const hashes: (() => string[])[] = [
    () => ["HSET", key(), member(), value(), member(), value(), ...maybe("odd")],
    () => ["HGET", key(), member()],
    () => ["HMGET", key(), member(), member()],
    () => ["HGETALL", key()],
    () => ["HDEL", key(), member(), member()],
    () => [pick("HEXISTS", "HSTRLEN"), key(), member()],
    () => [pick("HLEN", "HKEYS", "HVALS"), key()],
    () => ["HSETNX", key(), member(), value()],
    () => [pick("HINCRBY", "HINCRBYFLOAT"), key(), member(), by()],
    () => ["HSCAN", key(), "0", ...maybe("MATCH", "?")],
    () => ["HRANDFIELD", key(), pick("100", "0"), ...maybe("WITHVALUES")],
  ];
  const lists: (() => string[])[] = [
    () => [pick("LPUSH", "RPUSH"), key(), member(), member(), member()],
    () => [pick("LPUSHX", "RPUSHX"), key(), member()],
    () => [pick("LPOP", "RPOP"), key(), ...maybe(count())],
    () => ["LLEN", key()],
    () => ["LINDEX", key(), index()],
    () => ["LRANGE", key(), index(), index()],
    () => ["LSET", key(), index(), value()],
    () => ["LTRIM", key(), index(), index()],
    () => ["LINSERT", key(), pick("BEFORE", "AFTER", "NEAR"), member(), member()],
    () => ["LREM", key(), count(), member()],
    () => ["LPOS", key(), member(), ...maybe("RANK", index()), ...maybe("COUNT", count()), ...maybe("MAXLEN", count())],
    () => ["RPOPLPUSH", key(), key()],
    () => ["LMOVE", key(), key(), end(), end()],
    () => ["LMPOP", pick("2", "1", "0", "x"), key(), key(), end(), ...maybe("COUNT", count())],
  ];
  const sets: (() => string[])[] = [
    () => ["SADD", key(), member(), member()],
    () => ["SREM", key(), member(), member()],
    () => [pick("SCARD", "SMEMBERS"), key()],
    () => ["SISMEMBER", key(), member()],
    () => ["SMISMEMBER", key(), member(), member()],
    () => ["SPOP", key(), pick("100", "0", "-1", "x")],
    () => ["SRANDMEMBER", key(), pick("100", "0", "x")],
    () => ["SMOVE", key(), key(), member()],
    () => [pick("SUNION", "SINTER", "SDIFF"), key(), key()],
    () => [pick("SUNIONSTORE", "SINTERSTORE", "SDIFFSTORE"), key(), key(), key()],
    () => ["SINTERCARD", pick("2", "1", "0", "9"), key(), key(), ...maybe("LIMIT", count())],
    () => ["SSCAN", key(), "0", ...maybe("MATCH", "?")],
  ];
  const sortedSets: (() => string[])[] = [
    () => ["ZADD", key(), ...flag(), ...maybe("CH"), ...maybe("INCR"), score(), member(), ...maybe(score(), member())],
    () => ["ZADD", key(), score(), member(), score(), member()],
    // Ranges by member mean something only where all scores are the same.
    () => ["ZADD", "lex", "0", member(), "0", member()],
    () => ["ZINCRBY", key(), score(), member()],
    () => ["ZREM", key(), member(), member()],
    () => ["ZCARD", key()],
    () => [pick("ZSCORE", "ZRANK", "ZREVRANK"), key(), member()],
    () => ["ZMSCORE", key(), member(), member()],
    () => [pick("ZPOPMIN", "ZPOPMAX"), key(), ...maybe(count())],
    () => ["ZMPOP", pick("2", "0"), key(), key(), pick("MIN", "MAX", "MID"), ...maybe("COUNT", count())],
    () => ["ZRANGE", key(), index(), index(), ...maybe("REV"), ...maybe("WITHSCORES"), ...maybe("LIMIT", "0", "1")],
    () => [
      "ZRANGE",
      key(),
      bound(),
      bound(),
      "BYSCORE",
      ...maybe("REV"),
      ...maybe("WITHSCORES"),
      ...maybe("LIMIT", index(), index()),
    ],
    () => ["ZRANGE", "lex", lex(), lex(), "BYLEX", ...maybe("REV"), ...maybe("LIMIT", index(), index())],
    () => ["ZREVRANGE", key(), index(), index(), ...maybe("WITHSCORES")],
    () => [
      pick("ZRANGEBYSCORE", "ZREVRANGEBYSCORE"),
      key(),
      bound(),
      bound(),
      ...maybe("WITHSCORES"),
      ...maybe("LIMIT", index(), index()),
    ],
    () => [pick("ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZLEXCOUNT", "ZREMRANGEBYLEX"), "lex", lex(), lex()],
    () => [pick("ZCOUNT", "ZREMRANGEBYSCORE"), key(), bound(), bound()],
    () => ["ZREMRANGEBYRANK", key(), index(), index()],
    () => ["ZRANGESTORE", key(), key(), bound(), bound(), "BYSCORE", ...maybe("REV")],
    () => [
      pick("ZUNION", "ZINTER"),
      pick("2", "0"),
      key(),
      key(),
      ...maybe("WEIGHTS", score(), score()),
      ...maybe("AGGREGATE", pick("SUM", "MIN", "MAX", "AVG")),
      ...maybe("WITHSCORES"),
    ],
    () => ["ZDIFF", "2", key(), key(), ...maybe("WITHSCORES")],
    () => [pick("ZUNIONSTORE", "ZINTERSTORE"), key(), "2", key(), key(), ...maybe("WEIGHTS", score(), score())],
    () => ["ZDIFFSTORE", key(), "2", key(), key()],
    () => ["ZINTERCARD", "2", key(), key(), ...maybe("LIMIT", count())],
    () => ["ZSCAN", key(), "0", ...maybe("MATCH", "?")],
    () => ["ZRANDMEMBER", key(), pick("100", "0"), ...maybe("WITHSCORES")],
  ];
  const groups = [strings, keys, hashes, lists, sets, sortedSets, streamCommands(random)];
  const group = groups[random(groups.length)] as (() => string[])[];
  return (group[random(group.length)] as () => string[])();
}

const UNORDERED = new Set([
  "KEYS",
  "HKEYS",
  "HVALS",
  "SMEMBERS",
  "SUNION",
  "SINTER",
  "SDIFF",
  "SPOP",
  "SRANDMEMBER",
  "PUBSUB",
]);
const UNORDERED_PAIRS = new Set(["HGETALL", "HRANDFIELD", "ZRANDMEMBER"]);
const SCANS = new Set(["SCAN", "SSCAN", "HSCAN", "ZSCAN"]);

/** The reply with everything in one order, where Redis promises none. */
export function orderReply(request: readonly string[], reply: RawReply): RawReply {
  const name = (request[0] ?? "").toUpperCase();
  if (name.startsWith("X")) return withoutClock(request, reply);
  const [mark, value] = reply;
  if (!Array.isArray(value)) return reply;
  if (SCANS.has(name)) {
    const [cursor, items] = value as unknown as readonly [RawReply, RawReply];
    return [mark, [cursor, sortElements(items, name === "HSCAN" || name === "ZSCAN" ? 2 : 1)]];
  }
  const isFlatPairs =
    UNORDERED_PAIRS.has(name) &&
    (mark === "%" ||
      ((name === "HGETALL" || request.length === 4) && !value.some((element) => Array.isArray(element[1]))));
  if (isFlatPairs) return sortElements(reply, 2);
  return UNORDERED.has(name) || UNORDERED_PAIRS.has(name) ? sortElements(reply, 1) : reply;
}

function sortElements([mark, value]: RawReply, size: number): RawReply {
  if (!Array.isArray(value)) return [mark, value];
  const groups: RawReply[][] = [];
  for (let i = 0; i < value.length; i += size) groups.push(value.slice(i, i + size));
  const text = (group: readonly RawReply[]) => JSON.stringify(group);
  return [mark, groups.toSorted((a, b) => (text(a) < text(b) ? -1 : 1)).flat()];
}
