/** Random commands on streams, and what of their replies depends on the clock. */
import type { RawReply } from "./resp-client.ts";

/** Ids are given, never `*`: two servers do not have the same clock. */
export function streamCommands(random: (below: number) => number): (() => string[])[] {
  const pick = (...from: readonly string[]) => from[random(from.length)] as string;
  const maybe = (...args: readonly string[]) => (random(3) === 0 ? [...args] : []);
  const member = () => pick("x", "y", "", "\xff\x00");
  const value = () => pick("1", "text", "");
  const count = () => pick("0", "1", "2", "100", "-1", "x");
  const stream = () => pick("s", "s", "t", "t", "a");
  const id = () =>
    pick("1-1", "1-2", "2", "2-5", "3-0", "5-7", "0", "0-0", "9-9", "x", "1-x", "18446744073709551615-1");
  const newId = () => `${random(30)}-${random(3) === 0 ? "*" : random(4)}`;
  const rangeEnd = () => pick("-", "+", "1-1", "(1-1", "2", "(2", "5-7", "+", "-", "(x", "(0-0");
  const group = () => pick("g", "g", "g", "k", "none");
  const consumer = () => pick("c", "d", "e");
  const trim = () =>
    pick(
      "MAXLEN 5",
      "MAXLEN = 3",
      "MINID 2",
      "MINID = 4-1",
      "MAXLEN x",
      "MAXLEN -1",
      "MAXLEN 5 LIMIT 1",
      "MAXLEN ~ 500",
    ).split(" ");
  return [
    () => ["XADD", stream(), newId(), member(), value()],
    () => ["XADD", stream(), newId(), member(), value(), member(), value()],
    () => [
      "XADD",
      stream(),
      ...maybe("NOMKSTREAM"),
      ...maybe(...trim()),
      pick(newId(), id()),
      member(),
      ...maybe(value()),
    ],
    () => ["XLEN", stream()],
    () => ["XRANGE", stream(), rangeEnd(), rangeEnd(), ...maybe("COUNT", count())],
    () => ["XREVRANGE", stream(), rangeEnd(), rangeEnd(), ...maybe("COUNT", count())],
    () => ["XDEL", stream(), id(), id()],
    () => ["XTRIM", stream(), ...trim()],
    () => ["XTRIM", stream(), "MAXLEN", "=", "20"],
    () => [
      "XSETID",
      stream(),
      newId().replace("*", "1"),
      ...maybe("ENTRIESADDED", count()),
      ...maybe("MAXDELETEDID", id()),
    ],
    () => ["XREAD", ...maybe("COUNT", count()), "STREAMS", stream(), pick(id(), "$", ">")],
    () => ["XREAD", "STREAMS", "s", "t", id(), ...maybe(id())],
    () => [
      "XGROUP",
      "CREATE",
      stream(),
      group(),
      pick(id(), "$", "0", "0"),
      ...maybe("MKSTREAM"),
      ...maybe("ENTRIESREAD", count()),
    ],
    () => ["XGROUP", "SETID", stream(), group(), pick(id(), "$", "0"), ...maybe("ENTRIESREAD", count())],
    () => ["XGROUP", pick("CREATECONSUMER", "CREATECONSUMER", "DELCONSUMER"), stream(), group(), consumer()],
    () =>
      random(4) === 0 ? ["XGROUP", "DESTROY", stream(), group()] : ["XGROUP", pick("NONSENSE", "CREATE"), stream()],
    () => [
      "XREADGROUP",
      "GROUP",
      group(),
      consumer(),
      ...maybe("COUNT", count()),
      ...maybe("NOACK"),
      "STREAMS",
      stream(),
      pick(">", ">", id(), "0", "$"),
    ],
    () => ["XREADGROUP", "GROUP", group(), consumer(), "STREAMS", stream(), ">"],
    () => ["XREADGROUP", "GROUP", "g", consumer(), "COUNT", "2", "STREAMS", "s", "t", ">", pick(">", "0")],
    () => ["XACK", stream(), group(), id(), id()],
    () => ["XPENDING", stream(), group()],
    () => ["XPENDING", stream(), group(), rangeEnd(), rangeEnd(), count(), ...maybe(consumer())],
    () => ["XPENDING", stream(), group(), "IDLE", "0", "-", "+", ...maybe("10")],
    () => [
      "XCLAIM",
      stream(),
      group(),
      consumer(),
      pick("0", "0", "0", "x", "1000000"),
      id(),
      id(),
      ...maybe("FORCE"),
      ...maybe("JUSTID"),
      ...maybe("RETRYCOUNT", count()),
      ...maybe("LASTID", id()),
      ...maybe("NONSENSE"),
    ],
    () => [
      "XAUTOCLAIM",
      stream(),
      group(),
      consumer(),
      pick("0", "0", "x", "1000000"),
      rangeEnd(),
      ...maybe("COUNT", count()),
      ...maybe("JUSTID"),
    ],
    () => ["XINFO", pick("STREAM", "GROUPS"), stream()],
    () => ["XINFO", "CONSUMERS", stream(), group()],
    () => ["XINFO", pick("NONSENSE", "STREAM", "CONSUMERS"), ...maybe(stream())],
  ];
}

/** Without what depends on the clock (idle times), and without the nodes of the tree that only Redis has. */
export function withoutClock(request: readonly string[], reply: RawReply): RawReply {
  const [mark, value] = reply;
  if (!Array.isArray(value)) return reply;
  const elements = value as readonly RawReply[];
  switch (`${request[0]} ${request[1]}`) {
    case "XINFO STREAM":
      return [mark, elements.filter((_, i) => !["radix-tree-keys", "radix-tree-nodes"].includes(nameAt(elements, i)))];
    case "XINFO CONSUMERS":
      return [
        mark,
        elements.map(([kind, facts]): RawReply => {
          const pairs = facts as readonly RawReply[];
          return [kind, pairs.filter((_, i) => nameAt(pairs, i) !== "idle")];
        }),
      ];
    default: {
      if (request[0] !== "XPENDING" || request.length === 3) return reply;
      const withoutIdle = ([kind, entry]: RawReply): RawReply => [kind, (entry as readonly RawReply[]).toSpliced(2, 1)];
      return [mark, elements.map(withoutIdle)];
    }
  }
}

/** The name of the pair that the element belongs to, whether it is the name or the value. */
function nameAt(pairs: readonly RawReply[], index: number): string {
  return String(pairs[index - (index % 2)]?.[1]);
}
