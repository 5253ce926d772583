/**
 * Arguments of the scripts as text, and their answers as values. Pure. `encode…` is the client's side, `parse…` reads
 * the same list again in the embedded Redis's native twins, `decode…Answer` reads what a script returned.
 *
 *   INIT       KEYS state    ARGV epoch life (field value)…
 *   ACQUIRE    KEYS state    ARGV life p g
 *   APPLY      KEYS state    ARGV life p g tm prev next n rejected skipped idSum idMix lastId disorder sentAtUs
 *   PUBLISH    KEYS state published counter sequence    ARGV epoch
 *   FENCE_ALL  KEYS state    ARGV epoch g
 *   RECOVER    KEYS state    ARGV epoch life (field value)…
 */
import { assert, present } from "../../foundation/assert.ts";
import { createError } from "../../foundation/errors.ts";
import { SUM_MODULUS } from "../message.ts";
import type {
  AcquireAnswer,
  AcquireArguments,
  ApplyAnswer,
  ApplyArguments,
  FenceAllAnswer,
  InitAnswer,
  InitArguments,
  PublishAnswer,
  RecoverAnswer,
  RecoverArguments,
  ScriptName,
} from "./redis-scripts.ts";
import { parseLastBatch, partitionField, STATE_FIELDS_MAX } from "./redis-state.ts";

/** How many KEYS a script has. */
export const SCRIPT_KEYS: Readonly<Record<ScriptName, number>> = {
  INIT: 1,
  ACQUIRE: 1,
  APPLY: 1,
  PUBLISH: 4,
  FENCE_ALL: 1,
  RECOVER: 1,
};

/** The whole hash at the start of a job: start offsets, zero counts, fences at 0. */
export function initialFields(a: InitArguments): Record<string, string> {
  const fields: Record<string, string> = {
    life: a.life,
    redisRunId: a.redisRunId,
    phase: "running",
    epoch: whole(a.epoch, "epoch"),
    total: "0",
  };
  for (const [p, offset] of a.startOffsets.entries()) {
    fields[partitionField("start", p)] = whole(offset, "start offset");
    fields[partitionField("offset", p)] = whole(offset, "start offset");
    for (const field of ["count", "rejected", "skipped", "idSum", "idMix", "lastId", "disorder", "fence"] as const) {
      fields[partitionField(field, p)] = "0";
    }
    fields[partitionField("last", p)] = "";
  }
  return fields;
}

export function encodeInit(a: InitArguments): string[] {
  return [whole(a.epoch, "epoch"), a.life, ...encodeFields(initialFields(a))];
}

export function encodeRecover(a: RecoverArguments): string[] {
  const life = present(a.fields["life"], "the life of the state to recover");
  const fields = { ...a.fields, epoch: whole(a.epoch, "epoch") };
  return [fields.epoch, life, ...encodeFields(fields)];
}

function encodeFields(fields: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(fields);
  if (entries.length > STATE_FIELDS_MAX) {
    throw createError("REDIS_STATE_TOO_LARGE", { fields: entries.length, max: STATE_FIELDS_MAX });
  }
  return entries.flat();
}

export interface WholeHashArguments {
  readonly epoch: number;
  readonly life: string;
  readonly fields: readonly (readonly [field: string, value: string])[];
}

/** Arguments of INIT and RECOVER. Undefined when they have another form. */
export function parseWholeHash(argv: readonly string[]): WholeHashArguments | undefined {
  const [epoch, life] = argv;
  if (epoch === undefined || life === undefined || argv.length < 4 || argv.length % 2 !== 0) return undefined;
  if (!areWhole([epoch])) return undefined;
  const fields: [string, string][] = [];
  for (let i = 2; i < argv.length; i += 2) fields.push([argv[i] as string, argv[i + 1] as string]);
  return { epoch: Number(epoch), life, fields };
}

export const encodeAcquire = (a: AcquireArguments): string[] => [a.life, whole(a.p, "p"), whole(a.g, "g")];

export function parseAcquire(argv: readonly string[]): AcquireArguments | undefined {
  if (argv.length !== 3 || !areWhole(argv.slice(1))) return undefined;
  return { life: argv[0] as string, p: Number(argv[1]), g: Number(argv[2]) };
}

export function encodeApply(a: ApplyArguments): string[] {
  assert(a.next > a.prev, `an APPLY moves forward: prev ${a.prev}, next ${a.next}`);
  assert(a.idSum < SUM_MODULUS && a.idMix < SUM_MODULUS, `increments below 2^48: ${a.idSum}, ${a.idMix}`);
  return [
    a.life,
    whole(a.p, "p"),
    whole(a.g, "g"),
    a.tm,
    whole(a.prev, "prev"),
    whole(a.next, "next"),
    whole(a.n, "n"),
    whole(a.rejected, "rejected"),
    whole(a.skipped, "skipped"),
    whole(a.idSum, "idSum"),
    whole(a.idMix, "idMix"),
    whole(a.lastId, "lastId"),
    whole(a.disorder, "disorder"),
    whole(a.sentAtUs, "sentAtUs"),
  ];
}

