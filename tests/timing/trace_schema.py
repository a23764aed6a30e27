#!/usr/bin/env python3
"""trace_schema.py VNPU MODEL: the trace of a profile, read with Perfetto's own schema. Exit status 77: not installed."""

import json
import subprocess
import sys
import tempfile

try:
    from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as schema
except ImportError:
    print("the Python package 'perfetto' is not installed: skipped")
    sys.exit(77)

vnpu, model = sys.argv[1:3]
with tempfile.TemporaryDirectory() as folder:
    path = folder + "/model.pftrace"
    report = json.loads(subprocess.check_output([vnpu, "profile", "--json", "--trace", path, model]))
    trace = schema.Trace()
    with open(path, "rb") as f:
        data = f.read()
assert trace.ParseFromString(data) == len(data)


def no_unknown(message):
    assert not list(message.UnknownFields()), message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for each in value if field.label == field.LABEL_REPEATED else [value]:
                no_unknown(each)


try:
    no_unknown(trace)
except (AttributeError, NotImplementedError):  # this build of protobuf does not tell unknown fields
    assert trace.SerializeToString() == data or len(trace.SerializeToString()) == len(data)

tracks, names, depth, slices, last = {}, {}, {}, {}, {}
for packet in trace.packet:
    assert packet.trusted_packet_sequence_id
    if packet.HasField("track_descriptor"):
        tracks[packet.track_descriptor.uuid] = packet.track_descriptor
    for name in packet.interned_data.event_names:
        names[name.iid] = name.name
    if not packet.HasField("track_event"):
        continue
    event = packet.track_event
    assert event.track_uuid in tracks, "an event on a track that nobody described"
    assert packet.timestamp >= last.get(event.track_uuid, 0), "time runs backwards on a track"
    last[event.track_uuid] = packet.timestamp
    if event.type == schema.TrackEvent.TYPE_SLICE_BEGIN:
        assert event.name_iid in names
        depth[event.track_uuid] = depth.get(event.track_uuid, 0) + 1
        assert depth[event.track_uuid] == 1, "slices overlap on a track"
        slices[tracks[event.track_uuid].name] = slices.get(tracks[event.track_uuid].name, 0) + 1
    elif event.type == schema.TrackEvent.TYPE_SLICE_END:
        depth[event.track_uuid] -= 1
    else:
        assert event.type == schema.TrackEvent.TYPE_COUNTER and event.double_counter_value >= 0
assert not any(depth.values())
for engine in report["engines"]:
    assert slices.get(engine["name"], 0) == engine["commands"], engine
print("%d packets, %s" % (len(trace.packet), slices))
