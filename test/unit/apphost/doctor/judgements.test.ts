/** Programs, engines, ports, variables, terminals, leftovers: what each finding means for the options asked for. */

import { describe, expect, it } from "vitest";
import { judgeEngine, judgeImage } from "../../../../apphost/doctor/engine.ts";
import { judgeLeftovers } from "../../../../apphost/doctor/leftovers.ts";
import { predictAuto } from "../../../../apphost/doctor/lookups.ts";
import { needOf } from "../../../../apphost/doctor/need.ts";
import { findListener } from "../../../../apphost/doctor/port-holder.ts";
import { judgeFixedPorts } from "../../../../apphost/doctor/ports.ts";
import { judgeJava } from "../../../../apphost/doctor/programs.ts";
import { judgeTerminal } from "../../../../apphost/doctor/terminal.ts";
import { judgeProxies, judgeVariables, separateVariables } from "../../../../apphost/doctor/variables.ts";
import { redisAt } from "../../../support/addresses.ts";

describe("what was asked for", () => {
  it("makes a missing part a failure, a warning, or nothing", () => {
    const none = { kafka: null, redis: null };
    expect(needOf("redis", "native", { infra: "native", ...none })).toBe("asked");
    expect(needOf("redis", "native", { infra: "auto", ...none })).toBe("optional");
    expect(needOf("redis", "native", { infra: "embedded", ...none })).toBe("none");
    expect(needOf("redis", "native", { infra: "native", kafka: null, redis: redisAt("redis://127.0.0.1") })).toBe(
      "none",
    );
    const lookup = {
      kind: "none" as const,
      attempts: [{ source: "DOCKER_HOST", target: "unix:///x", reason: "permission denied", isAbsent: false }],
    };
    expect(judgeEngine(lookup, "asked")).toMatchObject({ result: "failed" });
    expect(judgeEngine(lookup, "asked").reason).toContain("permission denied");
    expect(judgeEngine(lookup, "optional")).toMatchObject({ result: "warning" });
    expect(judgeEngine(lookup, "none")).toMatchObject({ result: "ok" });
  });

  it("needs Java 17", () => {
    const java = { path: "/bin/java", need: "asked" as const, fix: "" };
    expect(judgeJava(17, java).result).toBe("ok");
    expect(judgeJava(11, java).result).toBe("failed");
    expect(judgeJava(undefined, java).result).toBe("failed");
    expect(judgeJava(11, { ...java, need: "optional" }).result).toBe("warning");
  });

  it("says of a missing image that it would be pulled", () => {
    expect(judgeImage({ name: "redis:8.6", isLocal: true }).result).toBe("ok");
    expect(judgeImage({ name: "redis:8.6", isLocal: false })).toMatchObject({ fix: "docker pull redis:8.6" });
  });
});

describe("what auto would choose", () => {
  const engine = (isLocal: boolean) => ({ version: "29.1", image: { name: "redis:8.6", isLocal } });

  it("is a container where an engine answers, then a program, then ours, with the reason", () => {
    expect(predictAuto({ engine: engine(true), nativeObstacle: undefined }).mode).toBe("docker");
    expect(predictAuto({ engine: null, nativeObstacle: undefined }).mode).toBe("native");
    expect(predictAuto({ engine: null, nativeObstacle: "KAFKA_HOME is not set" })).toEqual({
      mode: "embedded",
      reason: "no container engine; KAFKA_HOME is not set",
    });
  });

  it("names the next mode where a pull would decide", () => {
    expect(predictAuto({ engine: engine(false), nativeObstacle: undefined }).reason).toMatch(/pulled.*native/);
    expect(predictAuto({ engine: engine(false), nativeObstacle: "none" }).reason).toMatch(/pulled.*embedded/);
  });
});

describe("ports", () => {
  const TABLE = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 55501 1 0 100 0 0 10 0",
    "   1: 0100007F:18EB 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 55502 1 0 20 4 30 10 -1",
    "",
  ].join("\n");

  it("finds the listener of a port, and not its connections", () => {
    expect(findListener(TABLE, 9_092)).toEqual({ inode: "55501", userId: 1_000 });
    expect(findListener(TABLE, 6_379)).toBeUndefined();
    expect(findListener("", 6_379)).toBeUndefined();
  });

  it("are a failure only with --fixed-ports, and name their holder", () => {
    const holder = { kind: "process" as const, pid: 77, name: "redis-server" };
    const ports = [
      { port: 6_379, code: "EADDRINUSE", holder },
      { port: 9_092, code: null },
    ] as const;
    expect(judgeFixedPorts(ports, true)).toMatchObject({
      result: "failed",
      found: "6379 is held by redis-server (pid 77); 9092 free",
    });
    expect(judgeFixedPorts(ports, false).result).toBe("ok");
    const hidden = [{ port: 8_081, code: "EADDRINUSE", holder: { kind: "hidden", userId: 3 } }] as const;
    expect(judgeFixedPorts(hidden, true).found).toContain("user 3");
    const unknown = [{ port: 8_081, code: "EACCES", holder: { kind: "unknown" } }] as const;
    expect(judgeFixedPorts(unknown, true).found).toContain("EACCES");
  });
});

