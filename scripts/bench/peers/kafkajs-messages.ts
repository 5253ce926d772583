/** What the bench and the workers of the kafkajs pipeline say to each other. */

export interface WorkerTask {
  readonly bootstrap: string;
  readonly topic: string;
  readonly group: string;
  readonly counterKey: string;
}

export type ToWorker = { readonly type: "go" } | { readonly type: "stop" };

export type FromWorker =
  | { readonly type: "ready" }
  /** The last message that the partition held was counted. */
  | { readonly type: "drained"; readonly partition: number }
  | WorkerFigures;

export interface WorkerFigures {
  readonly type: "figures";
  readonly messages: number;
  readonly batches: number;
  /** 0: it got nothing. */
  readonly firstBatchAtUs: number;
  readonly lastEffectAtUs: number;
  readonly cpuMs: number;
}
