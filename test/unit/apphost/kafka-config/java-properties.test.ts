/** What each text gives is what `java.util.Properties.load` makes of it. */
import { expect, it } from "vitest";
import { parseProperties } from "../../../../apphost/kafka-config/java-properties.ts";

const read = (text: string): Record<string, string> => {
  const reading = parseProperties(text);
  if (reading.kind === "refused") throw new Error(reading.reason);
  return Object.fromEntries(reading.values);
};

it.each<[string, string, Record<string, string>]>([
  ["three separators", "a=1\nb:2\nc 3\nd\t4", { a: "1", b: "2", c: "3", d: "4" }],
  ["blanks around a separator", "  a  =  1 \n\tb : 2", { a: "1 ", b: "2" }],
  ["a second separator belongs to the value", "a==1\nb : :2\nc  =3", { a: "=1", b: ":2", c: "3" }],
  ["escaped separators belong to the key", "a\\=b=1\nc\\ d e\nf\\:g", { "a=b": "1", "c d": "e", "f:g": "" }],
  ["comments", "#a=1\n  ! b=2\nc=3 # not one", { c: "3 # not one" }],
  ["a comment does not go on", "# a \\\nb=2", { b: "2" }],
  ["lines that go on", "a=1,\\\n   2,\\\r\n\t3\nb=4", { a: "1,2,3", b: "4" }],
  ["an even number of backslashes ends the line", "a=1\\\\\nb=2", { a: "1\\", b: "2" }],
  ["a comment's sign in the middle is text", "a=1\\\n#2", { a: "1#2" }],
  ["a line of one backslash, and a comment after it", "\\\n# a\nb=1", { b: "1" }],
  ["a line that goes on into nothing", "a=1\\\n\nb=2\\", { a: "1", b: "2" }],
  ["escapes", 'a=\\t\\n\\r\\f\\u0041\\u00e9\\q\\"\\\\', { a: '\t\n\r\fA\u00e9q"\\' }],
  ["an escaped backslash before a u", "a=\\\\u00zz", { a: "\\u00zz" }],
  ["line ends of all systems", "a=1\rb=2\r\nc=3", { a: "1", b: "2", c: "3" }],
  ["the last of two", "a=1\na=2", { a: "2" }],
  ["a key without a value, and a value without a key", "a\n=b", { a: "", "": "b" }],
  ["nothing", "\n  \n\t\f\n", {}],
])("%s", (_, text, values) => {
  expect(read(text)).toEqual(values);
});

it("a \\u without four digits is refused, without the value", () => {
  expect(parseProperties("secret=abc\\u12x4")).toEqual({
    kind: "refused",
    reason: "secret has a \\u that four hex digits do not follow",
  });
  expect(parseProperties("\\u1=x").kind).toBe("refused");
});
