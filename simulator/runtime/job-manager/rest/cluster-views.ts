/**
 * Flink's JSON for the cluster: /overview, /config, /taskmanagers. Pure: JobManager in, JSON out. What this runtime does
 * not have (slots' memory profiles, JVM pools) is 0, and what it does not know is −1, as Flink writes it.
 */
import { availableParallelism, freemem, totalmem } from "node:os";
import type { JobManager } from "../job-manager.ts";
import type { RegisteredTaskManager } from "../registry.ts";

/** The release whose REST shapes these are; `-ts` says that it is not that Flink. */
const FLINK_VERSION = "2.2-ts";
const REVISION = "flink-apphost";

export function viewOverview(manager: JobManager): object {
  const taskManagers = manager.rpc.registry.list();
  const slotsTotal = taskManagers.reduce((sum, { slots }) => sum + slots, 0);
  const slotsFree = taskManagers.reduce((sum, entry) => sum + freeSlots(manager, entry), 0);
  const state = manager.job?.status.state;
  const running = manager.job !== null && !manager.job.status.terminal;
  return {
    taskmanagers: taskManagers.length,
    "slots-total": slotsTotal,
    "slots-available": slotsFree,
    "jobs-running": running ? 1 : 0,
    "jobs-finished": state === "FINISHED" ? 1 : 0,
    "jobs-cancelled": state === "CANCELED" ? 1 : 0,
    "jobs-failed": state === "FAILED" ? 1 : 0,
    "flink-version": FLINK_VERSION,
    "flink-commit": REVISION,
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
  return {
    ...viewTaskManager(manager, entry, nowMs),
    metrics: {
      heapUsed: -1,
      heapCommitted: -1,
      heapMax: -1,
      nonHeapUsed: -1,
      nonHeapCommitted: -1,
      nonHeapMax: -1,
      directCount: 0,
      directUsed: 0,
      directMax: 0,
      mappedCount: 0,
      mappedUsed: 0,
      mappedMax: 0,
      nettyShuffleMemorySegmentsAvailable: 0,
      nettyShuffleMemorySegmentsUsed: 0,
      nettyShuffleMemorySegmentsTotal: 0,
      nettyShuffleMemoryAvailable: 0,
      nettyShuffleMemoryUsed: 0,
      nettyShuffleMemoryTotal: 0,
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
      physicalMemory: totalmem(),
      freeMemory: freemem(),
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
