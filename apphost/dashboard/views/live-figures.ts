/** The charts of the run, as a view of their own or as a part of another one. Pure. */
import { drawMetrics, type MetricsInput } from "../charts/metrics-screen.ts";
import type { Row } from "../rows.ts";
import type { ViewProps } from "./view-props.ts";

/** The map can be ordered by what it shows, and the processes by what they use. */
export function drawLiveFigures(
  { snapshot, state, columns, rows, nowUs, glyphs }: ViewProps,
  parts: MetricsInput["parts"],
): readonly Row[] {
  const { sort } = state;
  return drawMetrics(
    {
      ...snapshot,
      startedAtUs: snapshot.startedAtUs ?? nowUs,
      nowUs,
      present: listPresent(snapshot),
      order: sort === "rate" || sort === "lag" ? sort : "name",
      usageOrder: sort === "memory" ? "memory" : "cpu",
      parts,
    },
    { columns, rows, glyphs },
  );
}

/** The TaskManagers that the host runs. */
export const listPresent = ({ resources }: ViewProps["snapshot"]): readonly string[] =>
  resources.filter(({ kind }) => kind === "taskmanager").map(({ name }) => name);
