/** The options of `publish`: of the run that is published, and of the folder that is written. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import { resolveOptions } from "../option-resolution.ts";
import { fileForm, folderForm, imageName, imageRegistry, oneOf } from "../option-values.ts";
import { CONTAINER_IMAGES, type GivenOptions, type HostOptions, OPTION_TABLE, type Variables } from "../options.ts";
import { FLAVORS } from "../publish/kubernetes/flavor.ts";
import { FIXED_OPTIONS, KUBERNETES_OPTIONS, RUN_OPTIONS, SERVER_OPTIONS } from "../publish/publication.ts";
import type { PublishRequest, PublishTarget } from "../publish/publishing.ts";
import { variablesOf } from "../variables.ts";
import {
  createFlag,
  createOption,
  createValueOption,
  describeDefault,
  parseOptional,
  parseValue,
} from "./command-options.ts";
import type { VerbArgument, VerbCommand } from "./verb-command.ts";

const TARGETS = ["compose", "kubernetes"] as const;
const targetForm = oneOf(TARGETS);
const flavorForm = oneOf(FLAVORS);
const PUBLISHED_OPTIONS = [...RUN_OPTIONS, ...SERVER_OPTIONS];

export const publishTarget: VerbArgument = {
  name: "target",
  help:
    "what runs it: compose writes a docker-compose.yaml with all that it needs; kubernetes writes manifests of the job on " +
    "Apache Flink, with a Kafka by Strimzi and a Redis",
  isNeeded: true,
  isMany: false,
  form: targetForm,
  choices: TARGETS,
};

export function addPublishOptions(command: VerbCommand): void {
  command
    .addOption(createValueOption("--out", folderForm, "the folder that is written", { isNeeded: true }))
    .addOption(createFlag("--force", "replace also files that this verb did not write, or that were changed since"))
    .addOption(
      createValueOption(
        "--package",
        fileForm,
        "a tarball of this package, as npm pack makes it; without it this one is packed",
      ),
    )
    .addOption(
      createValueOption("--node-image", imageName, "image that the application's is built on", {
        default: CONTAINER_IMAGES.node,
      }),
    )
    .addOption(
      createValueOption(
        "--flavor",
        flavorForm,
        "of kubernetes: Flink by the Flink Kubernetes Operator, or as plain Deployments; operator without it",
      ),
    )
    .addOption(
      createValueOption(
        "--registry",
        imageRegistry,
        "of kubernetes: from where the cluster pulls the images; without it they are loaded into its nodes",
      ),
    );
  for (const name of PUBLISHED_OPTIONS) command.addOption(createOption(name, describeDefault(name, "up")));
}

/** What is wrong with the options of the run is told now, and not by a container later. */
export function readPublishRequest(targetName: string, given: GivenOptions, env: Variables): PublishRequest {
  const target = readTarget(targetName, given);
  // The other variables are about runs on this machine.
  const names = optionsOf(target).flatMap(variablesOf);
  const variables = Object.fromEntries(names.map((name) => [name, env[name]]));
  const options = resolveOptions("up", { ...given, ...FIXED_OPTIONS }, variables);
  refuseNoMessages(options);
  return {
    target,
    options,
    folder: parseValue("out", given, folderForm),
    nodeImage: parseValue("nodeImage", given, imageName),
    tarball: parseOptional("package", given, fileForm),
    isForced: given["force"] === true,
  };
}

function readTarget(name: string, given: GivenOptions): PublishTarget {
  const kind = parseValue("target", { target: name }, targetForm);
  const flavor = parseOptional("flavor", given, flavorForm);
  const registry = parseOptional("registry", given, imageRegistry);
  if (kind === "kubernetes") {
    const others = PUBLISHED_OPTIONS.filter((one) => !KUBERNETES_OPTIONS.includes(one) && given[one] !== undefined);
    refuseOthers(
      kind,
      others.map((one) => OPTION_TABLE[one].flag),
    );
    return { kind, flavor: flavor ?? "operator", registry };
  }
  refuseOthers(kind, [...(flavor === null ? [] : ["flavor"]), ...(registry === null ? [] : ["registry"])]);
  return { kind };
}

function refuseOthers(kind: string, flags: readonly string[]): void {
  if (flags.length === 0) return;
  const what = `publish ${kind} has no use for ${flags.map((flag) => `--${flag}`).join(" and ")}`;
  throw createError("USAGE_CONFLICT", { what, advice: "omit it" });
}

const optionsOf = ({ kind }: PublishTarget): readonly (keyof HostOptions)[] =>
  kind === "kubernetes" ? KUBERNETES_OPTIONS : PUBLISHED_OPTIONS;

/** Its Kafka is its own. */
function refuseNoMessages({ messages }: HostOptions): void {
  if (messages > 0) return;
  const what = "a published run with --messages 0 has nothing to process: its Kafka holds no topic of others";
  throw createError("USAGE_CONFLICT", { what, advice: "give --messages N" });
}
