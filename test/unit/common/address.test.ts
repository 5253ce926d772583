import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatHostPort,
  formatKafkaAddresses,
  formatRedisAddress,
  isLoopback,
  parseHostPort,
  parseKafkaAddresses,
  parseRedisAddress,
  type RedisAddress,
  redisPlace,
  requireKafkaAddresses,
  requireRedisAddress,
} from "../../../simulator/common/foundation/address.ts";

describe("HOST:PORT", () => {
  it.each([
    ["localhost:9092", "localhost", 9092],
    ["kafka_1.example.com:1", "kafka_1.example.com", 1],
    ["127.0.0.1:65535", "127.0.0.1", 65_535],
    ["[::1]:9092", "::1", 9092],
    ["[2001:DB8::8]:9092", "2001:DB8::8", 9092],
    ["[::ffff:127.0.0.1]:9092", "::ffff:127.0.0.1", 9092],
    ["[fe80::1%eth0]:9092", "fe80::1%eth0", 9092],
  ])("reads %s, and writes it again (A1)", (text, host, port) => {
    expect(parseHostPort(text)).toEqual({ host, port });
    expect(formatHostPort({ host, port })).toBe(text);
  });

  it.each([
    "",
    "h",
    "h:",
    ":9092",
    "h:0",
    "h:65536",
    "h:99999999999",
    "h:-1",
    "h:1e3",
    "h:9092 ",
    " h:9092",
    "a b:9092",
    "::1:9092",
    "[::1]",
    "[::1]9092",
    "[]:9092",
    "[::g]:9092",
    "[1::2::3]:9092",
    "[127.0.0.1]:9092",
    "[::1%]:9092",
    "h:1:2",
    "h/x:1",
    "bücher:1",
    "h\n:1",
  ])("refuses %j (A2)", (text) => {
    expect(parseHostPort(text)).toBeUndefined();
  });
});

describe("Kafka's addresses", () => {
  it.each([
    ["h:1", "h:1"],
    ["h:1,[::1]:2", "h:1,[::1]:2"],
    [" h:1 , i:2 ", "h:1,i:2"],
    ["PLAINTEXT://h:1,plaintext://[::1]:2", "h:1,[::1]:2"],
  ])("reads %j as bootstrap.servers has it: %s", (text, canonical) => {
    const addresses = parseKafkaAddresses(text) ?? [];
    expect(formatKafkaAddresses(addresses)).toBe(canonical);
    expect(parseKafkaAddresses(canonical)).toEqual(addresses);
  });

  it.each(["", ",", "h:1,", ",h:1", "h:1,,i:2", "h:1;i:2", "h:1 i:2", "h:1,i", "SSL://h:1", "http://h:1", "u:p@h:1"])(
    "refuses %j as a whole (A2)",
    (text) => {
      expect(parseKafkaAddresses(text)).toBeUndefined();
      expect(() => requireKafkaAddresses(text, "--kafka")).toThrow(/^--kafka .*expected HOST:PORT/);
    },
  );
});

const NOBODY = { tls: false, username: "", password: "", database: 0 };

