/** Finding the engine: where is looked, in which order, and what each failure is called. Engines here are scripted. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type Agent, createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeAttempts, findEngine, hasEngineSign } from "../../../../../apphost/drivers/docker/engine.ts";
import { type EnginePlace, listEnginePlaces } from "../../../../../apphost/drivers/docker/engine-places.ts";

let home: string;
const servers: Server[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "engine-home-"));
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(home, { recursive: true, force: true });
});

/** An engine at a socket of that name; by default a good one. */
async function startEngine(name: string, answer: RequestListener = answerVersion({})): Promise<EnginePlace> {
  const path = join(home, name);
  const server = createServer(answer).listen(path);
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return { source: name, target: `unix://${path}`, certificates: null, isNamed: true };
}

const answerVersion =
  (change: object): RequestListener =>
  (request, response) => {
    expect(request.url).toBe("/version");
    response.end(JSON.stringify({ Version: "28.0.1", ApiVersion: "1.48", Os: "linux", ...change }));
  };

const reasonsOf = async (...places: EnginePlace[]): Promise<readonly string[]> => {
  const lookup = await findEngine({}, places, 200);
  return lookup.kind === "found" ? expect.fail("an engine was found") : lookup.attempts.map(({ reason }) => reason);
};

function writeContext(name: string, host: string, current: string | null = name): void {
  const folder = join(home, ".docker/contexts/meta", createHash("sha256").update(name).digest("hex"));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "meta.json"), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ currentContext: current }));
}

describe("where an engine is looked for", () => {
  const targets = (env: Record<string, string>) => listEnginePlaces({ HOME: home, ...env }).map(({ target }) => target);

  it("DOCKER_HOST alone, where it is given (G1)", () => {
    writeContext("colima", "unix:///colima.sock");
    expect(targets({ DOCKER_HOST: "unix:///mine.sock", DOCKER_CONTEXT: "colima" })).toEqual(["unix:///mine.sock"]);
  });

  it("the context that DOCKER_CONTEXT names, alone (G1)", () => {
    writeContext("colima", "unix:///colima.sock", "other");
    expect(targets({ DOCKER_CONTEXT: "colima" })).toEqual(["unix:///colima.sock"]);
  });

  it("the docker command's current context, then the default sockets, none twice", () => {
    writeContext("desktop", `unix://${home}/.docker/run/docker.sock`);
    const found = targets({ XDG_RUNTIME_DIR: "/run/user/7" });
    expect(found[0]).toBe(`unix://${home}/.docker/run/docker.sock`);
    expect(found).toEqual(
      expect.arrayContaining([
        "unix:///var/run/docker.sock",
        "unix:///run/user/7/docker.sock",
        "unix:///run/user/7/podman/podman.sock",
        `unix://${home}/.colima/default/docker.sock`,
      ]),
    );
    expect(new Set(found).size).toBe(found.length);
  });

  it("the default sockets where the configuration says nothing, or nothing that can be read", () => {
    expect(targets({})[0]).toBe("unix:///var/run/docker.sock");
    mkdirSync(join(home, ".docker"));
    writeFileSync(join(home, ".docker/config.json"), "no json");
    expect(targets({})[0]).toBe("unix:///var/run/docker.sock");
  });

  it("with TLS only where it is asked for", () => {
    const host = { HOME: home, DOCKER_HOST: "tcp://127.0.0.1:2376" };
    expect(listEnginePlaces(host)[0]?.certificates).toBe(null);
    const secured = { ...host, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/certificates" };
    expect(listEnginePlaces(secured)[0]?.certificates).toBe("/certificates");
  });
});

describe("what is made of the answers", () => {
  it("the first place that answers is taken, though a later one is quicker (G2)", async () => {
    const slow = await startEngine("slow.sock", (request, response) => {
      setTimeout(() => answerVersion({ Version: "first" })(request, response), 60);
    });
    const quick = await startEngine("quick.sock", answerVersion({ Version: "second" }));
    const lookup = await findEngine({}, [slow, quick]);
    expect(lookup).toMatchObject({ kind: "found", engine: { version: "first", address: slow.target } });
  });

  it("a place that fails does not hide the next one", async () => {
    const broken = await startEngine("broken.sock", (_, response) =>
      response.writeHead(500).end('{"message":"no disk"}'),
    );
    const good = await startEngine("good.sock");
    expect(await findEngine({}, [broken, good])).toMatchObject({ kind: "found", engine: { address: good.target } });
  });

  it.each([
    [answerVersion({ ApiVersion: "1.40" }), /speaks API 1\.40, and 1\.41 or newer is needed/],
    [answerVersion({ Os: "windows" }), /Windows containers/],
    [() => undefined, /no answer within 200 ms/],
    [((_, response) => response.writeHead(500).end('{"message":"no disk"}')) as RequestListener, /no disk/],
  ])("each failure has its reason (G3), case %#", async (answer, expected) => {
    const [reason] = await reasonsOf(await startEngine("engine.sock", answer as RequestListener));
    expect(reason).toMatch(expected);
  });

  it("a socket that nobody listens on any more, one that is missing, and addresses that cannot do", async () => {
    const left = await startEngine("left.sock");
    // Only closing removes the file: a daemon that was killed leaves it.
    const path = join(home, "dead.sock");
    const { spawnSync } = await import("node:child_process");
    const program = `require("node:net").createServer().listen(${JSON.stringify(path)},()=>process.kill(process.pid,"SIGKILL"))`;
    spawnSync(process.execPath, ["-e", program]);
    const place = (target: string) => ({ ...left, target });
    const reasons = await reasonsOf(
      place(`unix://${path}`),
      place(`unix://${home}/none.sock`),
      place("tcp://192.0.2.1:2375"),
      place("ssh://somewhere"),
      place(""),
    );
    expect(reasons[0]).toMatch(/nobody listens there/);
    expect(reasons[1]).toMatch(/no such socket/);
    expect(reasons[2]).toMatch(/another machine/);
    expect(reasons[3]).toMatch(/only unix:\/\/ and tcp:\/\//);
    expect(reasons[4]).toMatch(/no context of that name/);
  });

  it("default sockets that do not exist are no sign of an engine, and are told together", async () => {
    const place = (name: string) => ({
      source: "default socket",
      target: `unix://${home}/${name}`,
      certificates: null,
      isNamed: false,
    });
    const lookup = await findEngine({}, [place("a.sock"), place("b.sock")]);
    const attempts = lookup.kind === "none" ? lookup.attempts : [];
    expect(hasEngineSign(attempts)).toBe(false);
    expect(describeAttempts(attempts)).toBe(`no socket at ${home}/a.sock, ${home}/b.sock`);
    const named = await findEngine({}, [{ ...place("a.sock"), isNamed: true }]);
    expect(hasEngineSign(named.kind === "none" ? named.attempts : [])).toBe(true);
  });
});

describe("an engine that was found", () => {
  it("is not written out with all its sockets at each call, as its client does with what it sends", async () => {
    const lookup = await findEngine({}, [await startEngine("good.sock")], 2_000);
    const { docker } = lookup.kind === "found" ? lookup.engine : expect.fail("no engine was found");
    const { agent } = docker.modem as unknown as { readonly agent: Agent };
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
    expect(inspect({ agent }, { showHidden: true, depth: null })).toBe("{ agent: Agent }");
  });
});
