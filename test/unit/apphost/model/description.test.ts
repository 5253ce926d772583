/** What is masked before it is shown. */
import { expect, it } from "vitest";
import { maskSecrets } from "../../../../apphost/model/description.ts";

it("masks a secret wherever it stands, plain or as a URL has it", () => {
  const variables = { REDIS_PASSWORD: "p@ss", REDIS_URL: "redis://:p%40ss@h:1", BOTH: "p@ss p@ss", OTHER: "h:1" };
  expect(maskSecrets(variables, ["p@ss", "token"])).toEqual({
    REDIS_PASSWORD: "***",
    REDIS_URL: "redis://:***@h:1",
    BOTH: "*** ***",
    OTHER: "h:1",
  });
});

it("masks nothing when there is no secret", () => {
  expect(maskSecrets({ REDIS_PASSWORD: "" }, ["", ""])).toEqual({ REDIS_PASSWORD: "" });
});
