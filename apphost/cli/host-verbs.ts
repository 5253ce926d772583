/**
 * The verbs that find, ask, watch and end hosts, as commands: their arguments and options. What each does is in its file
 * in `verbs/`, and is loaded when it is used.
 */
import { type Command, Option } from "commander";
import { TASK_MANAGERS_MAX } from "../../simulator/common/contract/state/redis-state.ts";
import type { ResourceRequest } from "../control/protocol.ts";
import { duration, oneOf, runIdForm, type ValueForm, wholeNumber } from "../option-values.ts";
import { type GivenOptions, readOptions } from "../options.ts";
import { findFolderProblems } from "../run/run-folder.ts";
import {
  createFormatOption,
  createOption,
  createRunOption,
  parseOptional,
  parseValue,
  readChoice,
  type SetExitCode,
} from "./command-options.ts";
import type { Terminal } from "./terminal.ts";

const DAY_MS = 86_400_000;
const timeoutForm = duration({ minMs: 1, maxMs: 7 * DAY_MS });
const TAIL_MAX = 1_000_000;

export function addHostVerbs(program: Command, setExitCode: SetExitCode): void {
  const add = (usage: string, description: string, work: HostVerb): Command =>
    program
      .command(usage)
      .description(description)
      .exitOverride()
      .addOption(createOption("runDir"))
      .action(async (...args: unknown[]) => {
        // Commander gives the arguments, a list of them as one, then the options, then the command.
        const names = (args.slice(0, -2) as (string | string[])[]).flat();
        const given = args.at(-2) as GivenOptions;
        const { withTerminal } = await import("./terminal.ts");
        setExitCode(
          await withTerminal((terminal) => {
            for (const problem of findFolderProblems(readChoice(given).base)) terminal.note(problem);
            return work(given, terminal, names);
          }),
        );
      });
  addWatchingVerbs(add);
  addAskingVerbs(add);
  addResourceVerbs(add);
  addDown(add);
}

type HostVerb = (given: GivenOptions, terminal: Terminal, names: readonly string[]) => Promise<number>;
type AddVerb = (usage: string, description: string, work: HostVerb) => Command;

const formatForm = <const T extends string>(values: readonly T[]): ValueForm<T> => oneOf(values);

function addWatchingVerbs(add: AddVerb): void {
  add("ps", "list running hosts", async (given, terminal) => {
    const { runPs } = await import("./ps.ts");
    const format = parseValue("format", given, formatForm(["table", "json"]));
    return runPs({ base: readChoice(given).base, all: given["all"] === true, format }, terminal);
  })
    .addOption(new Option("--all", "those of all folders of this user"))
    .addOption(createFormatOption(["table", "json"]));

  add("describe", "print what runs: resources with state, health, addresses", async (given, terminal) => {
    const { runDescribe } = await import("./describe.ts");
    const format = parseValue("format", given, formatForm(["table", "json"]));
    const flags = { follow: given["follow"] === true, showSecrets: given["showSecrets"] === true };
    return runDescribe({ ...readChoice(given), format, ...flags }, terminal);
  })
    .addOption(createRunOption())
    .addOption(createFormatOption(["table", "json"]))
    .addOption(new Option("--follow", "print changes until the host ends (JSON: a line each)"))
    .addOption(new Option("--show-secrets", "do not mask passwords and tokens"));

  add(
    "logs [resources...]",
    "print what resources or groups wrote, of an ended run too",
    async (given, terminal, names) => {
      const { runLogs } = await import("./logs.ts");
      const flags = { follow: given["follow"] === true, timestamps: given["timestamps"] === true };
      const tail = parseOptional("tail", given, wholeNumber({ min: 0, max: TAIL_MAX }));
      const search = typeof given["search"] === "string" ? given["search"] : null;
      return runLogs({ ...readChoice(given), names, ...flags, tail, search }, terminal);
    },
  )
    .addOption(createRunOption())
    .addOption(new Option("-f, --follow", "go on with new lines until the host ends"))
    .addOption(new Option("--tail <lines>", "only the last lines of each resource"))
    .addOption(new Option("--search <text>", "only lines with this text, in whatever case"))
    .addOption(new Option("--timestamps", "with the time of each line"));

  add("wait <resources...>", "wait for resources or groups", async (given, terminal, names) => {
    const { runWait } = await import("./wait.ts");
    const status = parseValue("status", given, formatForm(["running", "healthy", "finished"]));
    const timeoutMs = parseValue("timeout", given, timeoutForm);
    return runWait({ ...readChoice(given), names, status, timeoutMs }, terminal);
  })
    .addOption(createRunOption())
    .addOption(new Option("--status <value>", "running, healthy or finished").default("healthy"))
    .addOption(new Option("--timeout <duration>", "how long to wait").default("120s"));
}

