/** The image of the application: its Dockerfile as data, and what of a folder belongs to its build. Pure. */

export const TARBALL_NAME = "flink-apphost.tgz";
/** A volume: the current folder of the program, in which it keeps its runs. */
export const WORK_FOLDER = "/srv/flink-apphost";
/** The user `node` of every image of Node, by number: an engine that looks for root does not read an image's names. */
const USER_ID = "1000";
const PLACED_TARBALL = `/tmp/${TARBALL_NAME}`;

export type Instruction =
  | { readonly kind: "comment"; readonly text: string }
  /** `as`: a stage of its own, from which a later one copies. */
  | { readonly kind: "FROM"; readonly image: string; readonly as?: string }
  /** Of the folder that is built, or of a stage. */
  | { readonly kind: "COPY"; readonly from: string; readonly to: string; readonly stage?: string }
  /** One layer: each command runs where the one before it succeeded. */
  | { readonly kind: "RUN"; readonly commands: readonly (readonly string[])[] }
  | { readonly kind: "ENV"; readonly name: string; readonly value: string }
  | { readonly kind: "USER"; readonly id: string }
  | { readonly kind: "WORKDIR"; readonly folder: string }
  | { readonly kind: "ENTRYPOINT"; readonly words: readonly string[] };

export interface ProgramImage {
  readonly nodeImage: string;
  /** By which it is written. */
  readonly verb: string;
}

/** Nothing of the package or of what it needs is compiled or fetched by an install script. */
export const createInstructions = ({ nodeImage, verb }: ProgramImage): readonly Instruction[] => [
  { kind: "comment", text: `flink-apphost as a program of its own. Written by \`flink-apphost ${verb}\`.` },
  { kind: "FROM", image: nodeImage },
  { kind: "ENV", name: "NODE_ENV", value: "production" },
  { kind: "COPY", from: TARBALL_NAME, to: PLACED_TARBALL },
  {
    kind: "RUN",
    commands: [
      ["npm", "install", "--global", "--ignore-scripts", "--no-audit", "--no-fund", PLACED_TARBALL],
      ["npm", "cache", "clean", "--force"],
      // A new volume takes over whose this folder is.
      ["install", "--directory", `--owner=${USER_ID}`, `--group=${USER_ID}`, "--mode=0700", WORK_FOLDER],
    ],
  },
  { kind: "USER", id: `${USER_ID}:${USER_ID}` },
  { kind: "WORKDIR", folder: WORK_FOLDER },
  { kind: "ENTRYPOINT", words: ["flink-apphost"] },
];

export const formatDockerfile = (instructions: readonly Instruction[]): string =>
  `${instructions.map(formatInstruction).join("\n")}\n`;

function formatInstruction(instruction: Instruction): string {
  switch (instruction.kind) {
    case "comment":
      return `# ${instruction.text}`;
    case "FROM":
      return `FROM ${instruction.image}${instruction.as === undefined ? "" : ` AS ${instruction.as}`}`;
    case "COPY":
      return `COPY ${formatStage(instruction.stage)}${JSON.stringify([instruction.from, instruction.to])}`;
    case "RUN":
      return `RUN ${instruction.commands.map((words) => words.join(" ")).join(" \\\n && ")}`;
    case "ENV":
      return `ENV ${instruction.name}=${JSON.stringify(instruction.value)}`;
    case "USER":
      return `USER ${instruction.id}`;
    case "WORKDIR":
      return `WORKDIR ${instruction.folder}`;
    case "ENTRYPOINT":
      return `ENTRYPOINT ${JSON.stringify(instruction.words)}`;
  }
}

const formatStage = (stage: string | undefined): string => (stage === undefined ? "" : `--from=${stage} `);

/** Everything stays outside but the package: the password above all, which would lie in a layer. */
export const formatDockerignore = (): string => `*\n!${TARBALL_NAME}\n`;
