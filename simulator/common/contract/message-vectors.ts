/** Test vectors of the message grammar, for every implementation of it. */
import type { RejectReason } from "./message.ts";

export type MessageVector =
  | { readonly value: string; readonly id: number; readonly tsUs: number | null }
  | { readonly value: string; readonly rejected: RejectReason };

/** `tsUs` is null where the value is a message without a readable stamp: it takes no part in latency. */
export const MESSAGE_VECTORS: readonly MessageVector[] = [
  { value: '{"id":"000000000001","ts":"1795360719696123","p":"sample-data-"}', id: 1, tsUs: 1795360719696123 },
  { value: '{"id":"999999999999","ts":"0000000000000000","p":"sample-data-"}', id: 999_999_999_999, tsUs: 0 },
  {
    value: '{"id":"000000000007","ts":"1795360719696123","p":"sample-data-000000000007xxx"}',
    id: 7,
    tsUs: 1795360719696123,
  },
  { value: '{"id":7}', id: 7, tsUs: null },
  { value: '{"id":"7"}', id: 7, tsUs: null },
  { value: ' {"other":[1,{"id":9}],"id":281474976710655} ', id: 281474976710655, tsUs: null },
  { value: '{"id":"00000000000x","ts":"1795360719696123","p":"sample-data-"}', rejected: "idInvalid" },
  { value: '{"id":"000000000000","ts":"1795360719696123","p":"sample-data-"}', rejected: "idInvalid" },
  { value: '{"id":0}', rejected: "idInvalid" },
  { value: '{"id":-1}', rejected: "idInvalid" },
  { value: '{"id":1.5}', rejected: "idInvalid" },
  { value: '{"id":281474976710656}', rejected: "idInvalid" },
  { value: '{"id":"1e3"}', rejected: "idInvalid" },
  { value: '{"id":" 7"}', rejected: "idInvalid" },
  { value: '{"id":true}', rejected: "idInvalid" },
  { value: '{"id":null}', rejected: "idInvalid" },
  { value: '{"ID":7}', rejected: "idMissing" },
  { value: "{}", rejected: "idMissing" },
  { value: "7", rejected: "notObject" },
  { value: "[7]", rejected: "notObject" },
  { value: "null", rejected: "notObject" },
  { value: "", rejected: "notJson" },
  { value: "hello", rejected: "notJson" },
  { value: '{"id":"000000000001","ts":"1795360719696123","p":"sample-data-', rejected: "notJson" },
];
