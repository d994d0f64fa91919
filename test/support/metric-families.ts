// Bodies of Prometheus' protobuf exposition made by a protobuf library, for tests of what reads
// them. Source of the messages: prometheus/client_model, io/prometheus/client/metrics.proto.
import protobuf from 'protobufjs';

const PROTO = `syntax = "proto2";
message LabelPair { optional string name = 1; optional string value = 2; }
message Value { optional double value = 1; }
message Quantile { optional double quantile = 1; optional double value = 2; }
message Timestamp { optional int64 seconds = 1; optional int32 nanos = 2; }
message Summary { optional uint64 sample_count = 1; optional double sample_sum = 2;
  repeated Quantile quantile = 3; }
message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
message Bucket { optional uint64 cumulative_count = 1; optional double upper_bound = 2;
  optional double cumulative_count_float = 4; }
message Histogram {
  optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Bucket bucket = 3;
  optional double sample_count_float = 4; optional sint32 schema = 5;
  optional double zero_threshold = 6; optional uint64 zero_count = 7;
  optional double zero_count_float = 8; repeated BucketSpan negative_span = 9;
  repeated sint64 negative_delta = 10 [packed=true]; repeated double negative_count = 11;
  repeated BucketSpan positive_span = 12; repeated sint64 positive_delta = 13 [packed=true];
  repeated double positive_count = 14; optional Timestamp created_timestamp = 15;
}
message Metric { repeated LabelPair label = 1; optional Value gauge = 2; optional Value counter = 3;
  optional Summary summary = 4; optional Value untyped = 5; optional int64 timestamp_ms = 6;
  optional Histogram histogram = 7; }
message MetricFamily { optional string name = 1; optional string help = 2; optional int32 type = 3;
  repeated Metric metric = 4; optional string unit = 5; }`;
const Family = protobuf.parse(PROTO).root.lookupType('MetricFamily');

/** The header of such a body. */
export const PROTOBUF_TYPE =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

/** Families, fields in lower camel case, as one body. */
export function protobufBody(families: readonly Record<string, unknown>[]): Uint8Array {
  return Buffer.concat(
    families.map((family) => Family.encodeDelimited(Family.fromObject(family)).finish()),
  );
}
