"""The servers that are compared, and how each is started: flood limits off, nothing saved that the
server does not save by itself. Never starts one."""

import dataclasses
import os
import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
RELEASE = TARGET / "release"
# What the others are compared with.
US = "samovar-native"


@dataclasses.dataclass
class Server:
    """One server: how it is started. `command` gets its folder and its port."""

    name: str
    protocol: str
    command: object
    # Debian's package, which is named like its program.
    package: str = ""
    version: tuple = ()
    # Connections that come in at the same time: ngIRCd queues ten, InspIRCd lets people in once a
    # second.
    at_once: int = 100


def samovar(scheme):
    """Our daemon with its defaults; nobody enters a lobby by itself, since elsewhere nobody does."""

    def command(folder, port):
        config = folder / "chat-server.toml"
        config.write_text('[server]\ndefault_room = ""\n')
        url = f"{scheme}://127.0.0.1:{port}"
        data = folder / "data"
        return [RELEASE / "chat-server", "--config", config, "--data", data, "--listen", url]

    return command


def kernel(*options):
    """The server of chat-bench itself, which only reads and writes."""
    return lambda _, port: [RELEASE / "chat-bench", "kernel", "--listen", f"127.0.0.1:{port}", *options]


def inspircd(folder, port):
    """A connect class without flood limits, and queues that never end."""
    many = 1_000_000_000
    config = folder / "inspircd.conf"
    config.write_text(f"""
<server name="bench.test" description="bench" network="bench" id="001">
<admin name="bench" nick="bench" email="bench@bench.test">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect name="main" allow="*" timeout="60" pingfreq="3600" hardsendq="{many}" softsendq="{many}"
  recvq="{many}" threshold="{many}" commandrate="{many}" fakelag="no" localmax="100000"
  globalmax="100000" limit="100000" useident="no" resolvehostnames="no">
<performance netbuffersize="65534" somaxconn="4096" softlimit="100000" clonesonconnect="no"
  quietbursts="yes">
<limits maxnick="30">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/log">
<pid file="{folder}/pid">
<path datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
""")
    root = ["--runasroot"] if os.geteuid() == 0 else []
    return ["inspircd", "--nofork", *root, f"--config={config}"]


def ngircd(folder, port):
    """No limits, no penalties, no look-ups."""
    config = folder / "ngircd.conf"
    user = "ServerUID = root\nServerGID = root\n" if os.geteuid() == 0 else ""
    config.write_text(f"""
[Global]
Name = bench.test
Info = bench
Listen = 127.0.0.1
Ports = {port}
AdminInfo1 = bench
AdminEMail = bench@bench.test
{user}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 30
MaxPenaltyTime = 0
PingTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
""")
    return ["ngircd", "--nodaemon", "--config", config]


def redis(folder, port):
    """Nothing saved, and no bound for slow subscribers."""
    options = "--bind 127.0.0.1 --appendonly no --maxclients 10000 --loglevel warning".split()
    limit = ["--client-output-buffer-limit", "pubsub 0 0 0", "--save", ""]
    return ["redis-server", "--port", str(port), "--dir", folder, *options, *limit]


def nats(folder, port):
    """Core only: nothing saved, and much that may wait for a subscriber."""
    config = folder / "nats.conf"
    config.write_text(f"""
listen: "127.0.0.1:{port}"
max_connections: 100000
max_pending: 1073741824
write_deadline: "60s"
""")
    return ["nats-server", "--config", config]


SERVERS = [
    Server("kernel-each", "kernel", kernel()),
    Server("kernel-coalesced", "kernel", kernel("--coalesce")),
    Server("redis", "redis", redis, "redis-server", ("redis-server", "--version")),
    Server("inspircd", "irc", inspircd, "inspircd", ("inspircd", "--version"), at_once=1000),
    Server("nats", "nats", nats, "nats-server", ("nats-server", "--version")),
    Server("ngircd", "irc", ngircd, "ngircd", ("ngircd", "--version"), at_once=8),
    Server("samovar-line", "line", samovar("line")),
    Server("samovar-irc", "irc", samovar("irc")),
    Server(US, "native", samovar("native"), version=(RELEASE / "chat-server", "--version")),
]
