/** Preloaded into every process of a run: notes in LISTED_PACKAGES each load of a package that only observers need. */
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    if (/^(@opentelemetry\/|prom-client$)/.test(specifier)) {
      appendFileSync(process.env["LISTED_PACKAGES"], `${specifier}\n`);
    }
    return next(specifier, context);
  },
});
