/** The whole screen: panels stacked from top to bottom, in exactly the rows and columns of the terminal. */
import { Box, useInput, useWindowSize } from "ink";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { EventsPanel } from "./events-panel.tsx";
import { FlowPanel } from "./flow-panel.tsx";
import { HeaderPanel } from "./header-panel.tsx";
import { planLayout } from "./layout.ts";
import { listResourceLines } from "./resource-lines.ts";
import { ResourcesPanel } from "./resources-panel.tsx";
import { createPalette, Row } from "./row.tsx";
import { listTaskManagerViews, TaskManagersPanel } from "./task-managers-panel.tsx";
import { countVerdictLines, VerdictPanel } from "./verdict-panel.tsx";

export interface ScreenProps {
  readonly snapshot: Snapshot;
  readonly nowUs: number;
  readonly columns: number;
  readonly rows: number;
  readonly colors: boolean;
  /** True from the first `q` or Ctrl+C on. */
  readonly isStopping: boolean;
}

export function Screen({ snapshot, nowUs, columns, rows, colors, isStopping }: ScreenProps) {
  const palette = createPalette(colors);
  const resourceLines = listResourceLines(snapshot.resources, snapshot.phase);
  const layout = planLayout({
    columns,
    rows,
    resourceLines: resourceLines.length,
    taskManagers: listTaskManagerViews(snapshot).length,
    verdictLines: countVerdictLines(snapshot.verdict),
  });
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <HeaderPanel rows={layout.header} snapshot={snapshot} nowUs={nowUs} palette={palette} />
      <ResourcesPanel rows={layout.resources} lines={resourceLines} columns={columns} palette={palette} />
      <FlowPanel rows={layout.flow} snapshot={snapshot} columns={columns} palette={palette} />
      <TaskManagersPanel layout={layout.taskManagers} snapshot={snapshot} columns={columns} palette={palette} />
      <Box flexDirection="column" height={layout.events} overflow="hidden">
        <EventsPanel rows={layout.events} snapshot={snapshot} columns={columns} palette={palette} />
      </Box>
      <VerdictPanel rows={layout.verdict} verdict={snapshot.verdict} palette={palette} />
      {layout.footer > 0 && (
        <Row
          cells={[
            {
              text: isStopping
                ? "stopping: see above; another Ctrl+C kills everything at once"
                : "q or Ctrl+C  stop and leave    Ctrl+Z  to the shell, and back by fg",
              dim: true,
            },
          ]}
        />
      )}
    </Box>
  );
}

export interface DashboardProps extends Omit<ScreenProps, "columns" | "rows"> {
  readonly onStop: () => void;
  readonly onSuspend: () => void;
}

export function Dashboard({ onStop, onSuspend, ...screen }: DashboardProps) {
  const { columns, rows } = useWindowSize();
  useInput((input, key) => {
    // A second Ctrl+C kills everything; a `q` that is pressed once more does not.
    const isQuit = input === "q" && !screen.isStopping;
    if (isQuit || (key.ctrl && input === "c")) onStop();
    if (key.ctrl && input === "z") onSuspend();
  });
  return <Screen {...screen} columns={columns} rows={rows} />;
}
