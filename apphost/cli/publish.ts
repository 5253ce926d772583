/** `publish`: writes the application as a folder of files that run it elsewhere, without this program. */
import { join, resolve } from "node:path";
import { formatShellWord } from "../../simulator/common/foundation/foreign-syntax.ts";
import { EXIT } from "../exit-code.ts";
import { COMMANDS_FILE } from "../publish/published-files.ts";
import { type PublishRequest, type PublishTarget, publish } from "../publish/publishing.ts";
import type { Terminal } from "./terminal.ts";

const OUTCOME_LENGTH = "unchanged".length;

export async function runPublish(request: PublishRequest, { write }: Pick<Terminal, "write">): Promise<number> {
  const folder = resolve(request.folder);
  const outcomes = await publish({ ...request, folder });
  for (const [name, outcome] of outcomes) await write(`${outcome.padEnd(OUTCOME_LENGTH)}  ${join(folder, name)}`);
  await write(describeNext(request.target, formatShellWord(folder)));
  return EXIT.passed;
}

function describeNext({ kind }: PublishTarget, folder: string): string {
  switch (kind) {
    case "compose":
      return `run it: cd ${folder} && docker compose up --build --exit-code-from app`;
    case "kubernetes":
      return `run it: cd ${folder}, and the commands of its ${COMMANDS_FILE}, one after the other`;
  }
}