describe("a Redis URL", () => {
  it.each<[string, RedisAddress, string]>([
    ["redis://localhost", { ...NOBODY, host: "localhost", port: 6379 }, "redis://localhost:6379"],
    ["redis://h:7000/", { ...NOBODY, host: "h", port: 7000 }, "redis://h:7000"],
    ["REDIS://[::1]:7000/03", { ...NOBODY, host: "::1", port: 7000, database: 3 }, "redis://[::1]:7000/3"],
    ["rediss://[::1]", { ...NOBODY, tls: true, host: "::1", port: 6379 }, "rediss://[::1]:6379"],
    ["redis://:p%40ss@h:1", { ...NOBODY, host: "h", port: 1, password: "p@ss" }, "redis://:p%40ss@h:1"],
    [
      "redis://me:pw@h:1/15",
      { ...NOBODY, host: "h", port: 1, username: "me", password: "pw", database: 15 },
      "redis://me:pw@h:1/15",
    ],
    // Users without a password. redis-cli takes a name without a colon for a password, so it is written with one.
    ["redis://me@h:1", { ...NOBODY, host: "h", port: 1, username: "me" }, "redis://me:@h:1"],
    ["redis://me:@h:1", { ...NOBODY, host: "h", port: 1, username: "me" }, "redis://me:@h:1"],
    ["redis://:@h:1", { ...NOBODY, host: "h", port: 1 }, "redis://h:1"],
    [
      "redis://m%3Ae:a:b@c,d@h:1",
      { ...NOBODY, host: "h", port: 1, username: "m:e", password: "a:b@c,d" },
      "redis://m%3Ae:a%3Ab%40c%2Cd@h:1",
    ],
    ["redis://:50%25off@h:1", { ...NOBODY, host: "h", port: 1, password: "50%off" }, "redis://:50%25off@h:1"],
    ["redis://:paßwörd@h:1", { ...NOBODY, host: "h", port: 1, password: "paßwörd" }, "redis://:pa%C3%9Fw%C3%B6rd@h:1"],
  ])(
    "reads %s with all its parts, and writes it so that every client reads the same (A3)",
    (text, address, canonical) => {
      expect(parseRedisAddress(text)).toEqual(address);
      expect(formatRedisAddress(address)).toBe(canonical);
      expect(parseRedisAddress(canonical)).toEqual(address);
    },
  );

  it.each([
    "",
    "localhost:6379",
    "http://h",
    "redis:h",
    "redis:/h",
    "redis://",
    "redis://:7000",
    "redis://h:",
    "redis://h:0",
    "redis://h:65536",
    "redis://h:99999999999",
    "redis://::1:7000",
    "redis://[::1",
    "redis://[::g]:1",
    "redis://h/x",
    "redis://h/-1",
    "redis://h/3/4",
    "redis://h/12345",
    "redis://h?db=3",
    "redis://h/3#x",
    "redis://h i",
    "redis://h\n",
    "redis://:50%off@h",
    "redis://:%zz@h",
    "redis://:%@h",
    "redis://:%ff@h",
    "redis://%u:p@h",
    "redis://:a b@h",
    "redis://:a\nb@h",
    "redis://:a/b@h",
    "redis://:a#b@h",
  ])("refuses %j (A2)", (text) => {
    expect(parseRedisAddress(text)).toBeUndefined();
  });

  it.each([
    "redis://me:topsecret@host/notadb",
    "redis://me:top/topsecret@host",
    "redis://:a:topsecret@host/x",
    "redis://:50%topsecret@host",
    "redis://:topsecret@host:0",
  ])("does not repeat the password of %s, which it refuses", (text) => {
    expect(() => requireRedisAddress(text, "--redis")).toThrow(/^(?!.*topsecret)--redis .*expected redis:\/\//s);
  });

  it("whatever user and password are, writing and reading gives them back, also by the URL class", () => {
    const text = fc.string({ unit: "binary", maxLength: 20 });
    const place = fc.record({
      host: fc.constantFrom("h", "::1", "10.0.0.1"),
      port: fc.integer({ min: 1, max: 65_535 }),
    });
    const who = fc.record({
      username: text,
      password: text,
      database: fc.integer({ min: 0, max: 9_999 }),
      tls: fc.boolean(),
    });
    fc.assert(
      fc.property(place, who, (where, identity) => {
        const address = { ...where, ...identity };
        const url = formatRedisAddress(address);
        expect(parseRedisAddress(url)).toEqual(address);
        const { username, password } = new URL(url);
        expect([username, password].map(decodeURIComponent)).toEqual([address.username, address.password]);
      }),
    );
  });

  it("its place is what messages tell: the database with it, and nobody's name", () => {
    const address = { ...NOBODY, host: "::1", port: 1, username: "me", password: "pw" };
    expect(redisPlace(address)).toBe("[::1]:1");
    expect(redisPlace({ ...address, database: 3 })).toBe("[::1]:1/3");
  });
});

it.each([
  ["localhost", true],
  ["LOCALHOST", true],
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["::1", true],
  ["[::1]", true],
  ["127.0.0.1.example.com", false],
  ["128.0.0.1", false],
  ["::", false],
  ["localhost.example.com", false],
])("%s is this machine: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
