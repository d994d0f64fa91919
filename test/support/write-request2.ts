// Remote-write 2.0 bodies made by a protobuf library, for tests of what reads them.
// Source of the messages: prometheus/prompb/io/prometheus/write/v2/types.proto.
import protobuf from 'protobufjs';

const PROTO = `syntax = "proto3";
message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
message Metadata { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
message TimeSeries { repeated uint32 labels_refs = 1; repeated Sample samples = 2;
  repeated bytes histograms = 3; Metadata metadata = 5; }
message Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }`;
const Message = protobuf.parse(PROTO).root.lookupType('Request');

/** The request that this plain form describes, not yet compressed. */
export function remoteWrite2Body(request: Record<string, unknown>): Uint8Array {
  return Message.encode(Message.fromObject(request)).finish();
}
