/** `publish`: writes the application as a folder of files that run it elsewhere, without this program. */
import { join, resolve } from "node:path";
import { formatShellWord } from "../../simulator/common/foundation/foreign-syntax.ts";
import { EXIT } from "../exit-code.ts";
import { type PublishRequest, publishCompose } from "../publish/publishing.ts";
import type { Terminal } from "./terminal.ts";

const OUTCOME_LENGTH = "unchanged".length;

export async function runPublish(request: PublishRequest, { write }: Pick<Terminal, "write">): Promise<number> {
  const folder = resolve(request.folder);
  const outcomes = await publishCompose({ ...request, folder });
  for (const [name, outcome] of outcomes) await write(`${outcome.padEnd(OUTCOME_LENGTH)}  ${join(folder, name)}`);
  await write(`run it: cd ${formatShellWord(folder)} && docker compose up --build --exit-code-from app`);
  return EXIT.passed;
}
