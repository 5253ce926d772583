/** Who listens to which channels and patterns. A message reaches each subscription once, in the order of subscribing. */
import { compileGlob } from "./glob.ts";
import type { Reply } from "./reply.ts";

/** Whoever can be sent what it did not ask for in this turn. */
export interface Listener {
  readonly push: (reply: Reply) => void;
}

export type SubscriptionKind = "channel" | "pattern";

interface PatternListeners {
  readonly matches: (channel: string) => boolean;
  readonly clients: Set<Listener>;
}

export class PubSub {
  readonly #channels = new Map<string, Set<Listener>>();
  readonly #patterns = new Map<string, PatternListeners>();

  get patternCount(): number {
    return this.#patterns.size;
  }

  listChannels(): string[] {
    return [...this.#channels.keys()];
  }

  countListeners(channel: string): number {
    return this.#channels.get(channel)?.size ?? 0;
  }

  subscribe(kind: SubscriptionKind, name: string, client: Listener): void {
    if (kind === "channel") {
      const listeners = this.#channels.get(name);
      if (listeners === undefined) this.#channels.set(name, new Set([client]));
      else listeners.add(client);
      return;
    }
    const listeners = this.#patterns.get(name);
    if (listeners === undefined) this.#patterns.set(name, { matches: compileGlob(name), clients: new Set([client]) });
    else listeners.clients.add(client);
  }

  unsubscribe(kind: SubscriptionKind, name: string, client: Listener): void {
    const listeners = kind === "channel" ? this.#channels.get(name) : this.#patterns.get(name)?.clients;
    listeners?.delete(client);
    if (listeners?.size !== 0) return;
    if (kind === "channel") this.#channels.delete(name);
    else this.#patterns.delete(name);
  }

  /** Returns how many subscriptions the message reached. */
  publish(channel: string, message: string): number {
    let reached = 0;
    const send = (client: Listener, push: readonly Reply[]) => {
      client.push({ push });
      reached += 1;
    };
    for (const client of this.#channels.get(channel) ?? []) send(client, ["message", channel, message]);
    for (const [pattern, { matches, clients }] of this.#patterns) {
      if (!matches(channel)) continue;
      for (const client of clients) send(client, ["pmessage", pattern, channel, message]);
    }
    return reached;
  }
}
