/** All that `publish compose` writes: names, contents, and who may read them. Pure. */
import { createHash } from "node:crypto";
import { Document } from "yaml";
import type { HostOptions } from "../options.ts";
import { createComposeFile } from "./compose-file.ts";
import { formatComposeReadme } from "./compose-readme.ts";
import { createInstructions, formatDockerfile, formatDockerignore, TARBALL_NAME } from "./dockerfile.ts";

export interface PublishedFile {
  readonly name: string;
  readonly content: string | Buffer;
  readonly mode: number;
  /** A secret: once it is there, it stays. */
  readonly isSecret: boolean;
}

export interface Publication {
  readonly options: HostOptions;
  readonly nodeImage: string;
  readonly tarball: Buffer;
  /** For a file that has none yet. */
  readonly redisPassword: string;
}

export const PUBLIC_MODE = 0o644;
export const SECRET_MODE = 0o600;
/** Has the commands. */
export const COMMANDS_FILE = "README.md";
const TAG_LENGTH = 12;

export function createPublishedFiles({ options, nodeImage, tarball, redisPassword }: Publication): PublishedFile[] {
  const dockerfile = formatDockerfile(createInstructions({ nodeImage, verb: "publish compose" }));
  const image = nameImage("flink-apphost", dockerfile, tarball);
  const readable = { mode: PUBLIC_MODE, isSecret: false };
  return [
    { name: "docker-compose.yaml", content: formatComposeFile(options, image), ...readable },
    { name: "Dockerfile", content: dockerfile, ...readable },
    { name: ".dockerignore", content: formatDockerignore(), ...readable },
    { name: TARBALL_NAME, content: tarball, ...readable },
    { name: COMMANDS_FILE, content: formatComposeReadme(options), ...readable },
    { name: ".env", content: `REDIS_PASSWORD=${redisPassword}\n`, mode: SECRET_MODE, isSecret: true },
  ];
}

/** An image of other contents has another name: so none is taken for it that was built of an older package. */
export function nameImage(name: string, ...contents: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(content);
  return `${name}:${hash.digest("hex").slice(0, TAG_LENGTH)}`;
}

/** By the older rules of YAML, which quote what any reader could take for something else than a text. */
function formatComposeFile(options: HostOptions, image: string): string {
  const document = new Document(createComposeFile(options, image), {
    schema: "yaml-1.1",
    aliasDuplicateObjects: false,
  });
  document.commentBefore = " Written by `flink-apphost publish compose`. README.md beside it has the commands.";
  return document.toString({ lineWidth: 0 });
}
