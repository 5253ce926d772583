/**
 * Flink's JSON for the cluster: /overview, /config, /taskmanagers. Pure: JobManager in, JSON out. What this runtime does
 * not have (slots' memory profiles, JVM pools) is 0, and what it does not know is −1, as Flink writes it.
 */
import { availableParallelism } from "node:os";
import { readMemoryBytes } from "../../../common/foundation/machine.ts";
import type { JobManager } from "../job-manager.ts";
import type { RegisteredTaskManager } from "../registry.ts";

/** The release whose REST shapes these are; `-ts` says that it is not that Flink. */
const FLINK_VERSION = "2.2-ts";
const REVISION = "flink-apphost";

export function viewOverview(manager: JobManager): object {
  const counts = countCluster(manager);
  const state = manager.job?.status.state;
  return {
    taskmanagers: counts.taskManagers,
    "slots-total": counts.slotsTotal,
    "slots-available": counts.slotsAvailable,
    "jobs-running": counts.jobsRunning,
    "jobs-finished": state === "FINISHED" ? 1 : 0,
    "jobs-cancelled": state === "CANCELED" ? 1 : 0,
    "jobs-failed": state === "FAILED" ? 1 : 0,
    "flink-version": FLINK_VERSION,
    "flink-commit": REVISION,
  };
}

export interface ClusterCounts {
  readonly taskManagers: number;
  readonly slotsTotal: number;
  readonly slotsAvailable: number;
  readonly jobsRunning: number;
}

export function countCluster(manager: JobManager): ClusterCounts {
  const taskManagers = manager.rpc.registry.list();
  return {
    taskManagers: taskManagers.length,
    slotsTotal: taskManagers.reduce((sum, { slots }) => sum + slots, 0),
    slotsAvailable: taskManagers.reduce((sum, entry) => sum + freeSlots(manager, entry), 0),
    jobsRunning: manager.job !== null && !manager.job.status.terminal ? 1 : 0,
  };
}

export function viewConfig(): object {
  return {
    "refresh-interval": 3000,
    "timezone-name": "Coordinated Universal Time",
    "timezone-offset": 0,
    "flink-version": FLINK_VERSION,
    "flink-revision": REVISION,
    features: { "web-submit": false, "web-cancel": true, "web-rescale": false, "web-history": false },
  };
}

export function viewTaskManagers(manager: JobManager, nowMs: number): object {
  return { taskmanagers: manager.rpc.registry.list().map((entry) => viewTaskManager(manager, entry, nowMs)) };
}

export function viewTaskManagerDetails(manager: JobManager, entry: RegisteredTaskManager, nowMs: number): object {
  const jobId = manager.job?.graph.jobId;
  const used = entry.slots - freeSlots(manager, entry);
  const { heap, engine } = entry.metrics ?? {};
  return {
    ...viewTaskManager(manager, entry, nowMs),
    metrics: {
      heapUsed: heap?.usedBytes ?? -1,
      heapCommitted: heap?.committedBytes ?? -1,
      heapMax: heap?.maxBytes ?? -1,
      nonHeapUsed: engine?.nonHeapBytes ?? -1,
      nonHeapCommitted: engine?.nonHeapBytes ?? -1,
      nonHeapMax: -1,
      directCount: -1,
      directUsed: engine?.bufferBytes ?? -1,
      directMax: engine?.bufferBytes ?? -1,
      mappedCount: 0,
      mappedUsed: 0,
      mappedMax: 0,
      nettyShuffleMemorySegmentsAvailable: 0,
      nettyShuffleMemorySegmentsUsed: 0,
      nettyShuffleMemorySegmentsTotal: 0,
      nettyShuffleMemoryAvailable: 0,
      nettyShuffleMemoryUsed: 0,
      nettyShuffleMemoryTotal: 0,
      // It does not look: E1 of `engine-usage.ts`.
      garbageCollectors: [],
    },
    allocatedSlots: Array.from({ length: used }, () => ({ jobId, resource: viewResource() })),
  };
}

function viewTaskManager(manager: JobManager, entry: RegisteredTaskManager, nowMs: number): object {
  const silentMs = Math.round(performance.now() - entry.lastHeardMs);
  const rssBytes = entry.metrics?.rssBytes ?? -1;
  return {
    id: entry.tm,
    path: `tcp://${entry.address}/${entry.tm}`,
    dataPort: -1,
    jmxPort: -1,
    // Despite its name Flink gives the time of the last heartbeat here.
    timeSinceLastHeartbeat: nowMs - silentMs,
    slotsNumber: entry.slots,
    freeSlots: freeSlots(manager, entry),
    totalResource: viewResource(),
    freeResource: viewResource(),
    hardware: {
      cpuCores: availableParallelism(),
      physicalMemory: readMemoryBytes(),
      // By Flink's meaning: how large the heap may become.
      freeMemory: entry.metrics?.heap?.maxBytes ?? -1,
      managedMemory: 0,
    },
    memoryConfiguration: {
      frameworkHeap: -1,
      taskHeap: -1,
      frameworkOffHeap: -1,
      taskOffHeap: -1,
      networkMemory: -1,
      managedMemory: -1,
      jvmMetaspace: -1,
      jvmOverhead: -1,
      totalFlinkMemory: -1,
      totalProcessMemory: rssBytes,
    },
  };
}

/** A partition takes a slot; those above the planned number share. */
function freeSlots(manager: JobManager, entry: RegisteredTaskManager): number {
  const partitions = manager.job?.scheduler.assignmentOf(entry.tm).length ?? 0;
  return Math.max(0, entry.slots - partitions);
}

/** Slots have no resource profile of their own. */
function viewResource(): object {
  return {
    cpuCores: 0,
    taskHeapMemory: 0,
    taskOffHeapMemory: 0,
    managedMemory: 0,
    networkMemory: 0,
    extendedResources: {},
  };
}
