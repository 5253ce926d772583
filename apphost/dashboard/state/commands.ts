/**
 * The command palette: the verbs of the command line, with the same words, and the views. Pure.
 *
 * M1 What a key does is built here, too, so that a key, a command and the command that is copied are one and the same.
 * M2 A command that cannot be read says what it takes. What the host refuses is the host's to say.
 */
import { TASK_MANAGERS_MAX } from "../../../simulator/common/contract/state/redis-state.ts";
import type { ControlRequest } from "../../control/protocol.ts";
import { type ValueForm, wholeNumber } from "../../option-values.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { findNearest } from "../../usage.ts";
import { GROUP } from "./resource-items.ts";
import { type Effect, SORTS, type Sort, VIEWS, type View, type ViewState } from "./view-state.ts";

export type ResourceVerb = "start" | "stop" | "restart" | "kill" | "pause" | "resume";

export interface CommandHelp {
  readonly name: string;
  readonly usage: string;
  readonly help: string;
}

/** What a command comes to. */
export type Outcome =
  | { readonly kind: "effects"; readonly effects: readonly Effect[] }
  /** What ends a process is confirmed first. */
  | { readonly kind: "confirm"; readonly question: string; readonly effect: Effect }
  | { readonly kind: "change"; readonly change: Partial<ViewState>; readonly effects?: readonly Effect[] }
  | { readonly kind: "wrong"; readonly reason: string };

const RESOURCE_VERBS: readonly CommandHelp[] = [
  { name: "restart", usage: "restart RESOURCE", help: "stop it and start it" },
  { name: "stop", usage: "stop RESOURCE", help: "nobody starts it but you" },
  { name: "start", usage: "start RESOURCE", help: "start what was stopped" },
  { name: "kill", usage: "kill RESOURCE", help: "SIGKILL; the report tells it as asked for" },
  { name: "pause", usage: "pause RESOURCE", help: "SIGSTOP" },
  { name: "resume", usage: "resume RESOURCE", help: "SIGCONT" },
];

export const COMMANDS: readonly CommandHelp[] = [
  ...RESOURCE_VERBS,
  { name: "scale", usage: "scale taskmanager N", help: "more or fewer TaskManagers" },
  { name: "produce", usage: "produce --messages N [--rate N]", help: "a further round" },
  { name: "checkpoint", usage: "checkpoint", help: "take a checkpoint now" },
  { name: "logs", usage: "logs [RESOURCE...]", help: "of some, or of all" },
  { name: "describe", usage: "describe RESOURCE", help: "all there is to know of it" },
  { name: "down", usage: "down", help: "stop the run" },
  { name: "sort", usage: `sort ${SORTS.join("|")}`, help: "the order of resources" },
  { name: "leave", usage: "leave", help: "let the run go on without this screen" },
  ...VIEWS.filter((view) => view !== "logs").map((view) => ({ name: view, usage: view, help: "show it" })),
];

const messagesForm = wholeNumber({ min: 1, max: 1_000_000_000_000 });
const rateForm = wholeNumber({ min: 0, max: 100_000_000 });
const replicasForm = wholeNumber({ min: 1, max: TASK_MANAGERS_MAX });

const wrong = (reason: string): Outcome => ({ kind: "wrong", reason });

/** As the command line says it. */
const wrongValue = (what: string, value: string | undefined, { expected }: ValueForm<unknown>): Outcome =>
  wrong(`${what} is ${JSON.stringify(value ?? "")}: expected ${expected}`);

export function readCommand(text: string, snapshot: Snapshot): Outcome {
  const [name = "", ...args] = text.trim().split(/\s+/);
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    const nearest = findNearest(
      name,
      COMMANDS.map((one) => one.name),
    );
    return wrong(
      `there is no command ${name}${nearest === null ? "; ? shows all keys" : `; did you mean ${nearest}?`}`,
    );
  }
  const usage = wrong(`it is: ${command.usage}`);
  const [first] = args;
  if (RESOURCE_VERBS.includes(command)) {
    return first === undefined || args.length > 1 ? usage : readResourceCommand(name as ResourceVerb, first, snapshot);
  }
  switch (name) {
    case "scale": {
      if (args.length !== 2 || first !== GROUP) return usage;
      const replicas = replicasForm.read(args[1] ?? "");
      return replicas === undefined ? wrongValue("N", args[1], replicasForm) : ask(scaleTo(replicas));
    }
    case "produce":
      return readProduce(args) ?? usage;
    case "checkpoint":
      return args.length > 0 ? usage : ask(takeCheckpoint());
    case "logs": {
      const unknown = args.find((arg) => !isKnown(arg, snapshot));
      return unknown === undefined
        ? { kind: "change", change: { view: "logs", detail: null, logNames: args } }
        : wrong(describeUnknown(unknown, snapshot));
    }
    case "describe": {
      if (first === undefined || args.length > 1) return usage;
      if (!isKnown(first, snapshot) || first === GROUP) return wrong(describeUnknown(first, snapshot));
      const change = { view: "resources", detail: first, selected: first } as const;
      return { kind: "change", change, effects: [{ kind: "describe" }] };
    }
    case "down":
      return { kind: "confirm", question: "stop the run?", effect: { kind: "stop" } };
    case "sort":
      return SORTS.includes(first as Sort) ? { kind: "change", change: { sort: first as Sort } } : usage;
    case "leave":
      return { kind: "effects", effects: [{ kind: "leave" }] };
    default:
      return { kind: "change", change: { view: name as View, detail: null } };
  }
}

