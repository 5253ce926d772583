/** The package as a library: the example of apphost/README.md, the same host inside a test, and what a user's compiler says. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type * as Library from "../../apphost/index.ts";
import { claimFolder } from "../../apphost/run/host-claim.ts";
import type { StartOptions } from "../../apphost/running-app-host.ts";
import { distPath, ROOT } from "../support/dist.ts";
import { EXAMPLE } from "../support/readme-example.ts";
import { findRunDir, runCli } from "../support/run-cli.ts";
import { expectNoRunProcesses } from "../support/run-processes.ts";
import { expectPassed, ONCE } from "../support/system.ts";
import { API_TEXT, appHostText, createUserProject, type UserProject } from "../support/user-project.ts";

let project: UserProject | undefined;
afterEach(() => {
  project?.remove();
  project = undefined;
});

/** Runs a program of the project to its end, by the same Node. */
const runInProject = ({ folder }: UserProject, args: readonly string[]) =>
  spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", timeout: 90_000 });

/** The lines with errors that a compiler finds in the example and `more`. */
function compile(config: object, more: Readonly<Record<string, string>>): string[] {
  project = createUserProject({ ...EXAMPLE, ...more, "tsconfig.json": JSON.stringify(config) });
  const { stdout } = runInProject(project, [join(ROOT, "node_modules/typescript/bin/tsc"), "--pretty", "false"]);
  return stdout.split("\n").filter((line) => line.includes("error TS"));
}

const loadLibrary = (): Promise<typeof Library> => import(distPath("apphost/index")) as Promise<typeof Library>;

describe("the README's example", () => {
  it("is complete, and passes as it stands", async () => {
    expect(Object.keys(EXAMPLE).sort()).toEqual(["api.ts", "apphost.ts", "check.ts"]);
    project = createUserProject(EXAMPLE);
    const args = [...ONCE, "--apphost", "./apphost.ts"];
    await runCli(args, { cwd: project.folder }, async (cli, result) => {
      const report = await expectPassed(cli, result, 10_000);
      expect(report.taskManagers).toHaveLength(6);
      expect(report.partitions).toHaveLength(12);
    });
  });

  it("runs inside a program, which it neither prints into nor ends, and leaves without handlers", () => {
    const listeners = `["SIGINT", "SIGTERM", "SIGHUP", "exit", "uncaughtException", "unhandledRejection"]
      .map((name) => process.listenerCount(name)).join()`;
    project = createUserProject({
      ...EXAMPLE,
      "main.ts": `const before = ${listeners};\nawait import("./check.ts");\nconsole.log(before === ${listeners});`,
    });
    const { status, stdout, stderr } = runInProject(project, ["main.ts"]);
    expect(stderr).toBe("");
    expect(stdout).toBe("true\n");
    expect(status).toBe(0);
  });

  it("compiles for a user who is as strict as we are, and a wait for what cannot be waited for does not", () => {
    const config = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        noEmit: true,
        rootDir: "/",
        typeRoots: [join(ROOT, "node_modules/@types")],
        skipLibCheck: false,
        noPropertyAccessFromIndexSignature: false,
      },
      include: ["*.ts"],
    };
    const wrong = appHostText('app.addNodeProcess("api", { script: "./api.ts" }).waitFor(producer);');
    // Besides the import that the example does not need.
    const found = compile(config, { "wrong.ts": wrong }).filter((line) => !line.includes("'ref' is declared"));
    expect(found, found.join("\n")).toHaveLength(1);
    expect(found[0]).toMatch(/^wrong\.ts\(\d+,\d+\): error TS2345: .*ProducerResource/);
  });

  it.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("compiles with no types but this package's, and an old lib, by %s and %s", (module, moduleResolution) => {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2022",
      lib: ["es2022"],
      types: [],
      skipLibCheck: false,
      module,
      moduleResolution,
      // What the checkout's own node_modules hold must not be found by way of the link to it.
      preserveSymlinks: true,
    };
    // The other two files of the example use Node itself.
    expect(compile({ compilerOptions, files: ["apphost.ts"] }, {})).toEqual([]);
  });
});

