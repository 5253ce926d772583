/**
 * A Kafka broker or a Redis to which a test does harm.
 *
 * States: serving → paused → serving, or serving → down → serving.
 * T1 One harm at a time: a server that is away already is left alone, and the caller is told so.
 * T2 Whatever happens, `restore` brings it back.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface Server {
  kill(): Promise<void>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
}

export class ServerUnderTest {
  readonly name: string;
  readonly #server: Server;
  #state: "serving" | "paused" | "down" = "serving";
  /** Of the harm that is being done. */
  #done: Promise<void> = Promise.resolve();

  constructor(name: string, server: Server) {
    this.name = name;
    this.#server = server;
  }

  get isServing(): boolean {
    return this.#state === "serving";
  }

  /** Begins at once; what is returned tells whether it was done (T1). The server is back after `forMs` or the signal. */
  pauseFor(forMs: number, signal: AbortSignal): boolean {
    if (!this.isServing) return false;
    this.#state = "paused";
    this.#server.pause();
    this.#done = this.#backAfter(forMs, signal);
    return true;
  }

  async killFor(forMs: number, signal: AbortSignal): Promise<boolean> {
    if (!this.isServing) return false;
    this.#state = "down";
    await this.#server.kill();
    this.#done = this.#backAfter(forMs, signal);
    return true;
  }

  /** Waits for the end of the harm that is being done. */
  async restore(): Promise<void> {
    await this.#done;
  }

  async #backAfter(forMs: number, signal: AbortSignal): Promise<void> {
    await sleep(forMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (this.#state === "paused") this.#server.resume();
    else await this.#server.start();
    this.#state = "serving";
  }
}
