/** What is masked before it is shown. */
import { expect, it } from "vitest";
import { maskVariables } from "../../../../apphost/model/description.ts";
import { listSecretForms } from "../../../../simulator/common/foundation/mask.ts";

it("masks a secret wherever it stands, plain or as a URL has it", () => {
  const variables = { REDIS_PASSWORD: "p@ss", REDIS_URL: "redis://:p%40ss@h:1", BOTH: "p@ss p@ss", OTHER: "h:1" };
  expect(maskVariables(variables, ["token", ...listSecretForms("redis://:p%40ss@h:1")])).toEqual({
    REDIS_PASSWORD: "***",
    REDIS_URL: "redis://:***@h:1",
    BOTH: "*** ***",
    OTHER: "h:1",
  });
});

it("masks a password as it was typed, though no program would encode it so", () => {
  const url = "redis://admin:Tr0ub4dor%2F&3@h:1";
  const variables = { REDIS_URL: url, REDIS_PASSWORD: "Tr0ub4dor/&3", OTHER: "Tr0ub4dor%2F%263" };
  expect(JSON.stringify(maskVariables(variables, listSecretForms(url)))).not.toContain("Tr0ub4dor");
});

it("masks nothing when there is no secret", () => {
  expect(maskVariables({ REDIS_PASSWORD: "" }, ["", ""])).toEqual({ REDIS_PASSWORD: "" });
});