const ask = (effect: Effect): Outcome => ({ kind: "effects", effects: [effect] });

function readResourceCommand(verb: ResourceVerb, name: string, snapshot: Snapshot): Outcome {
  return isKnown(name, snapshot) ? actOn(verb, name) : wrong(describeUnknown(name, snapshot));
}

/** M1. */
export function actOn(verb: ResourceVerb, name: string): Outcome {
  const effect: Effect = { kind: "ask", request: { request: verb, resource: name }, command: `${verb} ${name}`, id: 0 };
  switch (verb) {
    case "start":
    case "pause":
    case "resume":
      return ask(effect);
    case "stop":
    case "restart":
    case "kill":
      return { kind: "confirm", question: `${verb} ${name === GROUP ? "all TaskManagers" : name}?`, effect };
  }
}

export const scaleTo = (replicas: number): Effect => ({
  kind: "ask",
  request: { request: "scale", group: GROUP, replicas },
  command: `scale ${GROUP} ${replicas}`,
  id: 0,
});

export const takeCheckpoint = (): Effect => ({
  kind: "ask",
  request: { request: "checkpoint" },
  command: "checkpoint",
  id: 0,
});

/** `produce --messages N [--rate N]`, and `produce N [N]` for who types. Undefined: it is neither. */
function readProduce(args: readonly string[]): Outcome | undefined {
  const values: Record<string, string> = {};
  const order = ["messages", "rate"];
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? "";
    const [, flag, value] = /^--(messages|rate)(?:=(.*))?$/.exec(arg) ?? [];
    if (flag === undefined) {
      const next = order.find((name) => values[name] === undefined);
      if (next === undefined || arg.startsWith("-")) return undefined;
      values[next] = arg;
    } else {
      values[flag] = value ?? args[i + 1] ?? "";
      if (value === undefined) i += 1;
    }
  }
  if (values["messages"] === undefined) return undefined;
  const messages = messagesForm.read(readDigits(values["messages"]));
  if (messages === undefined) return wrongValue("--messages", values["messages"], messagesForm);
  const rate = values["rate"] === undefined ? null : rateForm.read(readDigits(values["rate"]));
  if (rate === undefined) return wrongValue("--rate", values["rate"], rateForm);
  const request: ControlRequest = { request: "produce", messages, rate: rate ?? 0 };
  const command = `produce --messages ${messages}${rate === null ? "" : ` --rate ${rate}`}`;
  return ask({ kind: "ask", request, command, id: 0 });
}

/** `500,000` and `500_000` are read as people write them. */
const readDigits = (text: string): string => text.replace(/(?<=\d)[,_](?=\d)/g, "");

const listNames = (snapshot: Snapshot): readonly string[] => [GROUP, ...snapshot.resources.map(({ name }) => name)];

const isKnown = (name: string, snapshot: Snapshot): boolean => listNames(snapshot).includes(name);

function describeUnknown(name: string, snapshot: Snapshot): string {
  const nearest = findNearest(name, listNames(snapshot));
  return `there is no resource ${name}${nearest === null ? "" : `; did you mean ${nearest}?`}`;
}

/** What the typed text may become, the best first: commands, and then names for one that takes a name. */
export function listCompletions(
  text: string,
  snapshot: Snapshot,
): readonly { readonly text: string; readonly help: string }[] {
  const words = text.trimStart().split(/\s+/);
  const [name = ""] = words;
  if (words.length === 1) {
    const starting = COMMANDS.filter((command) => command.name.startsWith(name));
    const containing = COMMANDS.filter((command) => !starting.includes(command) && command.name.includes(name));
    return [...starting, ...containing].map((command) => ({
      text: command.name,
      help: `${command.usage}: ${command.help}`,
    }));
  }
  const last = words.at(-1) ?? "";
  const start = text.slice(0, text.length - last.length);
  const command = COMMANDS.find((one) => one.name === name);
  return listArguments(command, snapshot)
    .filter((one) => one.includes(last))
    .map((one) => ({ text: `${start}${one}`, help: command?.help ?? "" }));
}

function listArguments(command: CommandHelp | undefined, snapshot: Snapshot): readonly string[] {
  if (command === undefined) return [];
  if (command.name === "scale") return [GROUP];
  if (command.name === "sort") return SORTS;
  return command.usage.includes("RESOURCE") ? listNames(snapshot) : [];
}
