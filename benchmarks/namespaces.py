"""Network namespaces on Linux that act as hosts; only root may make them."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

IP = shutil.which("ip")
SERVERS, ONE, TWO = "matinee-servers", "matinee-one", "matinee-two"
# Of a server and its host, in a network of their own.
ADDRESSES = {ONE: ("10.77.1.1", "10.77.1.2"), TWO: ("10.77.2.1", "10.77.2.2")}


def ip(*arguments: str) -> None:
    subprocess.run([str(IP), *arguments], check=True)


@contextmanager
def network() -> Iterator[None]:
    """Make three namespaces, with a cable from the servers' to each host's, for the length of a ``with`` block."""
    with ExitStack() as stack:
        for name in (SERVERS, ONE, TWO):
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            ip("-n", name, "link", "set", "lo", "up")
        for host, (server_end, host_end) in ADDRESSES.items():
            ip("-n", SERVERS, "link", "add", host[8:], "type", "veth", "peer", "name", "host", "netns", host)
            for place, device, address in ((SERVERS, host[8:], server_end), (host, "host", host_end)):
                ip("-n", place, "address", "add", f"{address}/24", "dev", device)
                ip("-n", place, "link", "set", device, "up")
        yield
