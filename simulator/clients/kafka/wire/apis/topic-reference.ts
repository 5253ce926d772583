/** How requests name a topic: older versions by its name, newer ones by its name or its id. */
import { converted, type Field, reshaped } from "../schema.ts";

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
