/** What a real Redis carries out, as its MONITOR reports it: who sent which command, in the server's order. */
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";

export interface MonitorLine {
  /** Address of the client, or `lua` for a command inside a script. */
  readonly from: string;
  /** In capitals. */
  readonly command: string;
  readonly text: string;
}

export interface RedisMonitor {
  readonly lines: readonly MonitorLine[];
  until(found: (line: MonitorLine) => boolean): Promise<void>;
  close(): void;
}

export async function watchCommands(port: number, password: string): Promise<RedisMonitor> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const lines: MonitorLine[] = [];
  // One answer to AUTH, if it is sent, and one to MONITOR.
  let answersMissing = password === "" ? 1 : 2;
  createInterface({ input: socket }).on("line", (text) => {
    if (text === "+OK") answersMissing -= 1;
    const match = /^\+[\d.]+ \[\d+ ([^\]]+)\] "([^"]*)"/.exec(text);
    if (match !== null) lines.push({ from: match[1] as string, command: (match[2] as string).toUpperCase(), text });
  });
  socket.on("error", () => undefined);
  socket.write(`${password === "" ? "" : `AUTH ${password}\r\n`}MONITOR\r\n`);
  await waitUntil(() => (answersMissing === 0 ? true : undefined), { what: "MONITOR is answered", deadlineMs: 5_000 });
  return {
    lines,
    async until(found) {
      await waitUntil(() => (lines.some(found) ? true : undefined), {
        what: "the command in MONITOR",
        deadlineMs: 5_000,
        intervalMs: 2,
      });
    },
    close: () => socket.destroy(),
  };
}
