/** The transport of all that only looks: the host, the validator, the report. The only file that imports ioredis. */

import { Redis } from "ioredis";
import type { RedisAddress } from "../../common/foundation/address.ts";
import type { RedisTransport, TransportOptions } from "./transport.ts";

export async function openIoredisTransport(endpoint: RedisAddress, options: TransportOptions): Promise<RedisTransport> {
  const transport = new IoredisTransport(createClient(endpoint, options));
  const abort = () => transport.close();
  options.signal.addEventListener("abort", abort, { once: true });
  try {
    await transport.connect();
  } catch (error) {
    transport.close();
    throw error;
  } finally {
    options.signal.removeEventListener("abort", abort);
  }
  return transport;
}

function createClient(endpoint: RedisAddress, options: TransportOptions): Redis {
  return new Redis({
    host: endpoint.host,
    port: endpoint.port,
    ...(endpoint.tls ? { tls: {} } : {}),
    lazyConnect: true,
    protocol: 2,
    noDelay: true,
    connectTimeout: options.connectMs,
    socketTimeout: options.replyMs,
    // R2. Each of these defaults would send commands again behind our back.
    retryStrategy: () => null,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false,
    // AUTH, SELECT and the readiness check are ours, so that each error reply is judged once and in one place.
    enableReadyCheck: false,
    disableClientInfo: true,
  });
}

class IoredisTransport implements RedisTransport {
  readonly #client: Redis;
  /** ioredis rejects with "Connection is closed."; why it closed came as an event before. */
  #failure: unknown;

  constructor(client: Redis) {
    this.#client = client;
    client.on("error", (error: unknown) => {
      this.#failure ??= error;
    });
  }

  connect(): Promise<void> {
    return this.#explain(this.#client.connect());
  }

  get isOpen(): boolean {
    return this.#client.status === "ready";
  }

  onceLost(listener: () => void): void {
    if (this.isOpen) this.#client.once("close", listener);
    else listener();
  }

  call(name: string, args: readonly string[]): Promise<unknown> {
    return this.#explain(this.#client.call(name, [...args]));
  }

  close(): void {
    this.#client.disconnect();
  }

  async #explain<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const isReply = error instanceof Error && error.name === "ReplyError";
      throw isReply ? error : (this.#failure ?? error);
    }
  }
}
