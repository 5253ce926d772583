/**
 * The verbs that find, ask, watch and end hosts, as commands: their arguments and options. What each does is in its file
 * in this folder, and is loaded when it is used.
 */
import { type Command, Option } from "commander";
import { TASK_MANAGERS_MAX } from "../../simulator/common/contract/state/redis-state.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { ResourceRequest } from "../control/protocol.ts";
import {
  anyText,
  duration,
  fileForm,
  oneOf,
  percentage,
  pointInTime,
  runIdForm,
  wholeNumber,
} from "../option-values.ts";
import { type GivenOptions, readOptions } from "../options.ts";
import { findFolderProblems } from "../run/run-folder.ts";
import { throwUsage } from "../usage.ts";
import {
  createFlag,
  createFormatOption,
  createOption,
  createRunOption,
  createValueOption,
  parseOptional,
  parseValue,
  readChoice,
  type SetExitCode,
} from "./command-options.ts";
import { addProduceOptions, isForKafka, readProduction, readRoundRequest } from "./produce-options.ts";
import type { Terminal } from "./terminal.ts";
import { type VerbArgument, VerbCommand } from "./verb-command.ts";

const DAY_MS = 86_400_000;
const TAIL_MAX = 1_000_000;

const timeoutForm = duration({ minMs: 1, maxMs: 7 * DAY_MS });
const tailForm = wholeNumber({ min: 0, max: TAIL_MAX });
const statusForm = oneOf(["running", "healthy", "finished"] as const);
const replicasForm = wholeNumber({ min: 1, max: TASK_MANAGERS_MAX });
const TABLE_OR_JSON = ["table", "json"] as const;
const TEXT_OR_JSON = ["text", "json"] as const;
const ENV_FORMATS = ["export", "dotenv", "json"] as const;

/** Completed with what a running host has. */
const RESOURCES: VerbArgument = {
  name: "resources",
  help: "names of resources, or of a group (taskmanager)",
  isNeeded: true,
  isMany: true,
};

type HostVerb = (given: GivenOptions, terminal: Terminal, names: readonly string[]) => Promise<number>;
type AddVerb = (
  name: string,
  description: string,
  work: HostVerb,
  verbArguments?: readonly VerbArgument[],
  /** `withOutput`: it minds signals itself. */
  around?: (given: GivenOptions) => "withTerminal" | "withOutput",
) => Command;

export function addHostVerbs(program: Command, setExitCode: SetExitCode): void {
  const add: AddVerb = (name, description, work, verbArguments = [], around = () => "withTerminal") => {
    const command = new VerbCommand(program, name, verbArguments);
    return command
      .description(description)
      .addOption(createOption("runDir", "the nearest .flink-apphost from here upwards"))
      .action(async () => {
        throwUsage(command.findProblems(process.env));
        const given: GivenOptions = command.opts();
        const { withOutput, withTerminal } = await import("./terminal.ts");
        const run = around(given) === "withOutput" ? withOutput : withTerminal;
        setExitCode(
          await run((terminal) => {
            for (const problem of findFolderProblems(readChoice(given).base)) terminal.note(problem);
            return work(given, terminal, command.operands);
          }),
        );
      });
  };
  addWatchingVerbs(add);
  addAskingVerbs(add);
  addResourceVerbs(add);
  addCheckpoint(add);
  addDown(add);
}

