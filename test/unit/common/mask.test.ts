/** What is shown of texts that may hold a password. */
import { describe, expect, it } from "vitest";
import { createError, describeError } from "../../../simulator/common/foundation/errors.ts";
import {
  listSecretForms,
  maskAddress,
  maskAddresses,
  maskSecrets,
  maskTyped,
} from "../../../simulator/common/foundation/mask.ts";

describe("an address as it was typed", () => {
  it.each([
    ["redis://:Tr0ub4dor@h:1/0", "redis://:***@h:1/0"],
    ["rediss://admin:Tr0ub4dor@redis.example:6380", "rediss://admin:***@redis.example:6380"],
    ["redis://:a:Tr0ub4dor@[::1]:1", "redis://:***@[::1]:1"],
    ["redis://h:6379/0", "redis://h:6379/0"],
    ["http://127.0.0.1:6379", "http://127.0.0.1:6379"],
    ["localhost:6379", "localhost:6379"],
    ["unix:///run/user@1000/docker.sock", "unix:///run/user@1000/docker.sock"],
    ["unix://Tr0ub4dor@h", "unix://***@h"],
    // A name alone may be the password of somebody who forgot the colon.
    ["redis://Tr0ub4dor@h", "redis://***@h"],
    ["redis://Tr0ub4dor:@h", "redis://:***@h"],
    // Signs in it that end a password, or begin something else.
    ["redis://admin:Tr0ub4dor/&3@h:1", "redis://***"],
    ["redis://:Tr0ub4dor?x@h", "redis://***"],
    ["redis://:my Tr0ub4dor@h", "redis://***"],
    ["redis://h?password=Tr0ub4dor", "redis://***"],
    ["redis://h/0?password=a@Tr0ub4dor", "redis://***"],
    ["redis://u:p@h:1/0?password=Tr0ub4dor", "redis://u:***@h:1/0***"],
    ["redis://:Tr0ub4dor@", "redis://***"],
    ["redis://admin:Tr0ub4dor", "redis://***"],
    ["redis:/admin:Tr0ub4dor@h:1", "***"],
    ["admin:Tr0ub4dor@h:1", "admin:***@h:1"],
    ["Tr0ub4dor", "***"],
    ["admin:4711", "***"],
    ["", "***"],
  ])("%j is shown as %j", (typed, shown) => {
    expect(maskAddress(typed)).toBe(shown);
    expect(maskAddress(typed)).not.toContain("Tr0ub4dor");
  });

  it("is not looked for in what is none", () => {
    for (const text of ["abc", "300s", "redis@sha256:0", "a/b@c"]) expect(maskTyped(text)).toBe(text);
    expect(maskTyped("redis://:Tr0ub4dor@h")).toBe("redis://:***@h");
    expect(maskTyped("admin:Tr0ub4dor@h:1")).toBe("admin:***@h:1");
  });

  it.each([
    ["127.0.0.1:1;password=Tr0ub4dor", "127.0.0.1:1;password=***"],
    ["h:1,sasl.password = Tr0ub4dor,ssl=true", "h:1,sasl.password =***"],
    ["SharedAccessKeyName=x;SharedAccessKey=Tr0ub4dor", "SharedAccessKeyName=***"],
  ])("a field of a connection string that holds one: %j is shown as %j", (typed, shown) => {
    expect(maskTyped(typed)).toBe(shown);
  });
});

it("an address in somebody's text loses what stands before its @, and a path keeps its own", () => {
  expect(maskAddresses("connect redis://:a/b@c@h:1 failed, tcp://u:p@e:2375 too")).toBe(
    "connect redis://***@h:1 failed, tcp://***@e:2375 too",
  );
  const ours = "redis://:***@h, redis://me:***@h, or redis://[[USER]:PASSWORD@]HOST";
  expect(maskAddresses(ours)).toBe(ours);
  const path = "file:///p/node_modules/@scope/x.js and https://h/@scope/x";
  expect(maskAddresses(path)).toBe(path);
});

it("no error of the catalogue, and none that is described, shows one", () => {
  const cause = new Error("proxyconnect http://me:Tr0ub4dor@proxy:3128: refused");
  const error = createError("CHILD_EXITED", { resource: "api", how: "", lastLines: "at redis://:Tr0ub4dor@h" }, cause);
  expect(error.message).toContain("redis://***@h");
  expect(describeError(error)).not.toContain("Tr0ub4dor");
  expect(describeError(error)).toContain("http://***@proxy:3128");
});

it("a password is masked as it was typed, as it is meant, and as programs write it", () => {
  const forms = listSecretForms("redis://admin:Tr0ub4dor%2F&3;@h:1");
  expect(forms).toEqual(
    expect.arrayContaining(["Tr0ub4dor%2F&3;", "Tr0ub4dor/&3;", "Tr0ub4dor%2F%263%3B", "Tr0ub4dor%2F&3%3B"]),
  );
  for (const form of forms) expect(maskSecrets(`x ${form} y`, forms)).toBe("x *** y");
  expect(listSecretForms("redis://:50%off@h")).toContain("50%off");
  expect(listSecretForms("redis://token@h")).toEqual(["token"]);
  expect(listSecretForms("redis://h:1")).toEqual([]);
});
