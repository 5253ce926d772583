/** An image that is missing, at a scripted engine: what a pull says while it goes on, and how it fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEngine } from "../../../../../apphost/drivers/docker/engine.ts";
import { provideImage } from "../../../../../apphost/drivers/docker/image.ts";

let folder: string;
let server: Server;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pulling-"));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An engine without the image, which answers a pull in that way. Returns what it was asked, and what was told. */
async function pull(
  answer: RequestListener,
): Promise<{ obstacle: string | undefined; asked: string[]; told: string[] }> {
  const path = join(folder, "engine.sock");
  const asked: string[] = [];
  const told: string[] = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === "POST") answer(request, response);
    else response.writeHead(404).end('{"message":"No such image"}');
  }).listen(path);
  await new Promise((resolve) => server.once("listening", resolve));
  const docker = await openEngine(`unix://${path}`, {});
  const obstacle = await provideImage(docker, "localhost:5000/apache/kafka:4.3.0", (text) => told.push(text));
  return { obstacle, asked, told };
}

const OBSTACLE = "image localhost:5000/apache/kafka:4.3.0 is not on this machine and could not be pulled: ";

describe("a missing image", () => {
  it("is looked for, pulled by name and tag, and then there", async () => {
    const { obstacle, asked, told } = await pull((_, response) => {
      response.write('{"status":"Pulling fs layer","id":"a","progressDetail":{}}\n{"status":"Downlo');
      response.end('ading","id":"a","progressDetail":{"current":1,"total":2}}\n{"status":"Pull complete","id":"a"}');
    });
    expect(obstacle).toBe(undefined);
    expect(asked[0]).toBe("GET /images/localhost:5000/apache/kafka:4.3.0/json");
    expect(decodeURIComponent(asked[1] ?? "")).toMatch(
      /^POST \/images\/create\?fromImage=localhost:5000\/apache\/kafka&tag=4\.3\.0$/,
    );
    expect(told).toEqual(["pulling localhost:5000/apache/kafka:4.3.0", "pulled localhost:5000/apache/kafka:4.3.0"]);
  });

  it("that the registry does not have is an obstacle in the engine's words", async () => {
    const { obstacle } = await pull((_, response) => response.writeHead(404).end('{"message":"manifest unknown"}'));
    expect(obstacle).toBe(`${OBSTACLE}manifest unknown`);
  });

  it("whose pull fails half way is an obstacle, though the engine had answered 200", async () => {
    const { obstacle } = await pull((_, response) => response.end('{"error":"no space left on device"}\n'));
    expect(obstacle).toBe(`${OBSTACLE}no space left on device`);
  });

  it("whose pull breaks off is an obstacle", async () => {
    const { obstacle } = await pull((_, response) => {
      response.write('{"status":"Pulling fs layer","id":"a"}\n', () => response.destroy());
    });
    expect(obstacle).toMatch(/could not be pulled: aborted/);
  });

  it("whose registry is silent is said to be waited for, and then how far it is", async () => {
    const { told } = await pull((_, response) => {
      setTimeout(() => {
        response.write('{"status":"Downloading","id":"a","progressDetail":{"current":1000000,"total":2000000}}\n');
      }, 2_500);
      setTimeout(() => response.end('{"status":"Pull complete","id":"a"}'), 6_500);
    });
    expect(told.slice(1, -1)).toEqual([
      "waiting for image localhost:5000/apache/kafka:4.3.0 (the registry has not answered yet), 2 s of at most 3,600 s",
      "waiting for image localhost:5000/apache/kafka:4.3.0 (0 of 1 layers, 1.0 of 2.0 MB), 6 s of at most 3,600 s",
    ]);
  }, 10_000);
});