function addAskingVerbs(add: AddVerb): void {
  add("produce", "a further round on the running host; ends with its verdict", async (given, terminal) => {
    const { runProduce } = await import("./produce.ts");
    const ui = parseValue("ui", given, formatForm(["plain", "json", "quiet"]));
    const messages = parseValue("messages", given, wholeNumber({ min: 1, max: 1_000_000_000_000 }));
    return runProduce({ ...readChoice(given), messages, ui }, terminal);
  })
    .addOption(createRunOption())
    .addOption(createOption("messages").makeOptionMandatory())
    .addOption(new Option("--ui <value>", "plain, json or quiet").default("plain"));

  add("env", "print the variables that dependents get, the password included", async (given, terminal) => {
    const { runEnv } = await import("./env.ts");
    return runEnv(readChoice(given), parseValue("format", given, formatForm(["export", "dotenv", "json"])), terminal);
  })
    .addOption(createRunOption())
    .addOption(createFormatOption(["export", "dotenv", "json"]));

  add("report", "print the newest report; ends with its run's exit code", async (given, terminal) => {
    const { runReport } = await import("./report.ts");
    const format = parseValue("format", given, formatForm(["text", "json"]));
    return runReport({ ...readChoice(given), format }, terminal);
  })
    .addOption(createRunOption())
    .addOption(createFormatOption(["text", "json"]));
}

function addResourceVerbs(add: AddVerb): void {
  const addVerb = (usage: string, description: string, readRequest: (names: readonly string[]) => ResourceRequest) =>
    add(usage, description, async (given, terminal, names) => {
      const { runResourceCommand } = await import("./resource-commands.ts");
      const format = parseValue("format", given, formatForm(["text", "json"]));
      return runResourceCommand({ ...readChoice(given), request: readRequest(names), format }, terminal);
    })
      .addOption(createRunOption())
      .addOption(createFormatOption(["text", "json"]));
  for (const [verb, description] of [
    ["start", "start what was stopped; ends when it is ready"],
    ["stop", "stop a resource or group; nobody starts it but you"],
    ["restart", "stop and start; ends when it is ready again"],
  ] as const) {
    addVerb(`${verb} <resource>`, description, ([resource = ""]) => ({ request: verb, resource }));
  }
  const replicasForm = wholeNumber({ min: 1, max: TASK_MANAGERS_MAX });
  addVerb("scale <group> <replicas>", "more or fewer TaskManagers in the running job", ([group = "", text]) => ({
    request: "scale",
    group,
    replicas: parseValue("replicas", { replicas: text }, replicasForm),
  }));
}

function addDown(add: AddVerb): void {
  add("down", "stop a running host, and sweep what dead ones left", async (given, terminal) => {
    const { runDown } = await import("./down.ts");
    const names = readOptions(["redis", "topic", "counterKey", "sequenceKey"], given, process.env);
    const { redis = null, topic = null, counterKey = null, sequenceKey = null } = names;
    const purge = given["purge"] === true ? "" : parseOptional("purge", given, runIdForm);
    const timeoutMs = parseValue("timeout", given, timeoutForm);
    const all = given["all"] === true;
    const repeated = { redis, topic, counterKey, sequenceKey };
    return runDown({ ...readChoice(given), all, timeoutMs, purge, ...repeated }, terminal);
  })
    .addOption(createRunOption())
    .addOption(new Option("--all", "every host of this folder, and with --purge every run"))
    .addOption(new Option("--timeout <duration>", "how long a host may take to end").default("180s"))
    .addOption(createOption("redis"))
    .addOption(createOption("topic"))
    .addOption(createOption("counterKey"))
    .addOption(createOption("sequenceKey"))
    .addOption(new Option("--purge [run]", "remove what the newest run, or RUN, left on servers of others"));
}
