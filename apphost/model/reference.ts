/**
 * Values that are not known when an application is declared: addresses, ports, passwords. A reference names one, and is
 * resolved when the program that needs it is started. Plain data, so that a file may have made it with another copy of
 * this package.
 */
import { createError } from "../../simulator/common/foundation/errors.ts";

export interface Reference {
  /** Name of the resource. */
  readonly of: string;
  /** The connection variable of that resource that holds the value. */
  readonly variable: string;
}

/** A text with references in it, as the tag `ref` makes it. */
export interface ReferenceText {
  readonly texts: readonly string[];
  readonly values: readonly (Reference | string | number)[];
}

/** ref`redis at ${redis.property("host")}` */
export const ref = (texts: TemplateStringsArray, ...values: (Reference | string | number)[]): ReferenceText => ({
  texts: [...texts],
  values,
});

/** What `property` of the built-in resources may be asked for, and the variable that holds it. */
export const PROPERTIES = {
  kafka: {
    bootstrapServers: "KAFKA_BOOTSTRAP_SERVERS",
    host: "KAFKA_HOST",
    port: "KAFKA_PORT",
    connectionString: "ConnectionStrings__kafka",
  },
  redis: {
    uri: "REDIS_URI",
    host: "REDIS_HOST",
    port: "REDIS_PORT",
    username: "REDIS_USERNAME",
    password: "REDIS_PASSWORD",
    database: "REDIS_DATABASE",
    connectionString: "ConnectionStrings__redis",
  },
  jobmanager: { http: "JOBMANAGER_HTTP" },
} as const;

export const referencesOf = (text: string | ReferenceText): readonly Reference[] =>
  typeof text === "string" ? [] : text.values.filter((value) => typeof value === "object");

/** `variablesOf` gives the connection variables of a resource. */
export function resolveText(
  text: string | ReferenceText,
  variablesOf: (resource: string) => Readonly<Record<string, string>>,
): string {
  if (typeof text === "string") return text;
  const resolve = (value: Reference | string | number | undefined): string => {
    if (value === undefined) return "";
    if (typeof value !== "object") return String(value);
    const known = variablesOf(value.of)[value.variable];
    if (known !== undefined) return known;
    const advice = "refer to another of its properties";
    throw createError("USAGE_CONFLICT", { what: `${value.of} of this run has no ${value.variable}`, advice });
  };
  return text.texts.map((part, index) => `${part}${resolve(text.values[index])}`).join("");
}
