/**
 * Why nobody is let in at an address as the settings say. A broker closes connections without a word where TLS or SASL is
 * wanted or not known, as one does that dies. A server of another protocol does that, too, or waits for the rest of a
 * line. So other ways are tried: only an answer is proof.
 */
import { once } from "node:events";
import type { HostPort } from "../../common/foundation/address.ts";
import { formatHostPort } from "../../common/foundation/address.ts";
import { sleep } from "../../common/foundation/deadline.ts";
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import { type KafkaSecurity, PLAINTEXT, protocolOf } from "../../common/foundation/kafka-security.ts";
import { Connection } from "./connection.ts";
import { openBrokerSocket } from "./security/broker-socket.ts";
import { nameGreeting } from "./security/foreign-answer.ts";
import { saslHandshakeApi } from "./wire/apis/sasl-handshake.ts";
import { ErrorCode } from "./wire/error-codes.ts";

/** Long for the first answer of a broker that is well, and short for a person who waits to hear of a wrong address. */
const SILENT_MS = 1_000;
/** Whoever has just closed a connection is there to answer. */
const ANSWER_DEADLINE_MS = 2_000;
/** No broker has it, so each says which it has. */
const NO_MECHANISM = "NONE";
/**
 * An HTTP server and a Redis each answer it with their own words, and neither does anything. A Kafka takes it for a frame
 * that is too large, and closes the connection.
 */
const LINE_FOR_OTHERS = "OPTIONS * HTTP/1.0\r\n\r\n";

export interface ProbeOptions {
  readonly bootstrap: readonly HostPort[];
  readonly security: KafkaSecurity;
  readonly clientId: string;
}

/** Of one cluster, whose first question it watches. */
export class ListenerProbe {
  readonly #options: ProbeOptions;
  /** Asked for once, since a broker that is only slow logs each such question: by address, what is there in place of it. */
  #others: Promise<(AppError | undefined)[]> | undefined;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /** The answer to the first question. Throws why nobody lets us in, as soon as that is known of all addresses. */
  async watch<T>(asking: Promise<T>): Promise<T> {
    const answered = new AbortController();
    const silence = sleep(SILENT_MS, answered.signal).then(() => this.#findOthers());
    try {
      await Promise.race([asking, silence.then(refuseOthers)]);
      return await asking;
    } catch (error) {
      throw (await this.#explain(error)) ?? error;
    } finally {
      answered.abort();
    }
  }

  #findOthers(): Promise<(AppError | undefined)[]> {
    const { bootstrap, security } = this.#options;
    this.#others ??= Promise.all(bootstrap.map((address) => nameOther(address, security)));
    return this.#others;
  }

  async #explain(error: unknown): Promise<AppError | undefined> {
    const other = (await this.#others)?.find((reason) => reason !== undefined);
    if (other !== undefined) return other;
    const looks = this.#options.bootstrap.map((address) => explainRefusal(error, address, this.#options));
    return (await Promise.all(looks)).find((reason) => reason !== undefined);
  }
}

function refuseOthers(others: readonly (AppError | undefined)[]): void {
  const [first] = others;
  if (first !== undefined && !others.includes(undefined)) throw first;
}

/** undefined: it stays unexplained. */
async function explainRefusal(
  error: unknown,
  address: HostPort,
  { security, clientId }: ProbeOptions,
): Promise<AppError | undefined> {
  if (!isAppError(error)) return undefined;
  try {
    switch (error.code) {
      case "KAFKA_SPEAKS_NO_TLS":
        return await lookWithoutTls(address, security, clientId);
      case "KAFKA_CONNECTION_LOST":
        if (security.tls !== null) return await lookWithoutTls(address, security, clientId);
        return security.sasl === null ? await lookForSasl(address, security, clientId) : undefined;
      default:
        return undefined;
    }
  } catch (failure) {
    // Whatever it is, the error that was to be explained is the one to tell.
    if (!isAppError(failure)) throw failure;
    return undefined;
  }
}

/** undefined: whoever is silent there says nothing to others, either. */
async function nameOther(address: HostPort, security: KafkaSecurity): Promise<AppError | undefined> {
  const ways = security.tls === null ? [PLAINTEXT] : [PLAINTEXT, security];
  try {
    const what = await Promise.any(ways.map((way) => askOther(address, way)));
    return createError("KAFKA_NOT_A_BROKER", { endpoint: formatHostPort(address), what });
  } catch {
    // The silence that was to be explained is the error to tell.
    return undefined;
  }
}

async function lookWithoutTls(address: HostPort, security: KafkaSecurity, clientId: string) {
  const outcome = await open(address, PLAINTEXT, clientId).catch((error: unknown) => {
    if (!isAppError(error)) throw error;
    return error;
  });
  if (isAppError(outcome)) {
    if (outcome.code === "KAFKA_NOT_A_BROKER") return outcome;
    if (outcome.code === "DEADLINE_EXCEEDED") return nameOther(address, PLAINTEXT);
    return security.sasl === null ? lookForSasl(address, security, clientId) : undefined;
  }
  outcome.close();
  return createError("KAFKA_SPEAKS_NO_TLS", {
    endpoint: formatHostPort(address),
    protocol: protocolOf(security),
    hasSasl: security.sasl !== null,
  });
}

async function lookForSasl(address: HostPort, security: KafkaSecurity, clientId: string) {
  const connection = await open(address, security, clientId);
  try {
    const { errorCode, mechanisms } = await connection.send(saslHandshakeApi, NO_MECHANISM, ANSWER_DEADLINE_MS);
    if (errorCode !== ErrorCode.UNSUPPORTED_SASL_MECHANISM) return undefined;
    const endpoint = formatHostPort(address);
    return createError("KAFKA_SASL_REQUIRED", { endpoint, protocol: protocolOf(security), offered: mechanisms });
  } finally {
    connection.close();
  }
}

const open = ({ host, port }: HostPort, security: KafkaSecurity, clientId: string): Promise<Connection> =>
  Connection.open({ host, port, security, clientId, openDeadlineMs: ANSWER_DEADLINE_MS });

/** By its first answer: what it is. Throws when there is none in time, or one that says nothing to us. */
async function askOther(address: HostPort, security: KafkaSecurity): Promise<string> {
  const socket = openBrokerSocket(address, security, { noDelay: true });
  const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS);
  try {
    socket.write(LINE_FOR_OTHERS);
    const [answer] = await Promise.race([once(socket, "data", { signal }), once(socket, "close", { signal })]);
    const name = Buffer.isBuffer(answer) ? nameGreeting(answer) : undefined;
    if (name === undefined)
      throw createError("KAFKA_CONNECTION_LOST", {
        endpoint: formatHostPort(address),
        reason: "it is closed to others, too",
      });
    return name;
  } finally {
    socket.on("error", () => undefined).destroy();
  }
}
