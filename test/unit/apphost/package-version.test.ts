/** Where compiled code is kept: Node runs what lies there, so it must be as safe as the programs themselves. */
import { expect, it } from "vitest";
import { findCompileCacheFolder } from "../../../apphost/package-version.ts";

it.each([
  ["/a/checkout", "/a/checkout/node_modules/.cache/flink-apphost"],
  ["/a/project/node_modules/flink-apphost", "/a/project/node_modules/.cache/flink-apphost"],
])("of the package in %s it is %s", (folder, cache) => {
  expect(findCompileCacheFolder(folder)).toBe(cache);
});
