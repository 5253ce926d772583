/** `external-flink.ts`: what is said of a Flink that cannot be used, in one sentence and before a run begins (E3). */

import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { requireExternalFlink } from "../../../../../apphost/drivers/flink/external-flink.ts";
import { type ScriptedFlink, startScriptedFlink } from "../../../../support/scripted-flink.ts";

let started: ScriptedFlink[] = [];
afterEach(() => {
  for (const flink of started) flink.close();
  started = [];
});

const FITTING: Readonly<Record<string, unknown>> = {
  "GET /config": { "flink-version": "2.2.1" },
  "GET /overview": { "slots-total": 4, "slots-available": 3 },
  "GET /jobmanager/environment": { classpath: ["/opt/flink/lib/flink-sql-connector-kafka-5.0.0-2.2.jar"] },
  "GET /v3/info": { productName: "Apache Flink", version: "2.2.0" },
};

async function start(change: Readonly<Record<string, unknown>> = {}) {
  const answers: Readonly<Record<string, unknown>> = { ...FITTING, ...change };
  const flink = await startScriptedFlink((call) => (call in answers ? { body: answers[call] } : undefined));
  started.push(flink);
  // It serves both: only the paths tell a gateway from a JobManager.
  return { flink: flink.address, sqlGateway: flink.address };
}

it("takes one of the version of its gateway that has the slots and the connector", async () => {
  const found = await requireExternalFlink(await start(), 3, {});
  expect(found).toEqual({ version: "2.2.1", home: null, hasKafkaConnector: true });
});

it.each<[string, Record<string, unknown>, RegExp]>([
  [
    "another server",
    { "GET /config": { hello: 1 } },
    /at http:\/\/127\.0\.0\.1:\d+ is no Flink: its answer to GET \/config is another one \(flink-version/,
  ],
  ["a page", { "GET /config": undefined }, /is no Flink: /],
  ["an older one", { "GET /config": { "flink-version": "1.20.1" } }, /runs Flink 1\.20\.1, and the job needs Flink 2$/],
  [
    "one that is full",
    { "GET /overview": { "slots-total": 4, "slots-available": 2 } },
    /3 free slots are needed, .*, and 2 of its 4 are free: give --task-managers 2$/,
  ],
  [
    "one without a slot",
    { "GET /overview": { "slots-total": 0, "slots-available": 0 } },
    /0 of its 0 are free: end a job of it, or give it TaskManagers$/,
  ],
  [
    "one without connector",
    { "GET /jobmanager/environment": { classpath: ["/lib/flink-dist-2.2.1.jar"] } },
    /class path has no Kafka connector/,
  ],
  [
    "one whose class path is not told",
    { "GET /jobmanager/environment": {} },
    /is no Flink: its answer to GET \/jobmanager\/environment/,
  ],
  [
    "a gateway of another version",
    { "GET /v3/info": { version: "2.1.0" } },
    /Flink is 2\.2\.1 and the SQL Gateway is of 2\.1\.0/,
  ],
  ["no gateway", { "GET /v3/info": { productName: "other" } }, /is no SQL Gateway of Flink: /],
])("refuses %s", async (_, change, message) => {
  await expect(requireExternalFlink(await start(change), 3, {})).rejects.toThrow(message);
});

it("says that a gateway of ours needs FLINK_HOME", async () => {
  const { flink } = await start();
  await expect(requireExternalFlink({ flink, sqlGateway: null }, 1, {})).rejects.toThrow(
    /give --sql-gateway, or let one be started\. .*FLINK_HOME is not set/,
  );
});

it("tells nobody who listens from a server that speaks no HTTP", async () => {
  const server = createServer((socket) => socket.resume().end("-ERR unknown command\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const flink = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  await expect(requireExternalFlink({ flink, sqlGateway: null }, 1, {})).rejects.toThrow(
    /is no Flink: what listens there does not speak HTTP/,
  );
  await new Promise((resolve) => server.close(resolve));
  await expect(requireExternalFlink({ flink, sqlGateway: null }, 1, {})).rejects.toThrow(/: nobody listens at http/);
});
