/** Whether something fits on a disk, and bytes as text. Pure. */
import { type Finding, failed, ok, warning } from "./check.ts";

/** Above this share of what is free, others on the machine decide whether it fits. */
const SHARE_COMFORTABLE = 0.8;

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** 512 B, 1.9 GiB, 107 MiB: three digits are enough to compare by. */
export function formatBytes(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1_024 ** step;
  return `${value >= 100 || step === 0 ? Math.round(value) : Math.round(value * 10) / 10} ${UNITS[step]}`;
}

export function judgeRoom(question: {
  readonly neededBytes: number;
  readonly roomBytes: number;
  readonly found: string;
  /** What happens when it does not fit. */
  readonly lack: string;
  readonly fix: string;
}): Finding {
  const { neededBytes, roomBytes, found, lack, fix } = question;
  if (neededBytes > roomBytes) return failed(found, lack, fix);
  if (neededBytes <= roomBytes * SHARE_COMFORTABLE) return ok(found);
  return warning(found, `it fits, with less than ${Math.round((1 - SHARE_COMFORTABLE) * 100)} % to spare`, fix);
}