function addWatchingVerbs(add: AddVerb): void {
  add("ps", "list running hosts", async (given, terminal) => {
    const { runPs } = await import("./ps.ts");
    const format = parseValue("format", given, oneOf(TABLE_OR_JSON));
    return runPs({ base: readChoice(given).base, all: given["all"] === true, format }, terminal);
  })
    .addOption(createFlag("--all", "those of all folders of this user"))
    .addOption(createFormatOption(TABLE_OR_JSON));

  add("describe", "print what runs: resources with state, health, addresses", async (given, terminal) => {
    const { runDescribe } = await import("./describe.ts");
    const format = parseValue("format", given, oneOf(TABLE_OR_JSON));
    const flags = { follow: given["follow"] === true, showSecrets: given["showSecrets"] === true };
    return runDescribe({ ...readChoice(given), format, ...flags }, terminal);
  })
    .addOption(createRunOption())
    .addOption(createFormatOption(TABLE_OR_JSON))
    .addOption(createFlag("--follow", "print changes until the host ends (JSON: a line each)"))
    .addOption(createFlag("--show-secrets", "do not mask passwords and tokens"));

  const logs: HostVerb = async (given, terminal, names) => {
    const { runLogs } = await import("./logs.ts");
    const flags = { follow: given["follow"] === true, timestamps: given["timestamps"] === true };
    const tail = parseOptional("tail", given, tailForm);
    const search = parseOptional("search", given, anyText);
    const since = parseOptional("since", given, pointInTime);
    const sinceMs = since === null ? null : since.kind === "ago" ? Date.now() - since.agoMs : since.timeMs;
    return runLogs({ ...readChoice(given), names, ...flags, tail, search, sinceMs }, terminal);
  };
  add("logs", "print what resources or groups wrote, of an ended run too", logs, [{ ...RESOURCES, isNeeded: false }])
    .addOption(createRunOption())
    .addOption(createFlag("-f, --follow", "go on with new lines until the host ends"))
    .addOption(createValueOption("--tail", tailForm, "only so many last lines of each resource"))
    .addOption(createValueOption("--search", anyText, "only lines with this text, in whatever case"))
    .addOption(createValueOption("--since", pointInTime, "only lines that are not older"))
    .addOption(createFlag("--timestamps", "with the time of each line"));

  const attach: HostVerb = async (given, terminal) => {
    const { runAttach } = await import("./attach.ts");
    const { theme = "dark" } = readOptions(["theme"], given, process.env);
    return runAttach(readChoice(given), theme, terminal);
  };
  add("attach", "show the dashboard of a running host; leaving it ends nothing", attach, [], () => "withOutput")
    .addOption(createRunOption())
    .addOption(createOption("theme"));

  const wait: HostVerb = async (given, terminal, names) => {
    const { runWait } = await import("./wait.ts");
    const status = parseValue("status", given, statusForm);
    const timeoutMs = parseValue("timeout", given, timeoutForm);
    return runWait({ ...readChoice(given), names, status, timeoutMs }, terminal);
  };
  add("wait", "wait for resources or groups", wait, [RESOURCES])
    .addOption(createRunOption())
    .addOption(createValueOption("--status", statusForm, "what is waited for", { default: "healthy" }))
    .addOption(createValueOption("--timeout", timeoutForm, "how long to wait", { default: "120s" }));
}

function addAskingVerbs(add: AddVerb): void {
  const produce: HostVerb = async (given, terminal) => {
    if (isForKafka(given)) {
      const { runProduceToKafka } = await import("./produce-to-kafka.ts");
      return runProduceToKafka(readProduction(given, process.env), terminal);
    }
    const { runProduce } = await import("./produce.ts");
    return runProduce(readRoundRequest(given), terminal);
  };
  const about = "a further round on the running host, which ends with its verdict; with --kafka, a producer alone";
  // Alone, it minds signals itself.
  addProduceOptions(add("produce", about, produce, [], (given) => (isForKafka(given) ? "withOutput" : "withTerminal")));

  add("env", "print the variables that dependents get, the password included", async (given, terminal) => {
    const { runEnv } = await import("./env.ts");
    return runEnv(readChoice(given), parseValue("format", given, oneOf(ENV_FORMATS)), terminal);
  })
    .addOption(createRunOption())
    .addOption(createFormatOption(ENV_FORMATS));

  addReport(add);
}

/** Side B of a comparison may stand behind it without an option: `--compare A B`. */
const COMPARED_WITH: VerbArgument = {
  name: "with",
  help: "what --compare's run is compared with: a run id, a folder, a report or a baseline, or several with commas",
  isNeeded: false,
  isMany: false,
  form: anyText,
};