describe("an app host in this process", () => {
  it("produces to a verdict, knows its addresses, and takes everything down when its block is left", async () => {
    const { defineAppHost, startAppHost } = await loadLibrary();
    project = createUserProject({ "api.ts": API_TEXT });
    const definition = defineAppHost((app) => {
      const kafka = app.addKafka("kafka", { partitions: 3 });
      const redis = app.addRedis("redis");
      const jobManager = app.addJobManager("jobmanager").waitFor(redis).waitFor(kafka, { until: "topicReady" });
      const taskManagers = app.addTaskManagers("taskmanager", { replicas: 2 }).waitFor(jobManager);
      const job = app.addFlinkJobSimulator("flink-job-simulator").waitFor(taskManagers);
      const producer = app.addProducer("producer").waitFor(job);
      const validator = app.addValidator("validator").waitFor(producer).waitFor(jobManager, { until: "drained" });
      app.addReport("report").waitFor(validator);
      app
        .addNodeProcess("api", { script: "./api.ts" })
        .withHttpEndpoint("http", { env: "PORT" })
        .withHttpHealthCheck("/health")
        .waitFor(job);
    });
    const { folder } = project;
    let runId = "";
    let url = "";
    {
      await using app = await startAppHost(definition, { infra: "embedded", folder, runDir: join(folder, "runs") });
      runId = app.runId;
      await app.waitFor("taskmanager", "healthy");
      await app.waitFor("api", "healthy");
      url = app.endpoint("api");
      // It holds its folder as `up` does.
      await expect(
        startAppHost(definition, { infra: "embedded", folder, runDir: join(folder, "runs") }),
      ).rejects.toThrow(new RegExp(`run ${runId} .*pid ${process.pid}`));
      expect((await fetch(url)).status).toBe(200);
      expect(app.connectionString("redis")).toMatch(/^127\.0\.0\.1:\d+,password=\w+$/);
      expect(await app.produce(700)).toMatchObject({ verdict: "passed", processed: 700, lost: 0, duplicated: 0 });
      expect(await app.produce(300)).toMatchObject({ verdict: "passed", processed: 1_000 });
      // As for the verb: it was up, and has done its work.
      for (const status of ["running", "healthy", "finished"] as const) {
        await app.waitFor("producer", status, { deadlineMs: 5_000 });
      }
      await expect(app.waitFor("nobody", "running")).rejects.toThrow(
        /resource is "nobody": expected one of kafka, redis/,
      );
      await expect(app.waitFor("api", "finished", { deadlineMs: 50 })).rejects.toThrow(
        /the wait until api was finished took longer than/,
      );
    }
    await expect(fetch(url)).rejects.toThrow();
    await expectNoRunProcesses(runId);
    // This process lives on, and holds nothing any more.
    expect(claimFolder(join(folder, "runs")).kind).toBe("claimed");
    // As a program without types gives it: the module instead of its default export.
    for (const other of [undefined, { default: definition }]) {
      await expect(startAppHost(other as never)).rejects.toThrow(/given to startAppHost cannot be used as an app host/);
    }
    await expect(startAppHost(definition, { detach: true } as StartOptions)).rejects.toThrow(/no option "detach"/);
  });

  it("rejects with every problem before a run exists, and with the run's reasons when it cannot start", async () => {
    const { defineAppHost, startAppHost } = await loadLibrary();
    project = createUserProject({ "weak.ts": "process.exit(9);" });
    const { folder } = project;
    await expect(startAppHost(defineAppHost(() => undefined))).rejects.toThrow(/the application has 8 problems/);
    expect(findRunDir(folder)).toBeUndefined();

    const definition = defineAppHost((app) => {
      const weak = app.addNodeProcess("weak", { script: "./weak.ts" }).withRestart({ max: 0 });
      const kafka = app.addKafka("kafka");
      const redis = app.addRedis("redis").waitFor(weak, { until: "finished" });
      const jobManager = app.addJobManager("jobmanager").waitFor(redis).waitFor(kafka, { until: "topicReady" });
      const job = app
        .addFlinkJobSimulator("flink-job-simulator")
        .waitFor(app.addTaskManagers("taskmanager").waitFor(jobManager));
      const producer = app.addProducer("producer").waitFor(job);
      app
        .addReport("report")
        .waitFor(app.addValidator("validator").waitFor(producer).waitFor(jobManager, { until: "drained" }));
    });
    const options = { infra: "embedded", taskManagers: 1, folder, runDir: join(folder, "runs") } as const;
    await expect(startAppHost(definition, options)).rejects.toThrow(
      /the run ended with exit code 6 before it was ready: weak was restarted 0 times .*exit code 9/,
    );
  });
});
