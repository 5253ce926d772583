/** Session: authentication, transactions, and the command table's own rules. */
import { describe, expect, it } from "vitest";
import { NULL_ARRAY, OK, type Reply } from "../../../../simulator/embedded/redis/reply.ts";
import { createServerState } from "../../../../simulator/embedded/redis/server.ts";
import { Session } from "../../../../simulator/embedded/redis/session.ts";

function createServer(a: { password?: string; memoryBytesMax?: number } = {}) {
  let nowMs = 1_000_000;
  let shutdowns = 0;
  let connections = 0;
  const server = createServerState({
    port: 1,
    nowMs: () => nowMs,
    memoryBytesMax: a.memoryBytesMax ?? 1_000_000,
    scriptDeadlineMs: 1_000,
    onShutdown: () => {
      shutdowns += 1;
    },
    closeIdle: () => undefined,
  });
  const connect = () => {
    connections += 1;
    const pushed: Reply[] = [];
    const session = new Session({
      id: connections,
      address: "127.0.0.1:1",
      password: a.password ?? "",
      server,
      push: (reply) => pushed.push(reply),
    });
    const answer = (request: readonly string[]) => session.answer(request);
    return { session, client: session.client, pushed, answer, ask: (line: string) => answer(line.split(" ")) };
  };
  return {
    memory: server.memory,
    connect,
    advance: (ms: number) => {
      nowMs += ms;
    },
    get shutdowns() {
      return shutdowns;
    },
  };
}

const failing = (start: string) => ({ error: expect.stringMatching(new RegExp(`^${start}`)) });

describe("authentication", () => {
  it("answers NOAUTH to everything else before the password", () => {
    const { ask, client } = createServer({ password: "right" }).connect();
    for (const line of ["PING", "GET a", "INFO", "MULTI", "EVAL x 0", "SHUTDOWN", "NONSENSE"]) {
      expect(ask(line), line).toEqual(failing("NOAUTH"));
    }
    expect(ask("AUTH wrong")).toEqual(failing("WRONGPASS"));
    expect(ask("AUTH somebody right")).toEqual(failing("WRONGPASS"));
    expect(ask("HELLO 2 AUTH default wrong")).toEqual(failing("WRONGPASS"));
    expect(ask("HELLO")).toEqual(failing("NOAUTH"));
    expect(client.authenticated).toBe(false);
    expect(ask("AUTH default right")).toEqual(OK);
    expect(ask("PING")).toEqual({ simple: "PONG" });
    expect(ask("RESET")).toEqual({ simple: "RESET" });
    expect(ask("PING")).toEqual(failing("NOAUTH"));
  });

  it("changes the protocol only by a HELLO that is right in all its parts", () => {
    const { ask, client } = createServer().connect();
    expect(ask("HELLO 4")).toEqual(failing("NOPROTO"));
    expect(ask("HELLO x")).toEqual(failing("ERR Protocol version is not an integer"));
    expect(ask("HELLO 3 SETNAME")).toEqual(failing("ERR Syntax error in HELLO option"));
    expect(client.protocol).toBe(2);
    expect(ask("HELLO 3 SETNAME me")).toMatchObject({ pairs: expect.arrayContaining(["proto", 3]) });
    expect(client.protocol).toBe(3);
    expect(ask("CLIENT GETNAME")).toBe("me");
    expect(ask("RESET")).toEqual({ simple: "RESET" });
    expect(client.protocol).toBe(2);
    expect(ask("AUTH anything")).toEqual(failing("ERR AUTH <password> called without"));
  });
});

describe("transactions", () => {
  it("runs all queued commands at EXEC, and an error of one is its reply", () => {
    const { ask, answer } = createServer().connect();
    ask("SET text x");
    expect(ask("MULTI")).toEqual(OK);
    expect(ask("INCR text")).toEqual({ simple: "QUEUED" });
    expect(answer(["HSET", "hash", "a", "1"])).toEqual({ simple: "QUEUED" });
    expect(ask("EXISTS hash")).toEqual({ simple: "QUEUED" });
    expect(ask("EXEC")).toEqual([failing("ERR value is not an integer"), 1, 1]);
    expect(ask("EXEC")).toEqual(failing("ERR EXEC without MULTI"));
  });

  it("runs none of them when one could not be queued", () => {
    for (const bad of ["NONSENSE", "GET", "HELLO 3", "MONITOR", "GET a b c"]) {
      const { ask } = createServer().connect();
      ask("MULTI");
      ask("SET a 1");
      expect(ask(bad), bad).toEqual(failing("ERR"));
      expect(ask("EXEC")).toEqual(failing("EXECABORT"));
      expect(ask("EXISTS a")).toBe(0);
    }
  });

  it("runs none of them when a watched key changed, by anybody", () => {
    const changes = ["SET a 2", "DEL a", "RENAME a b", "EXPIRE a 5", "FLUSHALL", "APPEND a x"];
    for (const change of changes) {
      const server = createServer();
      const mine = server.connect();
      mine.ask("SET a 1");
      mine.ask("WATCH a");
      server.connect().ask(change);
      mine.ask("MULTI");
      mine.ask("SET done 1");
      expect(mine.ask("EXEC"), change).toEqual(NULL_ARRAY);
      expect(mine.ask("EXISTS done")).toBe(0);
      // EXEC ended the watch, so the next one goes through.
      mine.ask("MULTI");
      mine.ask("SET done 1");
      expect(mine.ask("EXEC")).toEqual([OK]);
    }
  });

  it("is not disturbed by other keys, nor after UNWATCH or DISCARD", () => {
    const server = createServer();
    const { ask } = server.connect();
    ask("WATCH a");
    server.connect().ask("SET b 1");
    ask("MULTI");
    expect(ask("EXEC")).toEqual([]);
    ask("WATCH a");
    server.connect().ask("SET a 1");
    ask("UNWATCH");
    ask("MULTI");
    expect(ask("MULTI")).toEqual(failing("ERR MULTI calls can not be nested"));
    expect(ask("WATCH a")).toEqual(failing("ERR WATCH inside MULTI"));
    expect(ask("DISCARD")).toEqual(OK);
    expect(ask("DISCARD")).toEqual(failing("ERR DISCARD without MULTI"));
  });
});

