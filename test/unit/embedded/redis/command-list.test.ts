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
Any other command is answered \`ERR unknown command\`; one that Redis 7.0 has is refused with the way to have it (\`--infra native\` or \`docker\`).

| Group | Commands |
| --- | --- |
${rows.join("\n")}

What is different from a real Redis:

- Nothing is kept on disk; there are 16 databases, which share \`--embedded-memory\` (\`maxmemory\`, at most three quarters of the heap that Node allows) with what clients make the server hold; what does not fit is refused (\`OOM\`).
- A script runs on Lua 5.1 in WebAssembly, with \`redis\`, \`cjson\`, \`cmsgpack\` and \`bit\` (not \`struct\`), in 64 MiB (less where the data leave less) and for 5 s at most; then it is ended with \`BUSY\`, and what it wrote stays. \`SCRIPT KILL\` finds none running. What \`cjson.decode\` says of wrong JSON has other words.
- \`MAXLEN ~\` and \`MINID ~\` remove whole hundreds of entries.
- \`SCAN\`, \`HSCAN\`, \`SSCAN\` and \`ZSCAN\` give everything in one reply with the cursor 0.
- \`OBJECT ENCODING\` tells what Redis would choose for such a value, not how it became so. \`MEMORY USAGE\` tells what the key counts against \`maxmemory\`.
- \`CONFIG SET\` knows \`timeout\` only. \`COMMAND DOCS\` and \`COMMAND INFO\` are empty.
- A value has at most 64 MiB, an argument 16 MiB, and a reply 64 MiB.
`;
  await expect(text).toMatchFileSnapshot("../../../../simulator/embedded/redis/README.md");
});