function addReport(add: AddVerb): void {
  const report: HostVerb = async (given, terminal, [other]) => {
    const { runReport } = await import("./report.ts");
    const { readReportOptions } = await import("./report-options.ts");
    const options = readReportOptions(given, other ?? null);
    return runReport({ ...readChoice(given), ...options }, terminal);
  };
  add("report", "print the newest report; ends with its run's exit code", report, [COMPARED_WITH])
    .addOption(createRunOption())
    .addOption(createFormatOption(TEXT_OR_JSON))
    .addOption(createValueOption("--html", fileForm, "write it as one page with charts, and print its path"))
    .addOption(createFlag("--open", "the page, in your browser ($BROWSER); without --html it is in the run's folder"))
    .addOption(createValueOption("--compare", anyText, "print what got better or worse since these runs"))
    .addOption(createValueOption("--baseline", fileForm, "the same since the runs of a saved report or baseline"))
    .addOption(createValueOption("--fail-above", percentage, "end with 5 when something that counts got worse by more"))
    .addOption(createFlag("--force", "compare also what is not alike, and say so"))
    .addOption(createValueOption("--save-baseline", fileForm, "add the run to a baseline, if it is not worse"))
    .addOption(createValueOption("--junit", fileForm, "write the checks as JUnit XML"));
}

function addResourceVerbs(add: AddVerb): void {
  const addVerb = (
    name: string,
    description: string,
    readRequests: (names: readonly string[]) => readonly ResourceRequest[],
    verbArguments: readonly VerbArgument[],
  ) => {
    const work: HostVerb = async (given, terminal, names) => {
      const { runResourceCommands } = await import("./resource-commands.ts");
      const format = parseValue("format", given, oneOf(TEXT_OR_JSON));
      return runResourceCommands({ ...readChoice(given), requests: readRequests(names), format }, terminal);
    };
    add(name, description, work, verbArguments)
      .addOption(createRunOption())
      .addOption(createFormatOption(TEXT_OR_JSON));
  };
  for (const [verb, description] of [
    ["start", "start what was stopped; ends when it is ready"],
    ["stop", "stop resources or groups; nobody starts them but you"],
    ["restart", "stop and start; ends when it is ready again"],
    ["kill", "kill processes (SIGKILL), to see them recover"],
    ["pause", "pause processes (SIGSTOP) until you resume them"],
    ["resume", "let paused processes go on; ends when they answer"],
  ] as const) {
    addVerb(verb, description, (names) => names.map((resource) => ({ request: verb, resource })), [RESOURCES]);
  }
  const readScale = ([group = "", text]: readonly string[]): readonly ResourceRequest[] => [
    { request: "scale", group, replicas: parseValue("replicas", { replicas: text }, replicasForm) },
  ];
  addVerb("scale", "more or fewer TaskManagers in the running job", readScale, [
    { name: "group", help: "taskmanager", isNeeded: true, isMany: false, choices: ["taskmanager"] },
    { name: "replicas", help: replicasForm.expected, isNeeded: true, isMany: false, form: replicasForm },
  ]);
}

function addCheckpoint(add: AddVerb): void {
  add("checkpoint", "take a checkpoint now; ends when it is complete", async (given, terminal) => {
    const { runCheckpoint } = await import("./checkpoint.ts");
    const format = parseValue("format", given, oneOf(TEXT_OR_JSON));
    return runCheckpoint({ ...readChoice(given), format }, terminal);
  })
    .addOption(createRunOption())
    .addOption(createFormatOption(TEXT_OR_JSON));
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
    const choice = readChoice(given);
    const forget = given["forget"] === true;
    if (forget && choice.run === null) {
      throw createError("USAGE_CONFLICT", { what: "--forget without --run", advice: "name the run that it is about" });
    }
    return runDown({ ...choice, all, timeoutMs, purge, forget, ...repeated }, terminal);
  })
    .addOption(createRunOption())
    .addOption(createFlag("--all", "every host of this folder, and with --purge every run"))
    .addOption(
      createFlag("--forget", "with --run: give up what is in an engine, or on a machine, that is gone for good"),
    )
    .addOption(createValueOption("--timeout", timeoutForm, "how long a host may take to end", { default: "180s" }))
    .addOption(createOption("redis"))
    .addOption(createOption("topic"))
    .addOption(createOption("counterKey"))
    .addOption(createOption("sequenceKey"))
    .addOption(
      new Option(
        "--purge [run]",
        "remove the topic, group and keys of a run, or of the newest, from servers of others",
      ),
    );
}