describe("bounds", () => {
  it("refuses what needs memory when it is used up, and takes it again when there is room", () => {
    const server = createServer({ memoryBytesMax: 1_000 });
    const { ask } = server.connect();
    ask(`SET big ${"x".repeat(910)} PX 50`);
    for (const line of ["SET a 1", "HSET h a 1", "XADD s * a 1", "EVAL return 0", "INCR n"])
      expect(ask(line), line).toEqual(failing("OOM"));
    expect(ask("GET a")).toBeNull();
    // An expired value makes room although nobody asks for it, as soon as the keys are looked at again.
    server.advance(100);
    expect(ask("SET a 1")).toEqual(OK);
    ask("DEL a");
    expect(server.memory.bytes).toBe(0);
  });

  it("gives back all memory, whatever way a value goes", () => {
    const server = createServer();
    const { ask, session } = server.connect();
    for (const [make, end] of [
      ["SET a text", "DEL a"],
      ["SET a text", "GETDEL a"],
      ["HSET a f v", "HDEL a f"],
      ["HSET a f v", "FLUSHALL"],
      ["SET a text", "EXPIRE a -1"],
    ] as const) {
      ask(make);
      ask("APPEND a more");
      ask("RENAME a longer-name");
      ask("RENAME longer-name a");
      expect(server.memory.bytes).toBeGreaterThan(0);
      ask(end);
      expect(server.memory.bytes, end).toBe(0);
    }
    session.client.close();
  });

  it("ends by SHUTDOWN NOSAVE, and refuses to save", () => {
    const server = createServer();
    const { ask, client } = server.connect();
    expect(ask("SHUTDOWN SAVE")).toEqual(failing("ERR"));
    expect(server.shutdowns).toBe(0);
    ask("SHUTDOWN NOSAVE");
    expect(server.shutdowns).toBe(1);
    expect(client.ended).toBe(true);
  });

  it("runs any script, and knows no hash that it was not told", () => {
    const { ask } = createServer().connect();
    expect(ask("EVAL return 0")).toBeNull();
    expect(ask(`EVALSHA ${"0".repeat(40)} 0`)).toEqual(failing("NOSCRIPT"));
    expect(ask("SCRIPT LOAD return")).toBe("63143b6f8007b98c53ca2149822777b3566f9241");
  });
});

describe("what a key takes, and since when nobody used it", () => {
  it("tells both: reading and TOUCH begin anew, looking does not", () => {
    const { connect, advance } = createServer();
    const { ask } = connect();
    ask("SET k value");
    const before = ask("MEMORY USAGE k");
    ask("APPEND k 0123456789");
    expect(ask("MEMORY USAGE k")).toBe((before as number) + 10);
    advance(5_400);
    for (const line of ["EXISTS k", "TYPE k", "TTL k", "OBJECT ENCODING k"]) ask(line);
    expect(ask("OBJECT IDLETIME k")).toBe(5);
    for (const line of ["GET k", "TOUCH k", "SET k other"]) {
      advance(3_000);
      ask(line);
      expect(ask("OBJECT IDLETIME k"), line).toBe(0);
    }
    expect(ask("MEMORY DOCTOR")).toEqual(failing("ERR unknown subcommand"));
  });
});

describe("no room", () => {
  it("refuses a command that would outgrow the bound before it is carried out", () => {
    const { connect, memory } = createServer({ memoryBytesMax: 10_000 });
    const { answer, ask } = connect();
    for (const request of [
      ["SET", "k", "x".repeat(10_001)],
      ["SETRANGE", "k", "20000", "x"],
      ["SETBIT", "k", "200000", "1"],
      ["RPUSH", "l", ...Array.from({ length: 100 }, () => "x".repeat(101))],
    ]) {
      expect(answer(request), request[0]).toEqual(failing("OOM"));
    }
    expect(memory.bytes).toBe(0);
    expect(ask("SET k small")).toEqual(OK);
  });
});
