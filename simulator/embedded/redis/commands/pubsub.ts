/** SUBSCRIBE, PUBLISH and their kin. Subscribing answers once for each name. */

import { unknownSubcommand, wrongArity } from "../command-error.ts";
import { compileGlob } from "../glob.ts";
import type { SubscriptionKind } from "../pubsub.ts";
import type { Reply } from "../reply.ts";
import type { Command, CommandContext, CommandTable } from "./command.ts";

export const pubSubCommands: CommandTable = {
  SUBSCRIBE: subscribing("channel", "subscribe"),
  PSUBSCRIBE: subscribing("pattern", "psubscribe"),
  UNSUBSCRIBE: unsubscribing("channel", "unsubscribe"),
  PUNSUBSCRIBE: unsubscribing("pattern", "punsubscribe"),
  PUBLISH: {
    arity: 3,
    run: ({ server }, [channel, message]: readonly [string, string]) => server.pubSub.publish(channel, message),
  },
  PUBSUB: { arity: -2, subcommands: ["CHANNELS", "NUMSUB", "NUMPAT"], run: inspect },
};

function subscribing(kind: SubscriptionKind, word: string): Command {
  return {
    arity: -2,
    whileSubscribed: true,
    run: ({ client }, names) => ({
      several: names.map((name) => {
        client.subscribe(kind, name);
        return { push: [word, name, client.subscriptionCount] };
      }),
    }),
  };
}

function unsubscribing(kind: SubscriptionKind, word: string): Command {
  return {
    arity: -1,
    whileSubscribed: true,
    run({ client }, given) {
      const names = given.length > 0 ? given : [...client.subscriptions[kind]];
      if (names.length === 0) return { push: [word, null, client.subscriptionCount] };
      return {
        several: names.map((name) => {
          client.unsubscribe(kind, name);
          return { push: [word, name, client.subscriptionCount] };
        }),
      };
    },
  };
}

function inspect({ server: { pubSub } }: CommandContext, args: readonly string[]): Reply {
  const [subcommand, ...names] = args as [string, ...string[]];
  switch (subcommand.toUpperCase()) {
    case "CHANNELS": {
      if (names.length > 1) throw wrongArity("pubsub|channels");
      return pubSub.listChannels().filter(compileGlob(names[0] ?? "*"));
    }
    case "NUMSUB":
      return names.flatMap((name) => [name, pubSub.countListeners(name)]);
    case "NUMPAT":
      if (names.length > 0) throw wrongArity("pubsub|numpat");
      return pubSub.patternCount;
    default:
      throw unknownSubcommand("PUBSUB", subcommand);
  }
}
