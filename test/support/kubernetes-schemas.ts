/**
 * Holds manifests against the schemas of Kubernetes and of the operators' own definitions, as kubeconform does it: a field
 * that no schema has is an error, and so is an object of a kind that has none.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Ajv, type ValidateFunction } from "ajv";

const FOLDER = fileURLToPath(new URL("kubernetes-schemas/", import.meta.url));
const KUBERNETES = "kubernetes-1.34.json.gz";
const DEFINITIONS = [
  "flink-deployment.json.gz",
  "strimzi-kafka.json.gz",
  "strimzi-kafkanodepool.json.gz",
  "strimzi-kafkatopic.json.gz",
  "strimzi-kafkauser.json.gz",
];

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Record<string, unknown>;
}

interface Schema {
  [key: string]: unknown;
  properties?: Record<string, unknown>;
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

const readText = (name: string): string => gunzipSync(readFileSync(join(FOLDER, name))).toString("utf8");

/** Says what is wrong with a manifest; null: nothing. */
export function createManifestCheck(): (manifest: Manifest) => string | null {
  const schemas = readSchemas();
  const ajv = new Ajv({ strict: false, validateFormats: false, inlineRefs: false });
  // What Kubernetes' kinds are made of is compiled once for all of them.
  ajv.addSchema({ $id: "kubernetes", $defs: readKubernetes() });
  const compiled = new Map<string, ValidateFunction>();
  return (manifest) => {
    const name = schemaNameOf(manifest);
    const schema = schemas.get(name);
    if (schema === undefined) return `there is no schema for ${manifest.apiVersion} ${manifest.kind}`;
    const validate = compiled.get(name) ?? ajv.getSchema(`kubernetes${schema["$ref"]}`) ?? ajv.compile(schema);
    compiled.set(name, validate);
    const isValid: boolean = validate(manifest);
    if (isValid) return null;
    return `${manifest.kind} ${manifest.metadata.name}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(validate.errors?.[0]?.params)}`;
  };
}

/** By the names that kubeconform looks for. */
export function writeSchemas(folder: string): void {
  for (const [name, schema] of readSchemas()) writeFileSync(join(folder, `${name}.json`), JSON.stringify(schema));
}

/** Kind, the begin of its group, and its version: `deployment-apps-v1`, `service-v1`. */
function schemaNameOf({ apiVersion, kind }: Pick<Manifest, "apiVersion" | "kind">): string {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  return [kind, group?.split(".")[0], version]
    .filter((part) => part !== "")
    .join("-")
    .toLowerCase();
}

const readKubernetes = (): Record<string, Schema> =>
  (JSON.parse(readText(KUBERNETES)) as { $defs: Record<string, Schema> }).$defs;

function readSchemas(): ReadonlyMap<string, Schema> {
  const schemas = new Map<string, Schema>();
  const $defs = readKubernetes();
  for (const name of Object.keys($defs)) {
    const [, group = "", version = "", kind = ""] = /^io\.k8s\.api\.([a-z]+)\.(v\d)\.([A-Za-z]+)$/.exec(name) ?? [];
    const isObject = $defs[name]?.properties?.["kind"] !== undefined;
    if (!isObject || kind === "") continue;
    const apiVersion = group === "core" ? version : `${group}/${version}`;
    schemas.set(schemaNameOf({ apiVersion, kind }), { $ref: `#/$defs/${name}`, $defs });
  }
  for (const file of DEFINITIONS) {
    const { group, names, versions } = (JSON.parse(readText(file)) as Definition).spec;
    for (const { name, schema } of versions) {
      const { kind } = names;
      schemas.set(
        schemaNameOf({ apiVersion: `${group}/${name}`, kind }),
        shareEqual(completeSchema(schema.openAPIV3Schema)),
      );
    }
  }
  return schemas;
}

/** The template of a pod is in a definition up to three times, and is most of it: each is compiled once. */
function shareEqual(schema: Schema): Schema {
  const names = new Map<string, string>();
  const $defs: Record<string, unknown> = {};
  const share = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(share);
    if (value === null || typeof value !== "object") return value;
    const shared = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, share(part)]));
    if (shared["type"] !== "object" || shared["properties"] === undefined) return shared;
    const text = JSON.stringify(shared);
    const name = names.get(text) ?? `d${names.size}`;
    names.set(text, name);
    $defs[name] = shared;
    return { $ref: `#/$defs/${name}` };
  };
  return { ...(share(schema) as Schema), $defs };
}

/** What every object has is in no definition. */
function completeSchema(schema: Schema): Schema {
  const { metadata: _, ...properties } = (forbidUnknown(schema) as Schema).properties ?? {};
  const text = { type: "string" };
  return {
    ...schema,
    additionalProperties: false,
    properties: { ...properties, apiVersion: text, kind: text, metadata: { type: "object" } },
  };
}

/** The API server would drop unknown fields without a word. What it keeps on purpose stays permitted. */
function forbidUnknown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forbidUnknown);
  if (value === null || typeof value !== "object") return value;
  const schema: Schema = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, forbidUnknown(part)]));
  if (schema["x-kubernetes-int-or-string"] === true) return { ...schema, type: ["integer", "string"] };
  const isOpen =
    schema["x-kubernetes-preserve-unknown-fields"] === true || schema["additionalProperties"] !== undefined;
  const isStructure = schema["type"] === "object" && schema.properties !== undefined;
  return isStructure && !isOpen ? { ...schema, additionalProperties: false } : schema;
}
