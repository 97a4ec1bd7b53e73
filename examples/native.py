#!/usr/bin/env python3
"""Speaks Samovar's native protocol with Python's standard library and nothing else.

Usage: native.py HOST PORT NAME ROOM COUNT [TEXT...]

Says TEXT in ROOM as NAME, prints the acknowledgement, then the next COUNT messages of the room
(its own among them).
The wire: a length of 4 bytes, big endian, then that many bytes of JSON, both ways.
"""
import json, socket, struct, sys, uuid

if len(sys.argv) < 6:
    sys.exit(__doc__)
host, port, name, room, count, text = *sys.argv[1:6], " ".join(sys.argv[6:])
server = socket.create_connection((host, int(port))).makefile("rwb")

def tell(**frame):
    body = json.dumps(frame).encode()
    server.write(struct.pack(">I", len(body)) + body)
    server.flush()

def frames():
    first = server.read(1)
    while first and first != b"\0":  # a greeting in text, if the server was faster than our hello
        first = server.read(1)
    while len(length := first + server.read(4 - len(first))) == 4:
        yield json.loads(server.read(*struct.unpack(">I", length)))
        first = b""

tell(type="hello", v=1, name=name, client="native.py")
tell(type="join", id=1, room=room)
if text:
    tell(type="say", id=2, room=room, text=text, key=str(uuid.uuid4()))
left = int(count) + bool(text)  # the acknowledgement is one more thing to wait for
for event in frames() if left else ():
    if event["type"] == "refused":
        sys.exit(event["text"])
    if event["type"] == "stored":
        print("stored as", event["seq"], flush=True)
    elif event["type"] == "message":
        print(f"{event['from']}: {event['text']}", flush=True)
    else:
        continue
    left -= 1
    if left == 0:
        break
