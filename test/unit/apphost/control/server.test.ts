/** The control socket: private, token-checked, bounded, and no trace of it afterwards. */
import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { askHost, followHost } from "../../../../apphost/control/client.ts";
import { CAPABILITIES, type ControlRequest } from "../../../../apphost/control/protocol.ts";
import { type ControlHandler, startControlServer } from "../../../../apphost/control/server.ts";
import { controlSocketPath } from "../../../../apphost/files/socket-files.ts";

async function withServer(handle: ControlHandler, work: (path: string) => Promise<void>): Promise<void> {
  const path = controlSocketPath(randomBytes(4).toString("hex"));
  const server = await startControlServer({ path, token: "right", handle });
  try {
    await work(path);
  } finally {
    await server.close();
  }
  expect(existsSync(path)).toBe(false);
}

it("answers the owner of the token, with interim words first", async () => {
  const handle: ControlHandler = async (request, accept) => {
    accept("queued");
    return { asked: request };
  };
  await withServer(handle, async (path) => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const words: string[] = [];
    const request = { request: "produce", messages: 5, rate: 7 } as const;
    const answer = await askHost({ socket: path, token: "right" }, request, (detail) => words.push(detail));
    expect(answer).toEqual({ asked: request });
    expect(words).toEqual(["queued"]);
  });
});

it("refuses a wrong token before the handler sees anything (K1)", async () => {
  let calls = 0;
  await withServer(
    async () => {
      calls += 1;
    },
    async (path) => {
      await expect(askHost({ socket: path, token: "wrong" }, { request: "down" })).rejects.toThrow(/token/);
      expect(calls).toBe(0);
    },
  );
});

it("closes a connection that sends too much (K2)", async () => {
  await withServer(
    async () => ({}),
    async (path) => {
      const socket = connect(path);
      socket.on("error", () => undefined);
      socket.write("x".repeat(100_000));
      await new Promise((resolve) => socket.once("close", resolve));
    },
  );
});

it("tells the asker of an error in its own words", async () => {
  const handle: ControlHandler = async () => {
    throw new Error("not now");
  };
  await withServer(handle, async (path) => {
    await expect(askHost({ socket: path, token: "right" }, { request: "env" })).rejects.toThrow(/refused env: not now/);
  });
});

it("refuses what it does not know by naming what it knows", async () => {
  await withServer(
    async () => ({}),
    async (path) => {
      const newer = { request: "levitate" } as unknown as ControlRequest;
      await expect(askHost({ socket: path, token: "right" }, newer)).rejects.toThrow(
        `refused levitate: it does not know "levitate"; it knows ${CAPABILITIES.join(", ")}`,
      );
    },
  );
});

it("sends items one by one, until there are no more", async () => {
  const handle: ControlHandler = async (_request, _accept, sink) => {
    for (const item of ["a", "b"]) sink.send(item);
    return {};
  };
  await withServer(handle, async (path) => {
    const items: unknown[] = [];
    const request = { request: "follow", showSecrets: false } as const;
    for await (const item of followHost({ socket: path, token: "right" }, request)) items.push(item);
    expect(items).toEqual(["a", "b"]);
  });
});

it("tells the handler when the reader is gone, and the asker its own reason", async () => {
  const gone = Promise.withResolvers<void>();
  const handle: ControlHandler = async (_request, accept, sink) => {
    sink.gone.addEventListener("abort", () => gone.resolve());
    accept("waiting");
    await gone.promise;
    await sink.drained();
  };
  await withServer(handle, async (path) => {
    const leave = new AbortController();
    const asked = askHost(
      { socket: path, token: "right" },
      { request: "describe", showSecrets: false },
      () => leave.abort(new Error("had enough")),
      leave.signal,
    );
    await expect(asked).rejects.toThrow("had enough");
    await gone.promise;
  });
});

it("ends after the answers that are under way, and without those that never come", async () => {
  const path = controlSocketPath(randomBytes(4).toString("hex"));
  const asked = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<void>();
  const handle: ControlHandler = async (request) => {
    asked.resolve();
    if (request.request === "env") return new Promise(() => undefined);
    await closing.promise;
    return "last words";
  };
  const server = await startControlServer({ path, token: "right", handle });
  const host = { socket: path, token: "right" };
  const never = askHost(host, { request: "env" });
  never.catch(() => undefined);
  await asked.promise;
  const last = askHost(host, { request: "down" });
  await askHost({ ...host, token: "wrong" }, { request: "down" }).catch(() => undefined);
  const closed = server.close();
  closing.resolve();
  expect(await last).toBe("last words");
  await expect(never).rejects.toThrow(/ended before it answered env/);
  await closed;
});
