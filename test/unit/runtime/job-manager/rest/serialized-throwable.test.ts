/** The bytes of a cause. That Java reads them is tested with Flink's own command line in `flink-cli.test.ts`. */
import { expect, test } from "vitest";
import { describeCause } from "../../../../../simulator/runtime/job-manager/rest/serialized-throwable.ts";

const bytesOf = (reason: string) => Buffer.from(describeCause("a.B", reason)["serialized-throwable"], "base64");

test("a cause is an object stream that ends with its reason and its class, each behind its length in bytes", () => {
  const bytes = bytesOf("Größe");
  expect(bytes.subarray(0, 6).toString("hex")).toBe("aced00057372");
  expect(bytes.readUInt16BE(6)).toBe("org.apache.flink.util.SerializedThrowable".length);
  const end = Buffer.concat([
    Buffer.from([0x74, 0, 7]),
    Buffer.from("Größe"),
    Buffer.from([0x74, 0, 3]),
    Buffer.from("a.B"),
  ]);
  expect(bytes.subarray(-end.length)).toEqual(end);
});

test("a reason that is too long or has signs that Java writes in another way fits all the same", () => {
  const bytes = bytesOf("€".repeat(30_000));
  expect(bytes.subarray(-6 - 3 * 20_000 - 2).readUInt16BE(0)).toBe(60_000);
  expect(bytesOf("a\0b😀").includes("a?b??")).toBe(true);
});
