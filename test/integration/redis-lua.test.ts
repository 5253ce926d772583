/**
 * Scripts on the embedded Redis: beside a real one, with the same answer to the byte; and what no script may do to the
 * server. TEST_SEED is not needed: every script is listed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { NOT_IN_SCRIPTS, WRITING } from "../../simulator/embedded/redis/commands/command-flags.ts";
import { COMMANDS } from "../../simulator/embedded/redis/commands/table.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { LUA_SCRIPTS } from "../support/lua-scripts.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { type RawReply, RespClient } from "../support/resp-client.ts";

const DEADLINE_MS = 300;
let embedded: EmbeddedRedis;
let client: RespClient;

beforeAll(async () => {
  const log = createLog(() => undefined);
  embedded = await startEmbeddedRedis({ port: 0, password: "", log, scriptDeadlineMs: DEADLINE_MS });
  client = await RespClient.open(embedded.port);
});
afterAll(async () => {
  client.close();
  await embedded.close();
});

const textOf = ([, value]: RawReply): string => String(value);

describe("no script can do the server harm", () => {
  it.each([
    ["runs for ever", "while true do end", /BUSY the script ran for more than 300 ms/],
    ["catches its own end", "while true do pcall(function() while true do end end) end", /BUSY/],
    ["runs for ever in a coroutine", "coroutine.wrap(function() while true do end end)()", /BUSY/],
    [
      "takes more than the data leave",
      "local t = {} for i=1,1e9 do t[i] = ('x'..i):rep(1000) end",
      /not enough memory|BUSY/,
    ],
    ["makes a large text", "return #string.rep('x', 1e9)", /not enough memory/],
    ["keeps everything", "collectgarbage('stop') for i=1,1e8 do local t={i} end", /not enough memory|BUSY/],
    ["answers without end", "local t = {} for i=1,60 do t={t,t} end return t", /at most 1000000 elements|BUSY/],
    ["answers a table in itself", "local t={} t[1]=t return t", /reached lua stack limit/],
    ["calls itself for ever", "local function f() return 1 + f() end return f()", /stack overflow/],
    ["packs a table in itself", "local t={} t[1]=t return cjson.encode(t)", /Cannot serialise, too deep/],
    ["loads compiled code", "return loadstring(string.dump(function() end))()", /attempt to call a nil value/],
    ["asks for a file", "return io.open('x')", /nonexistent global variable 'io'/],
    ["asks for a module", "return require('x')", /nonexistent global variable 'require'/],
    ["reaches for the globals", "return getfenv(0)", /nonexistent global variable 'getfenv'/],
  ])("that %s", async (_what, script, error) => {
    const reply = await client.ask("EVAL", script, "0");
    expect(reply).toEqual([expect.stringMatching(/^[-*]$/), expect.anything()]);
    expect(JSON.stringify(reply)).toMatch(error);
    expect(await client.ask("EVAL", "return redis.call('PING')", "0")).toEqual(["+", "PONG"]);
  });

  it("leaves what a script wrote before it was ended, as Redis does, and nothing of it to the next script", async () => {
    await client.ask("EVAL", "redis.call('SET', 'before', '1') while true do end", "0");
    expect(await client.ask("GET", "before")).toEqual(["$", "1"]);
    const attempts = ["rawset(_G, 'left', 1)", "string.left = 1", "left = 1", "getmetatable('').__index.left = 1"];
    for (const attempt of attempts) expect((await client.ask("EVAL", attempt, "0"))[0], attempt).toBe("-");
    expect(textOf(await client.ask("EVAL", "return left", "0"))).toContain("nonexistent global variable 'left'");
    expect(textOf(await client.ask("EVAL", "return tostring(string.left)", "0"))).toBe("nil");
  });

  it("knows a script by its hash until SCRIPT FLUSH, and only texts that compile", async () => {
    const [, sha] = await client.ask("SCRIPT", "LOAD", "return ARGV[1]");
    expect(await client.ask("EVALSHA", (sha as string).toUpperCase(), "0", "x")).toEqual(["$", "x"]);
    expect(textOf(await client.ask("SCRIPT", "LOAD", "return +"))).toContain("Error compiling script");
    await client.ask("SCRIPT", "FLUSH");
    expect(textOf(await client.ask("EVALSHA", sha as string, "0", "x"))).toMatch(/^NOSCRIPT/);
    expect(textOf(await client.ask("SCRIPT", "KILL"))).toBe("NOTBUSY No scripts in execution right now.");
  });

  it("is one step in a transaction, and shows what it calls to MONITOR", async () => {
    const monitor = await RespClient.open(embedded.port);
    await monitor.ask("MONITOR");
    client.send(["MULTI"], ["EVAL", "return redis.call('INCR', KEYS[1])", "1", "counter"], ["EXEC"]);
    expect((await client.take(3))[2]).toEqual(["*", [[":", "1"]]]);
    const lines = (await monitor.take(3)).map(textOf);
    expect(lines.some((line) => line.includes('lua] "INCR" "counter"'))).toBe(true);
    monitor.close();
  });
});

describeReal(["redis"], "scripts on the embedded Redis and on a real one", () => {
  let real: RealRedis;
  let onReal: RespClient;

  beforeAll(async () => {
    real = await startRealRedis();
    onReal = await RespClient.open(real.port);
  });
  afterAll(async () => {
    onReal.close();
    await real.stop();
  });

  const askBoth = (...request: string[]) => Promise.all([onReal.ask(...request), client.ask(...request)]);

  it.each([2, 3])("give the same answers in RESP%i", async (protocol) => {
    await askBoth("FLUSHALL");
    await askBoth("HELLO", String(protocol));
    for (const script of LUA_SCRIPTS) {
      const [expected, actual] = await askBoth("EVAL", script, "2", "k1", "k2", "a1", "22");
      expect(actual, script).toEqual(expected);
    }
    await askBoth("RESET");
  });

  it("refuse the same: EVAL_RO, shebangs, wrong counts of keys", async () => {
    for (const request of [
      ["EVAL_RO", "return redis.call('SET', 'k', 1)", "0"],
      ["EVAL_RO", "return redis.call('GET', 'k')", "0"],
      ["EVAL", "#!lua flags=no-writes\nreturn redis.call('SET', 'k', 1)", "0"],
      ["EVAL", "#!lua flags=no-writes\nerror('x')", "0"],
      ["EVAL", "#!js\nreturn 1", "0"],
      ["EVAL", "#!lua flags=nonsense\nreturn 1", "0"],
      ["EVAL", "return 1", "-1"],
      ["EVAL", "return 1", "x"],
      ["EVAL", "return 1", "1"],
      ["EVALSHA_RO", "ab", "0"],
      ["SCRIPT", "EXISTS", "ab"],
      ["SCRIPT", "FLUSH", "NOW"],
      ["SCRIPT", "LOAD", "return +"],
    ]) {
      const [expected, actual] = await askBoth(...request);
      expect(actual, request.join(" ")).toEqual(expected);
    }
  });

  it("agree which commands write and which no script may call", async () => {
    for (const name of COMMANDS.keys()) {
      const [, found] = await onReal.ask("COMMAND", "INFO", name);
      const flags = JSON.stringify(((found as RawReply[])[0]?.[1] as RawReply[])?.[2] ?? []);
      // A command of two words has its flags with its second one.
      if ((COMMANDS.get(name)?.subcommands ?? []).length > 0) continue;
      expect([name, WRITING.has(name)]).toEqual([name, flags.includes('"write"')]);
      expect([name, NOT_IN_SCRIPTS.has(name)]).toEqual([name, flags.includes('"noscript"')]);
    }
  });
});
