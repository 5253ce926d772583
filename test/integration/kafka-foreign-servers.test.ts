/** What answers at the address of `--kafka` and is no Kafka is named, asked by any security.protocol, at the first attempt. */
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contactKafka } from "../../apphost/resources/kafka.ts";
import type { HostPort } from "../../simulator/common/foundation/address.ts";
import { type AppError, isAppError } from "../../simulator/common/foundation/errors.ts";
import {
  type KafkaSecurity,
  PLAINTEXT,
  SECURITY_PROTOCOLS,
  type SecurityProtocol,
} from "../../simulator/common/foundation/kafka-security.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedisOptions, startRealRedis } from "../support/real-redis.ts";
import { runCli } from "../support/run-cli.ts";

const tls = { authorities: null, certificate: null, key: null, keyPassword: null, isHostNameChecked: true };
const sasl = { mechanism: "PLAIN", username: "alice", password: "secret" } as const;
const SECURITY: Readonly<Record<SecurityProtocol, KafkaSecurity>> = {
  PLAINTEXT,
  SSL: { tls, sasl: null },
  SASL_PLAINTEXT: { tls: null, sasl },
  SASL_SSL: { tls, sasl },
};

/** As the host makes the first contact: with its five attempts, where another one may succeed. */
async function refusalOf(bootstrap: readonly HostPort[], protocol: SecurityProtocol): Promise<AppError> {
  const access = { bootstrap, security: SECURITY[protocol] };
  const outcome: unknown = await contactKafka(access, new AbortController().signal).catch((error: unknown) => error);
  if (isAppError(outcome)) return outcome;
  throw outcome instanceof Error ? outcome : new Error("it was let in");
}

/** The contact itself, the same without TLS, and the question for others by each: what one attempt may open. */
const CONNECTIONS_OF_ONE_ATTEMPT = 4;

async function withServer<T>(serve: (socket: Socket) => void, use: (at: HostPort[]) => Promise<T>) {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket.on("error", () => undefined));
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const outcome = await use([{ host: "127.0.0.1", port: (server.address() as AddressInfo).port }]);
    return { outcome, connections };
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

/** It says so by itself, as soon as somebody connects. */
const greets = (greeting: string | Buffer) => (socket: Socket) => void socket.resume().write(greeting);
/** It says so to whatever comes. */
const answers = (answer: string | Buffer) => (socket: Socket) => void socket.once("data", () => socket.end(answer));
/** It waits until a line of text is complete, which is never, for one who speaks Kafka or TLS. */
const answersLines = (answer: string) => (socket: Socket) =>
  void socket.on("data", (bytes) => {
    if (bytes.toString("latin1").endsWith("\r\n")) socket.end(answer);
  });

describe.concurrent.each([
  ["an HTTP server", answers("HTTP/1.1 400 Bad Request\r\n\r\n"), /an HTTP server or proxy and no Kafka/],
  ["an HTTP server that waits", answersLines("HTTP/1.0 501 Not Implemented\r\n\r\n"), /an HTTP server or proxy/],
  ["an SSH server", greets("SSH-2.0-OpenSSH_9.2\r\n"), /an SSH server/],
  ["a Redis that waits", answersLines("-ERR unknown command 'OPTIONS'\r\n"), /a Redis and no Kafka/],
  [
    "another protocol",
    greets(Buffer.from("4a0000000a382e30", "hex")),
    /begins with the bytes 4a 00 00 00 0a 38 2e 30,/,
  ],
] as const)("%s", (_, serve, sentence) => {
  it.concurrent.each(SECURITY_PROTOCOLS)("is named to who asks by %s", async (protocol) => {
    const { outcome, connections } = await withServer(serve, (bootstrap) => refusalOf(bootstrap, protocol));
    const message = expect.stringMatching(sentence);
    expect(outcome).toMatchObject({ code: "KAFKA_NOT_A_BROKER", retryable: false, message });
    expect(connections).toBeLessThanOrEqual(CONNECTIONS_OF_ONE_ATTEMPT);
  });
});

it.concurrent("a server of TLS is named to who asks without", async () => {
  const alert = answers(Buffer.from([0x15, 3, 3, 0, 2, 2, 40]));
  const { outcome } = await withServer(alert, (bootstrap) => refusalOf(bootstrap, "PLAINTEXT"));
  expect(outcome).toMatchObject({ code: "KAFKA_SPEAKS_TLS", retryable: false });
  expect(outcome.message).toMatch(/speaks TLS.*--kafka-config/);
});

it.concurrent("one that is no Kafka is named beside an address where nobody is", async () => {
  const nobody = { host: "127.0.0.1", port: 1 };
  const { outcome } = await withServer(answersLines("-ERR unknown command\r\n"), (at) =>
    refusalOf([nobody, ...at], "PLAINTEXT"),
  );
  expect(outcome).toMatchObject({ code: "KAFKA_NOT_A_BROKER", message: expect.stringMatching(/a Redis/) });
});

it.concurrent("a name that is unknown is final, unless somebody may come at another address", async () => {
  const unknown = { host: "no-such-kafka.invalid", port: 9092 };
  expect(await refusalOf([unknown], "PLAINTEXT")).toMatchObject({
    code: "KAFKA_HOST_UNKNOWN",
    message: expect.stringMatching(/finds no address for the name of Kafka at no-such-kafka\.invalid:9092/),
  });
  const { outcome, connections } = await withServer(
    (socket) => socket.destroy(),
    (at) => refusalOf([unknown, ...at], "PLAINTEXT"),
  );
  expect(outcome).toMatchObject({ code: "KAFKA_UNREACHABLE" });
  // Each attempt looks, too, whether the listener wants SASL.
  expect(connections).toBe(10);
});

it.concurrent("a run that is not let in ends with exit 3 and leaves no secret", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "flink-apphost-foreign-"));
  const config = join(cwd, "client.properties");
  const user = ["sasl.mechanism=PLAIN", `sasl.username=${sasl.username}`, `sasl.password=${sasl.password}`];
  writeFileSync(config, ["security.protocol=SASL_PLAINTEXT", ...user].join("\n"), { mode: 0o600 });
  try {
    const { outcome } = await withServer(greets("SSH-2.0-OpenSSH_9.2\r\n"), ([at]) => {
      const kafka = ["--kafka", `127.0.0.1:${at?.port}`, "--kafka-config", config];
      return runCli(["up", "--once", "--ui", "plain", "--messages", "10", ...kafka], { cwd });
    });
    expect(outcome.exitCode, outcome.stderr).toBe(3);
    expect(outcome.stdout + outcome.stderr).toMatch(/an SSH server and no Kafka/);
    const names = readdirSync(cwd, { recursive: true }).map(String);
    expect(names.some((name) => name.endsWith("state.json"))).toBe(true);
    expect(names.filter((name) => name.endsWith("kafka-security.json"))).toEqual([]);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
});

describeReal(["redis"], "a real Redis", () => {
  it.concurrent.each<[string, RealRedisOptions]>([
    ["open to all", {}],
    ["with a password", { password: "secret" }],
  ])("is named: %s", async (_, options) => {
    const redis = await startRealRedis(options);
    try {
      const bootstrap = [{ host: "127.0.0.1", port: redis.port }];
      const refusals = await Promise.all(SECURITY_PROTOCOLS.map((protocol) => refusalOf(bootstrap, protocol)));
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ code: "KAFKA_NOT_A_BROKER", message: expect.stringMatching(/a Redis/) });
      }
    } finally {
      await redis.stop();
    }
  });
});
