/** The list of commands in the README of the embedded Redis is the table that serves them: `vitest -u` writes it anew. */
import { expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../../../simulator/embedded/redis/commands/table.ts";

it("README lists exactly the commands that are served", async () => {
  const rows = Object.entries(COMMAND_GROUPS).map(([group, commands]) => {
    const names = Object.entries(commands).map(([name, { subcommands }]) =>
      subcommands === undefined ? `\`${name}\`` : `\`${name}\` (${subcommands.join(", ")})`,
    );
    return `| ${group} | ${names.join(", ")} |`;
  });
  const text = `# Commands of the embedded Redis

They answer as Redis 7.0.15 does, in RESP2 and RESP3; a walk of random commands holds them against a real one.
Any other command is answered \`ERR unknown command\`.

| Group | Commands |
| --- | --- |
${rows.join("\n")}

What is different from a real Redis:

- Nothing is kept on disk; there are 16 databases in 256 MiB of memory together, and what does not fit is refused (\`OOM\`).
- \`EVAL\`, \`EVALSHA\` and \`SCRIPT LOAD\` know only the job's own scripts. Locks and rate limiters that send Lua need \`--infra native\` or \`docker\`.
- \`SCAN\`, \`HSCAN\`, \`SSCAN\` and \`ZSCAN\` give everything in one reply with the cursor 0.
- \`CONFIG SET\` knows \`timeout\` only. \`COMMAND DOCS\` and \`COMMAND INFO\` are empty.
- A value has at most 64 MiB, an argument 16 MiB, and a reply 64 MiB.
`;
  await expect(text).toMatchFileSnapshot("../../../../simulator/embedded/redis/README.md");
});
