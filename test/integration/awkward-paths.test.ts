/**
 * A run in a folder with every sign that a file system allows in a name. Java, Kafka, Redis and the shell have meanings of
 * their own for these: what they would read as something else would lie in a folder beside it, and stay there.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, findRunDir, runCli, startCli } from "../support/run-cli.ts";
import { expectNoRunProcesses } from "../support/run-processes.ts";
import { expectPassed } from "../support/system.ts";

/** `!` at the end of a folder's name is what separates a jar from what is in it, for Java. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: log4j and shells would put a value there.
const OUTER = "a b  \"'$x ${y} %41%zz #?,:\\n\\u0041;!";
const INNER = " *[z]{q} &|<>()`id`~^=@+é日🙂\t\n\r\x1b\x7f-- ";
const SMALL = ["--messages", "1000", "--task-managers", "2", "--partitions", "2"];

interface Place {
  readonly root: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
}

/** With a KAFKA_HOME and a TMPDIR in it; everything belongs to `uid`, where one is given. */
function createPlace(uid?: number): Place {
  const root = mkdtempSync(join(tmpdir(), "paths-"));
  const project = join(root, OUTER, INNER);
  const [home, temporary] = [join(project, "home"), join(project, "t")];
  for (const folder of [home, temporary]) mkdirSync(folder, { recursive: true });
  symlinkSync(join(process.env["KAFKA_HOME"] ?? "", "libs"), join(home, "libs"));
  if (uid !== undefined) {
    chmodSync(root, 0o755);
    for (const folder of [root, join(root, OUTER), project, home, temporary]) chownSync(folder, uid, uid);
  }
  // A terminal without a locale: Java then takes names of files for ASCII.
  return { root, project, env: { KAFKA_HOME: home, TMPDIR: temporary, LC_ALL: "C" } };
}

/** Nothing beside the folder, and no data in it. */
async function expectTidy({ root, project }: Place): Promise<void> {
  expect(readdirSync(root)).toEqual([OUTER]);
  expect(readdirSync(join(root, OUTER))).toEqual([INNER]);
  const runDir = findRunDir(project) as string;
  expect(existsSync(runFolder.data(runDir, "")), "the run's data").toBe(false);
  expect(readdirSync(join(project, "t"))).toEqual([]);
  await expectNoRunProcesses(runDir.replace(/^.*-/s, ""));
}

async function inPlace(place: Place, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    await expectTidy(place);
  } finally {
    rmSync(place.root, { recursive: true, force: true });
  }
}

async function expectPassedRun(cli: Cli): Promise<void> {
  const report = await expectPassed(cli, await cli.end(), 1_000);
  expect([report.infra.kafka.mode, report.infra.redis.mode]).toEqual(["native", "native"]);
}

const NATIVE = ["up", "--once", "--ui", "json", "--infra", "native", ...SMALL];

describeReal(["kafka", "redis"], "native mode in a folder of an awkward name", () => {
  it("passes, and takes all data away", async () => {
    const place = createPlace();
    await inPlace(place, () => expectPassedRun(startCli(NATIVE, { cwd: place.project, env: place.env })));
  });

  it.skipIf(process.getuid?.() !== 0)(
    "also as a user who may write nowhere else (only root can become one)",
    async () => {
      const uid = 54_321;
      const place = createPlace(uid);
      await inPlace(place, () => expectPassedRun(startCli(NATIVE, { cwd: place.project, env: place.env, uid })));
    },
  );
});

it("verbs find and end the host of such a folder", async () => {
  const place = createPlace();
  const verb = (...args: string[]) => runCli(args, { cwd: place.project, env: place.env });
  await inPlace(place, async () => {
    const up = await verb("up", "--detach", "--infra", "embedded", "--messages", "0", ...SMALL.slice(2));
    expect(up.exitCode, up.stderr).toBe(0);
    try {
      const described = await verb("env", "--format", "json");
      expect(described.exitCode, described.stderr).toBe(0);
    } finally {
      const down = await verb("down");
      expect(down.exitCode, down.stderr).toBe(0);
    }
  });
});