export function parseApply(argv: readonly string[]): ApplyArguments | undefined {
  if (argv.length !== 14 || !areWhole([...argv.slice(1, 3), ...argv.slice(4)])) return undefined;
  const number = (at: number) => Number(argv[at]);
  return {
    life: argv[0] as string,
    p: number(1),
    g: number(2),
    tm: argv[3] as string,
    prev: number(4),
    next: number(5),
    n: number(6),
    rejected: number(7),
    skipped: number(8),
    idSum: number(9),
    idMix: number(10),
    lastId: number(11),
    disorder: number(12),
    sentAtUs: number(13),
  };
}

export const encodePublish = (a: { epoch: number }): string[] => [whole(a.epoch, "epoch")];
export const encodeFenceAll = (a: { epoch: number; g: number }): string[] => [whole(a.epoch, "epoch"), whole(a.g, "g")];

export function parsePublish(argv: readonly string[]): { epoch: number } | undefined {
  return argv.length === 1 && areWhole(argv) ? { epoch: Number(argv[0]) } : undefined;
}

export function parseFenceAll(argv: readonly string[]): { epoch: number; g: number } | undefined {
  return argv.length === 2 && areWhole(argv) ? { epoch: Number(argv[0]), g: Number(argv[1]) } : undefined;
}

const areWhole = (texts: readonly string[]): boolean => texts.every((text) => parseWhole(text) !== undefined);

/** The scripts' own reading of a number: digits only, at most 2^53-1. Undefined otherwise, also for a missing field. */
export function parseWhole(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

export function decodeInitAnswer(answer: unknown): InitAnswer {
  const [kind, a, b, c] = words(answer);
  if (kind === "CREATED") return { kind: "created" };
  if (kind === "REFUSED") return { kind: "refused", epoch: number(a) };
  if (kind !== "EXISTS") throw unexpected("INIT", answer);
  // A hash with a field missing has no identity to go on with: the empty life says so, and nothing equals it.
  const whole = a !== "" && b !== "" && (c === "running" || c === "stopped");
  if (!whole) return { kind: "exists", life: "", redisRunId: "", phase: "running" };
  return { kind: "exists", life: text(a), redisRunId: text(b), phase: c };
}

export function decodeAcquireAnswer(answer: unknown): AcquireAnswer {
  const [kind, a, b, c] = words(answer);
  if (kind === "ACQUIRED") {
    return { kind: "acquired", offset: number(a), lastId: number(b), last: parseLastBatch(text(c)) ?? null };
  }
  if (kind === "FENCED") return { kind: "fenced", fence: number(a) };
  if (kind === "STORE_LOST") return { kind: "storeLost", life: text(a) };
  throw unexpected("ACQUIRE", answer);
}

export function decodeApplyAnswer(answer: unknown): ApplyAnswer {
  const [kind, a] = words(answer);
  if (kind === "OK") return { kind: "ok", base: number(a) };
  if (kind === "DUP") return { kind: "dup", base: number(a) };
  if (kind === "SEEK") return { kind: "seek", offset: number(a) };
  if (kind === "FENCED") return { kind: "fenced", fence: number(a) };
  if (kind === "STORE_LOST") return { kind: "storeLost", life: text(a) };
  throw unexpected("APPLY", answer);
}

export function decodePublishAnswer(answer: unknown): PublishAnswer {
  const [kind, a] = words(answer);
  if (kind === "PUBLISHED") return { kind: "published", total: number(a) };
  if (kind === "REFUSED") return { kind: "refused", epoch: number(a) };
  if (kind === "STORE_LOST") return { kind: "storeLost" };
  throw unexpected("PUBLISH", answer);
}

export function decodeFenceAllAnswer(answer: unknown): FenceAllAnswer {
  const [kind, a] = words(answer);
  if (kind === "FENCED") return { kind: "fenced", total: number(a) };
  if (kind === "REFUSED") return { kind: "refused", epoch: number(a) };
  if (kind === "STORE_LOST") return { kind: "storeLost" };
  throw unexpected("FENCE_ALL", answer);
}

export function decodeRecoverAnswer(answer: unknown): RecoverAnswer {
  const [kind, a] = words(answer);
  if (kind === "RECOVERED") return { kind: "recovered" };
  if (kind === "REFUSED") return { kind: "refused", epoch: number(a) };
  throw unexpected("RECOVER", answer);
}

/** The shortest text is the canonical one: the scripts compare fences and offsets as text. */
function whole(value: number, what: string): string {
  assert(Number.isSafeInteger(value) && value >= 0, `${what} is a whole number of at most 2^53-1: ${value}`);
  return String(value);
}

function words(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : [];
}

function text(value: unknown): string {
  if (typeof value !== "string") throw createError("REDIS_ANSWER_INVALID", { script: "", answer: String(value) });
  return value;
}

function number(value: unknown): number {
  const parsed = Number(text(value));
  if (!Number.isSafeInteger(parsed)) throw createError("REDIS_ANSWER_INVALID", { script: "", answer: String(value) });
  return parsed;
}

function unexpected(script: ScriptName, answer: unknown): Error {
  return createError("REDIS_ANSWER_INVALID", { script, answer: JSON.stringify(answer) ?? "nothing" });
}
