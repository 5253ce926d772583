/** The control socket: private, token-checked, bounded, and no trace of it afterwards. */
import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { expect, it } from "vitest";
import {
  askHost,
  type ControlHandler,
  controlSocketPath,
  startControlServer,
} from "../../../../apphost/orchestrator/control-socket.ts";

async function withServer(handle: ControlHandler, work: (path: string) => Promise<void>): Promise<void> {
  const path = controlSocketPath(`/tmp/${randomBytes(8).toString("hex")}`);
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
    const request = { request: "produce", messages: 5 } as const;
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
