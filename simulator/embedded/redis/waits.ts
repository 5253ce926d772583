/**
 * Clients that wait in BLPOP and its kin, each for a change of one of its keys or the end of its time.
 *
 * W1 A wait is tried again only after the command that changed a key is complete, never in the middle of it.
 * W2 Those that wait for the same key are tried in the order in which they came.
 * W3 Each wait ends exactly once: by its reply, by its timeout, or by `cancel` when the client is gone.
 */

import { CommandError } from "./command-error.ts";
import type { Keyspace, Watcher } from "./keyspace.ts";
import type { Reply, Wait } from "./reply.ts";

/** The longest that a timer of Node can run; a longer wait goes on for ever, which is the same for a server of ours. */
const TIMER_MS_MAX = 2_147_483_647;

export interface Waiting {
  cancel(): void;
}

interface WaitingClient extends Watcher, Waiting {
  tryAgain(): void;
}

export class Waits {
  #ready: WaitingClient[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(keyspace: Keyspace, { wait }: Wait, onReply: (reply: Reply) => void): Waiting {
    let state: "waiting" | "ready" | "ended" = "waiting";
    const cancel = (): void => {
      if (state === "ended") return;
      state = "ended";
      this.#count -= 1;
      clearTimeout(timer);
      for (const key of wait.keys) keyspace.unwatch(key, client);
    };
    const end = (reply: Reply): void => {
      cancel();
      onReply(reply);
    };
    const client: WaitingClient = {
      cancel,
      onChange: () => {
        if (state !== "waiting") return;
        state = "ready";
        this.#ready.push(client);
      },
      tryAgain: () => {
        if (state !== "ready") return;
        state = "waiting";
        const keys = wait.keys.filter((key) => keyspace.typeOf(key) === wait.kind);
        const isGone = wait.gone !== undefined && keys.length < wait.keys.length;
        const retried = keys.length === 0 || isGone ? undefined : attempt(() => wait.retry(keys));
        const reply = isGone ? wait.gone : retried;
        if (reply !== undefined) end(reply);
      },
    };
    const { timeoutMs } = wait;
    const isTimed = timeoutMs > 0 && timeoutMs <= TIMER_MS_MAX;
    const timer = isTimed ? setTimeout(() => end(wait.timedOut), timeoutMs) : undefined;
    this.#count += 1;
    for (const key of wait.keys) keyspace.watch(key, client);
    return client;
  }

  /** To be called after each command. */
  serve(): void {
    while (this.#ready.length > 0) {
      const ready = this.#ready;
      this.#ready = [];
      for (const client of ready) client.tryAgain();
    }
  }
}

function attempt(retry: () => Reply | undefined): Reply | undefined {
  try {
    return retry();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { error: error.message };
  }
}
