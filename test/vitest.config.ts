import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Three projects: `unit` (pure, parallel), `integration` (real processes and sockets, one file at a time) and
 * `resilience` (faults on the whole system). `dist` holds compiled copies and must never be collected.
 */
export default defineConfig({
  root,
  test: {
    exclude: ["dist/**", "node_modules/**"],
    projects: [
      { root, test: { name: "unit", include: ["test/unit/**/*.test.{ts,tsx}"], testTimeout: 20_000 } },
      {
        root,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        root,
        test: {
          name: "resilience",
          include: ["test/resilience/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
