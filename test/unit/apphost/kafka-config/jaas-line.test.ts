/** What each line gives is what Kafka's JaasConfig makes of it. */
import { expect, it } from "vitest";
import { parseJaasLine } from "../../../../apphost/kafka-config/jaas-line.ts";

const MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule";

it.each<[string, Record<string, string>]>([
  ['username="alice" password="secret"', { username: "alice", password: "secret" }],
  ["username=alice\n  password='it\"s'", { username: "alice", password: 'it"s' }],
  ['password="a\\"b\\\\c\\td\\101\\7"', { password: 'a"b\\c\tdA\x07' }],
  ['password="= ; // /* #"', { password: "= ; // /* #" }],
  ['/* who */ username="alice" // and no more', { username: "alice" }],
  ['username = "alice"', { username: "alice" }],
  ["", {}],
])("options: %s", (options, expected) => {
  const reading = parseJaasLine(`${MODULE} required ${options}\n;`);
  expect(reading).toEqual({ kind: "read", module: { name: MODULE, options: new Map(Object.entries(expected)) } });
});

it.each([
  ["", "begins with no login module"],
  [MODULE, "is not followed by required"],
  [`${MODULE} always username="a";`, "is not followed by required"],
  [`${MODULE} required username="a"`, "does not end with a semicolon"],
  [`${MODULE} required username="a`, "a quotation mark is not closed"],
  [`${MODULE} required username "a";`, "its option username is not followed by ="],
  [`${MODULE} required username=;`, "its option username has no value"],
  [`${MODULE} required password=12345;`, "begins like a number: put it in quotes"],
  [`${MODULE} required password=s3cr3t!;`, "something other than an option"],
  [`${MODULE} required; ${MODULE} required;`, "has more than one login module"],
])("is refused: %s", (line, reason) => {
  const reading = parseJaasLine(line);
  expect(reading).toEqual({ kind: "refused", reason: expect.stringContaining(reason) });
  expect(JSON.stringify(reading)).not.toMatch(/s3cr3t|12345/);
});
