/** The options of `publish`: of the run that is published, and of the folder that is written. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import { resolveOptions } from "../option-resolution.ts";
import { fileForm, folderForm, imageName, oneOf } from "../option-values.ts";
import { CONTAINER_IMAGES, type GivenOptions, type HostOptions, type Variables } from "../options.ts";
import { FIXED_OPTIONS, RUN_OPTIONS, SERVER_OPTIONS } from "../publish/publication.ts";
import type { PublishRequest } from "../publish/publishing.ts";
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

const TARGETS = ["compose"] as const;
const PUBLISHED_OPTIONS = [...RUN_OPTIONS, ...SERVER_OPTIONS];

export const publishTarget: VerbArgument = {
  name: "target",
  help: "what runs it: compose writes a docker-compose.yaml with all that it needs",
  isNeeded: true,
  isMany: false,
  form: oneOf(TARGETS),
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
    );
  for (const name of PUBLISHED_OPTIONS) command.addOption(createOption(name, describeDefault(name, "up")));
}

/** What is wrong with the options of the run is told now, and not by a container later. */
export function readPublishRequest(given: GivenOptions, env: Variables): PublishRequest {
  // The other variables are about runs on this machine.
  const names = PUBLISHED_OPTIONS.flatMap(variablesOf);
  const variables = Object.fromEntries(names.map((name) => [name, env[name]]));
  const options = resolveOptions("up", { ...given, ...FIXED_OPTIONS }, variables);
  refuseNoMessages(options);
  return {
    options,
    folder: parseValue("out", given, folderForm),
    nodeImage: parseValue("nodeImage", given, imageName),
    tarball: parseOptional("package", given, fileForm),
    isForced: given["force"] === true,
  };
}

/** Its Kafka is its own. */
function refuseNoMessages({ messages }: HostOptions): void {
  if (messages > 0) return;
  const what = "a published run with --messages 0 has nothing to process: its Kafka holds no topic of others";
  throw createError("USAGE_CONFLICT", { what, advice: "give --messages N" });
}