describe("variables", () => {
  it("collects all that cannot be read, with the words of the options, and goes on without them", () => {
    const env = { FLINK_APPHOST_MESSAGES: "abc", MAX_ALLOWED_TIME_MS: "soon", FLINK_APPHOST_PARTITIONS: "5" };
    const { usable, problems } = separateVariables(env);
    expect(usable).toEqual({ FLINK_APPHOST_PARTITIONS: "5" });
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^FLINK_APPHOST_MESSAGES is "abc": expected a whole number/),
      expect.stringMatching(/^MAX_ALLOWED_TIME_MS is "soon": expected a duration/),
    ]);
    expect(judgeVariables(env, problems)).toMatchObject({ result: "failed" });
  });

  it("never shows a password", () => {
    const env = { FLINK_APPHOST_REDIS: "http://:secret@127.0.0.1", REDIS_URL: "redis://:secret@prod:6379" };
    const { problems } = separateVariables(env);
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(judgeVariables(env, problems))).not.toContain("secret");
  });

  it("warns of misspelt names and of servers that are ignored", () => {
    expect(judgeVariables({ FLINK_APPHOST_TASKMANAGERS: "3" }, []).reason).toContain("no option has that variable");
    expect(judgeVariables({ KAFKA_BOOTSTRAP_SERVERS: "production:9092" }, [])).toMatchObject({ result: "warning" });
    expect(judgeVariables({ KAFKA_BOOTSTRAP_SERVERS: "production:9092" }, []).fix).toContain("--kafka");
    expect(judgeVariables({ FLINK_APPHOST_MESSAGES: "5", KAFKA_BOOTSTRAP_SERVERS: "" }, [])).toMatchObject({
      result: "ok",
      found: "FLINK_APPHOST_MESSAGES set",
    });
  });

  it("says of a proxy that it gets nothing, and not what it is", () => {
    expect(judgeProxies({})).toMatchObject({ result: "ok", found: "none is set" });
    const finding = judgeProxies({ HTTPS_PROXY: "http://me:secret@proxy:3128", NODE_USE_ENV_PROXY: "1" });
    expect(finding).toMatchObject({ result: "ok", found: "HTTPS_PROXY is set, and nothing of a run goes through it" });
  });
});

describe("the terminal", () => {
  const terminal = { isInputTerminal: true, isOutputTerminal: true, columns: 80, rows: 24 };

  it("is good for the dashboard from 80x24 on, and says when there will be none", () => {
    expect(judgeTerminal(terminal, { TERM: "xterm" })).toMatchObject({ result: "ok", found: "80x24, TERM=xterm" });
    expect(judgeTerminal({ ...terminal, rows: 23 }, { TERM: "xterm" }).result).toBe("warning");
    expect(judgeTerminal(terminal, { TERM: "xterm", CI: "1" }).reason).toContain("plain");
    expect(judgeTerminal(terminal, { TERM: "dumb" }).reason).toContain("plain");
    const piped = { ...terminal, isOutputTerminal: false, columns: undefined, rows: undefined };
    expect(judgeTerminal(piped, {})).toMatchObject({ result: "ok", found: "output no terminal" });
  });
});

describe("leftovers", () => {
  it("name each thing once, and the command that removes them", () => {
    const nothing = { runs: [], sockets: [], engineThings: [] };
    expect(judgeLeftovers(nothing, ".flink-apphost").result).toBe("ok");
    const runs = [{ runId: "3f9c2a1b", processes: [12, 13], paths: ["/tmp/a.sock"] }];
    const left = { runs, sockets: ["/tmp/a.sock", "/tmp/b.sock"], engineThings: ["container kafka-3f"] };
    expect(judgeLeftovers(left, "elsewhere")).toEqual({
      result: "warning",
      found: "3 of dead hosts",
      reason: "run 3f9c2a1b: processes 12, 13, /tmp/a.sock; /tmp/b.sock; container kafka-3f",
      fix: "npx flink-apphost down --run-dir elsewhere",
    });
  });
});
