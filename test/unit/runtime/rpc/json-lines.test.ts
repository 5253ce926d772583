/** Two ends of a real TCP connection. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type JobManagerToTaskManager,
  RPC_LINE_BYTES_MAX,
  type TaskManagerToJobManager,
} from "../../../../simulator/common/contract/job/rpc.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";
import { type JsonLines, openJsonLines } from "../../../../simulator/runtime/rpc/json-lines.ts";
import { decodeTaskManagerMessage } from "../../../../simulator/runtime/rpc/messages.ts";

let server: Server;
let socket: Socket;
let lines: JsonLines<JobManagerToTaskManager>;
let received: TaskManagerToJobManager[];
let closed: string[];

beforeEach(async () => {
  // The server of the test before may still report its end: it has its own lists.
  const heard: TaskManagerToJobManager[] = [];
  const ends: string[] = [];
  received = heard;
  closed = ends;
  server = createServer((accepted) => {
    lines = openJsonLines<TaskManagerToJobManager, JobManagerToTaskManager>(accepted, {
      decode: decodeTaskManagerMessage,
      onMessage: (message) => heard.push(message),
      onClose: (reason) => ends.push(reason),
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  socket = connect((server.address() as { port: number }).port, "127.0.0.1");
  await once(socket, "connect");
  await waitUntil(() => (lines === undefined ? undefined : true), { what: "the other end", deadlineMs: 5_000 });
});
afterEach(() => {
  socket.destroy();
  server.close();
});

const isClosed = () =>
  waitUntil(() => (closed.length > 0 ? true : undefined), { what: "the end of the connection", deadlineMs: 5_000 });

test("messages arrive in order, several in one packet", async () => {
  socket.write(
    '{"type":"owned","p":1,"g":2,"offset":3}\n{"type":"released","p":1,"g":2}\n{"type":"storeLost","life":""}\n',
  );
  await waitUntil(() => (received.length === 3 ? true : undefined), { what: "three messages", deadlineMs: 5_000 });
  expect(received.map(({ type }) => type)).toEqual(["owned", "released", "storeLost"]);
});

test.each([
  ["no JSON", "hello\n"],
  ["an unknown type", '{"type":"dance"}\n'],
  ["a negative partition", '{"type":"owned","p":-1,"g":2,"offset":3}\n'],
  ["a fractional offset", '{"type":"owned","p":1,"g":2,"offset":3.5}\n'],
  [
    "a name with a separator",
    '{"type":"register","token":"t","tm":"a b","incarnation":"i","pid":1,"slots":1,"held":[]}\n',
  ],
  ["an unknown category", '{"type":"taskFailed","code":"X","category":"bad luck","message":""}\n'],
  ["an endless line", `"${"x".repeat(RPC_LINE_BYTES_MAX)}`],
])("%s closes the connection, once, and nothing after it is heard", async (_, text) => {
  socket.on("error", () => undefined);
  socket.write(text);
  socket.write('{"type":"released","p":1,"g":2}\n');
  await isClosed();
  expect(closed).toHaveLength(1);
  expect(received).toEqual([]);
});

test("close delivers what was sent before it, and sends nothing after", async () => {
  let text = "";
  socket.on("data", (data) => {
    text += data.toString();
  });
  lines.send({ type: "refused", epoch: 1, reason: "no" });
  lines.close("done");
  lines.send({ type: "heartbeat", epoch: 1 });
  await once(socket, "end");
  expect(text).toBe('{"type":"refused","epoch":1,"reason":"no"}\n');
  expect(closed).toEqual(["done"]);
});

test("a peer that reads nothing is given up after a bounded amount of unread bytes", async () => {
  socket.pause();
  const reason = "x".repeat(RPC_LINE_BYTES_MAX / 2);
  for (let i = 0; i < 1_000 && !lines.closed; i += 1) lines.send({ type: "refused", epoch: 1, reason });
  expect(closed[0]).toContain("unread");
});
