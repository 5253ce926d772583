import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { adviseNode, describeOldNode, isNodeRecent } from "../../../apphost/node-version.ts";

const NODE_20 = { version: "20.20.2", path: "/usr/bin/node", ofProject: undefined };

describe("the Node that is needed", () => {
  it.each([
    ["22.22.0", true],
    ["22.21.9", false],
    ["v24.0.0", true],
    ["20.99.0", false],
    ["100.0.0", true],
  ])("is at least 22.22: %s is %s", (version, isRecent) => {
    expect(isNodeRecent(version, ">=22.22")).toBe(isRecent);
  });

  it("is named with the way to get it, and nothing is said when it is there", () => {
    expect(describeOldNode(NODE_20, ">=22.22")).toBe(
      "flink-apphost needs Node 22.22 or newer, and this is 20.20.2 (/usr/bin/node): install a newer one from " +
        "https://nodejs.org, or one for this project alone by `npm install --save-dev node@24`, which " +
        "`npx flink-apphost` then uses",
    );
    expect(describeOldNode({ ...NODE_20, version: "22.22.0" }, ">=22.22")).toBeUndefined();
    expect(describeOldNode()).toBeUndefined();
  });

  it("is the project's own where it brings one, and not when that is the one that is too old", () => {
    const ofProject = "/project/node_modules/node/bin/node";
    expect(adviseNode({ ...NODE_20, ofProject })).toContain(`run it as \`npx flink-apphost\``);
    expect(adviseNode({ ...NODE_20, path: ofProject, ofProject })).toContain("nodejs.org");
  });

  it("is, in the checkout, the one that .node-version names", () => {
    const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8");
    const { devDependencies } = JSON.parse(read("package.json")) as { devDependencies: Record<string, string> };
    expect(read(".node-version").trim()).toBe(devDependencies["node"]);
  });
});
