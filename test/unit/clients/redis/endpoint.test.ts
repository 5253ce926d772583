import { describe, expect, it } from "vitest";
import { parseRedisUrl } from "../../../../simulator/clients/redis/endpoint.ts";

describe("parseRedisUrl", () => {
  it.each([
    [
      "redis://localhost",
      { host: "localhost", port: 6379, tls: false, username: "", password: "", db: 0, text: "localhost:6379" },
    ],
    ["redis://:p%40ss@127.0.0.1:7000/3", { port: 7000, password: "p@ss", username: "", db: 3, text: "127.0.0.1:7000" }],
    ["rediss://me:pw@redis.example:6380/", { tls: true, username: "me", password: "pw", db: 0 }],
    ["redis://[::1]:6379", { host: "::1", text: "[::1]:6379" }],
  ])("reads %s", (url, expected) => {
    expect(parseRedisUrl(url)).toMatchObject(expected);
  });

  it.each(["localhost:6379", "http://localhost", "redis://", "redis://h/x", "redis://h:99999", "redis://:%zz@h", ""])(
    "refuses %j, naming the form",
    (url) => {
      expect(() => parseRedisUrl(url)).toThrow(/expected redis\[s\]:\/\/\[user/);
    },
  );

  it.each(["redis://me:topsecret@host/notadb", "redis://me:top/topsecret@host", "redis://:a:topsecret@host/x"])(
    "does not repeat the password of %s, which it refuses",
    (url) => {
      expect(() => parseRedisUrl(url)).toThrow(/^(?!.*topsecret)/);
    },
  );
});
