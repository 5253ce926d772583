/** Every command that is served, by group: what carries them out, what COMMAND tells, and what the README lists. */

import { bitCommands } from "./bits.ts";
import type { Command, CommandTable } from "./command.ts";
import { connectionCommands } from "./connection.ts";
import { hashCommands } from "./hashes.ts";
import { keyCommands } from "./keys.ts";
import { listCommands } from "./lists.ts";
import { pubSubCommands } from "./pubsub.ts";
import { scriptCommands } from "./scripts.ts";
import { serverCommands } from "./server.ts";
import { setCommands } from "./sets.ts";
import { sortedSetCommands } from "./sorted-sets.ts";
import { streamGroupCommands } from "./stream-groups.ts";
import { streamInfoCommands } from "./stream-info.ts";
import { streamReadCommands } from "./stream-reads.ts";
import { streamCommands } from "./streams.ts";
import { stringCommands } from "./strings.ts";
import { transactionCommands } from "./transactions.ts";

export const COMMAND_GROUPS: Readonly<Record<string, CommandTable>> = {
  Connection: connectionCommands,
  Keys: keyCommands,
  Strings: stringCommands,
  Bitmaps: bitCommands,
  Hashes: hashCommands,
  Lists: listCommands,
  Sets: setCommands,
  "Sorted sets": sortedSetCommands,
  Streams: { ...streamCommands, ...streamReadCommands, ...streamGroupCommands, ...streamInfoCommands },
  "Publish and subscribe": pubSubCommands,
  Transactions: transactionCommands,
  Scripts: scriptCommands,
  Server: serverCommands,
};

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.values(COMMAND_GROUPS).flatMap((table) => Object.entries(table)),
);
