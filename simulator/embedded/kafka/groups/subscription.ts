/** What consumers say of themselves when they join ("consumer" protocol type), as far as a broker needs it. */
import { Reader } from "../../../clients/kafka/wire/reader.ts";
import { isAppError } from "../../../common/foundation/errors.ts";
import type { Group } from "./group.ts";
import { metadataOf } from "./members.ts";

export const CONSUMER_PROTOCOL_TYPE = "consumer";

/**
 * The topics that the members of a consumer group subscribe to.
 * Subscription => version:int16 [topic:string] ...
 */
export function subscribedTopics(group: Group): Set<string> {
  const topics = new Set<string>();
  for (const member of group.members.list()) {
    for (const topic of readTopics(metadataOf(member, group.protocolName))) topics.add(topic);
  }
  return topics;
}

/** A member may write what it likes here: what is no subscription subscribes to nothing. */
function readTopics(metadata: Buffer): string[] {
  const r = new Reader(metadata);
  try {
    r.int16();
    return r.array(() => r.string());
  } catch (error) {
    if (isAppError(error) && error.code === "KAFKA_MALFORMED") return [];
    throw error;
  }
}
