/**
 * Decodes what an OTLP exporter sends, protobuf or JSON, with a decoder that is not the exporter's. Of the public protocol
 * (opentelemetry-proto 1.x) this names the fields that the tests look at; a decoder leaves out all others.
 */
import { parse, type Type } from "protobufjs";

const PROTOCOL = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }

message TracesRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; repeated Event events = 11; Status status = 15;
}
message Event { string name = 2; repeated KeyValue attributes = 3; }
message Status { string message = 2; int32 code = 3; }

message MetricsRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { repeated Metric metrics = 2; }
message Metric { string name = 1; string unit = 3; Points gauge = 5; Points sum = 7; Histogram histogram = 9; }
message Points { repeated Point data_points = 1; bool is_monotonic = 3; }
message Histogram { repeated HistogramPoint data_points = 1; }
message HistogramPoint { fixed64 count = 4; double sum = 5; repeated KeyValue attributes = 9; }
message Point { double as_double = 4; sfixed64 as_int = 6; repeated KeyValue attributes = 7; }

message LogsRequest { repeated ResourceLogs resource_logs = 1; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
message ScopeLogs { repeated LogRecord log_records = 2; }
message LogRecord {
  fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
}
`;
const { root } = parse(PROTOCOL, { keepCase: false });

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface ReceivedSpan {
  readonly resource: Attributes;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly status: { readonly code: number; readonly message: string };
}

export interface ReceivedPoint {
  readonly resource: Attributes;
  readonly name: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum" | "histogram";
  readonly isMonotonic: boolean;
  /** Of a histogram: how many it counted. */
  readonly value: number;
  readonly attributes: Attributes;
}

export interface ReceivedLog {
  readonly resource: Attributes;
  readonly timeMs: number;
  readonly severity: string;
  readonly body: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is the protocol's, in two encodings.
type Fields = any;

/** Ids are bytes in one encoding and hex in the other. */
function decode(type: string, body: Buffer, contentType: string): Fields {
  if (contentType.startsWith("application/json")) return JSON.parse(body.toString("utf8"));
  if (contentType !== "application/x-protobuf") throw new Error(`content-type ${contentType}`);
  const message = root.lookup(type) as Type;
  return message.toObject(message.decode(body), { longs: String, bytes: String, defaults: false });
}

const toHex = (id: string | undefined): string =>
  id === undefined ? "" : /^([0-9a-f]{16}|[0-9a-f]{32})$/.test(id) ? id : Buffer.from(id, "base64").toString("hex");
const toMs = (nanos: string | number): number => Number(BigInt(nanos) / 1_000n) / 1_000;

const readAttributes = (list: Fields[] = []): Attributes =>
  Object.fromEntries(
    list.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue),
    ]),
  );

const each = <T>(list: Fields[] | undefined, read: (one: Fields) => T[]): T[] => (list ?? []).flatMap(read);

export const decodeTraces = (body: Buffer, contentType: string): ReceivedSpan[] =>
  each(decode("TracesRequest", body, contentType).resourceSpans, ({ resource, scopeSpans }) =>
    each(scopeSpans, ({ spans }) =>
      each(spans, (span) => [
        {
          resource: readAttributes(resource?.attributes),
          traceId: toHex(span.traceId),
          spanId: toHex(span.spanId),
          parentSpanId: toHex(span.parentSpanId),
          name: span.name,
          startMs: toMs(span.startTimeUnixNano),
          endMs: toMs(span.endTimeUnixNano),
          attributes: readAttributes(span.attributes),
          events: each(span.events, ({ name, attributes }) => [{ name, attributes: readAttributes(attributes) }]),
          status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
        },
      ]),
    ),
  );

export const decodeMetrics = (body: Buffer, contentType: string): ReceivedPoint[] =>
  each(decode("MetricsRequest", body, contentType).resourceMetrics, ({ resource, scopeMetrics }) =>
    each(scopeMetrics, ({ metrics }) =>
      each(metrics, (metric) => {
        const kind = (["gauge", "sum", "histogram"] as const).find((one) => metric[one] !== undefined) ?? "gauge";
        return each(metric[kind].dataPoints, (point) => [
          {
            resource: readAttributes(resource?.attributes),
            name: metric.name,
            unit: metric.unit,
            kind,
            isMonotonic: metric[kind].isMonotonic === true,
            value: Number(point.asInt ?? point.asDouble ?? point.count ?? 0),
            attributes: readAttributes(point.attributes),
          },
        ]);
      }),
    ),
  );

export const decodeLogs = (body: Buffer, contentType: string): ReceivedLog[] =>
  each(decode("LogsRequest", body, contentType).resourceLogs, ({ resource, scopeLogs }) =>
    each(scopeLogs, ({ logRecords }) =>
      each(logRecords, (record) => [
        {
          resource: readAttributes(resource?.attributes),
          timeMs: record.timeUnixNano === undefined ? 0 : toMs(record.timeUnixNano),
          severity: record.severityText ?? "",
          body: record.body?.stringValue ?? "",
        },
      ]),
    ),
  );
