/** What needs no other program to be seen. `integration/foreign-syntax.test.ts` lets the other programs read it. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { RedisAddress } from "../../../simulator/common/foundation/address.ts";
import {
  escapeForLine,
  escapeForTerminal,
  formatJavaProperties,
  formatShellWord,
  formatStackExchangeRedis,
  quoteForRedis,
} from "../../../simulator/common/foundation/foreign-syntax.ts";

it.each([
  ["a key's own signs", "k y:=#!\\", "v", "k\\ y\\:\\=\\#\\!\\\\=v\n"],
  ["a value's backslash", "k", "C:\\new\\u0041", "k=C:\\\\new\\\\u0041\n"],
  ["blanks at the begin of a value", "k", "  v ", "k=\\  v \n"],
  ["no sign of a value that means nothing there", "listeners", "A://h:1,#=!", "listeners=A://h:1,#=!\n"],
  [
    "what ISO-8859-1 lacks, and line breaks",
    "k",
    "ü日🙂\n\r\t\f",
    "k=\\u00fc\\u65e5\\ud83d\\ude42\\u000a\\u000d\\u0009\\u000c\n",
  ],
])("properties: escapes %s", (_, key, value, line) => {
  expect(formatJavaProperties({ [key]: value })).toBe(line);
});

it("properties: whatever is in a pair, it is one line of ASCII", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, (key, value) =>
      /^[\x20-\x7e]*=[\x20-\x7e]*\n$/.test(formatJavaProperties({ [key]: value })),
    ),
  );
});

it.each([
  ["/a b/ü", '"/a b/ü"'],
  ['a"\\n', '"a\\"\\\\n"'],
  ["a\nb\r\t\x1b\x7f", '"a\\x0ab\\x0d\\x09\\x1b\\x7f"'],
])("redis.conf: quotes %j", (text, quoted) => {
  expect(quoteForRedis(text)).toBe(quoted);
});

it("a command that a person may copy has quotes only where a shell needs them", () => {
  expect(formatShellWord("../runs/a-b_c:1,2")).toBe("../runs/a-b_c:1,2");
  expect(formatShellWord("my runs")).toBe("'my runs'");
  expect(formatShellWord("it's $HOME")).toBe("'it'\\''s $HOME'");
  expect(formatShellWord("")).toBe("''");
});

const ADDRESS: RedisAddress = { host: "h", port: 1, tls: false, username: "", password: "", database: 0 };

it.each([
  [{}, "h:1"],
  [{ password: "p" }, "h:1,password=p"],
  [{ username: "default", password: "p" }, "h:1,password=p"],
  [{ username: "alice" }, "h:1,user=alice"],
  [
    { host: "::1", username: "alice", password: "p=w:/@", database: 3, tls: true },
    "[::1]:1,user=alice,password=p=w:/@,defaultDatabase=3,ssl=True",
  ],
] as const)("StackExchange.Redis: %j is %s", (parts, text) => {
  expect(formatStackExchangeRedis({ ...ADDRESS, ...parts })).toBe(text);
});

it.each([{ password: "a,ssl=False" }, { username: "a,b" }, { password: " a" }, { password: "a\t" }])(
  "StackExchange.Redis: %j would be read as something else, and is not written",
  (parts) => {
    expect(formatStackExchangeRedis({ ...ADDRESS, ...parts })).toBeUndefined();
  },
);

it("terminal: no control sign gets through but breaks and tabs, and in a line not even these", () => {
  expect(escapeForTerminal("a\u001b[2J\u0007\u009bü\r\n\tb")).toBe("a\\u001b[2J\\u0007\\u009bü\\u000d\n\tb");
  expect(escapeForLine("evil\u001b[2J\nrun 1 PASSED")).toBe("evil\\u001b[2J\\u000arun 1 PASSED");
});
