/** How requests name a topic: older versions by its name, newer ones by its name or its id. */

import type { Reader } from "../reader.ts";
import { converted, type Field, reshaped, since, string, until, uuid } from "../schema.ts";
import type { Writer } from "../writer.ts";

/** The id of no topic. */
export const NO_TOPIC_ID = "0".repeat(32);

/** A name, or an id of 32 hexadecimal digits. */
export type TopicReference = string | { readonly topicId: string };

interface NameAndId {
  readonly topicId: string;
  readonly name: string | null;
}

/** Kafka's own client says an empty name beside an id, others say none. */
export function referenceOf({ topicId, name }: NameAndId): TopicReference {
  return name === null || (name === "" && topicId !== NO_TOPIC_ID) ? { topicId } : name;
}

export function nameAndIdOf(reference: TopicReference): NameAndId {
  return typeof reference === "string"
    ? { name: reference, topicId: NO_TOPIC_ID }
    : { name: null, topicId: reference.topicId };
}

/** Below version `from` the name alone, in the form `nameOnly`; an id cannot be said there. */
export function topicReference(
  from: number,
  nameOnly: Field<string>,
  nameWithId: Field<NameAndId>,
): Field<TopicReference> {
  return reshaped(
    from,
    converted(
      nameOnly,
      (name): TopicReference => name,
      (reference) => nameAndIdOf(reference).name ?? "",
    ),
    converted(nameWithId, referenceOf, nameAndIdOf),
  );
}

/** The name of a topic, where versions from `idFrom` on give its id in that place: "" is read there. */
export function nameBefore(idFrom: number): Field<string> {
  return until(idFrom - 1, string, "");
}

/** The id of a topic, which only versions from `idFrom` on have. */
export function topicIdSince(idFrom: number): Field<string | undefined> {
  return since(
    idFrom,
    converted(
      uuid,
      (id): string | undefined => id,
      (id) => id ?? NO_TOPIC_ID,
    ),
    undefined,
  );
}

/** For the codecs that are written by hand. */
export function encodeTopicName(
  w: Writer,
  { name, topicId }: { readonly name: string; readonly topicId?: string | undefined },
  byId: boolean,
): void {
  if (byId) w.uuid(topicId ?? NO_TOPIC_ID);
  else w.string(name);
}

export function decodeTopicName(r: Reader, byId: boolean): { name: string; topicId?: string } {
  return byId ? { name: "", topicId: r.uuid() } : { name: r.string() };
}
