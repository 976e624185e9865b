"""Network interfaces, by the files of each of them in sysfs, by ioctl and by getifaddrs."""
import ctypes
import fcntl
import os
import socket
import struct

from values import kernel
from values.check import NONE, Check

CLASS = "/sys/class/net"
SIOCGIFMTU, SIOCGIFHWADDR = 0x8921, 0x8927


class Address(ctypes.Structure):
    """struct ifaddrs of ifaddrs.h."""


Address._fields_ = [("next", ctypes.POINTER(Address)), ("name", ctypes.c_char_p),
                    ("flags", ctypes.c_uint), ("address", ctypes.c_void_p),
                    ("netmask", ctypes.c_void_p)]


def socket_address(pointer):
    """(family, address) of a struct sockaddr."""
    family = ctypes.c_ushort.from_address(pointer).value
    start, length = {socket.AF_INET: (4, 4), socket.AF_INET6: (8, 16)}.get(family, (0, 0))
    return family, ctypes.string_at(pointer + start, length)


def addresses(row):
    libc, first, found = ctypes.CDLL(None), ctypes.POINTER(Address)(), []
    if libc.getifaddrs(ctypes.byref(first)) != 0:
        return None
    entry = first
    while entry:
        one = entry.contents
        if one.name.decode() == row.label and one.address and one.netmask:
            family, address = socket_address(one.address)
            _, mask = socket_address(one.netmask)
            if address:
                found.append(f"{socket.inet_ntop(family, address)}/"
                             f"{bin(int.from_bytes(mask, 'big')).count('1')}")
        entry = one.next
    libc.freeifaddrs(first)
    return ",".join(found) if found else NONE


def ask(request, row):
    """The union of a struct ifreq."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        return fcntl.ioctl(any_socket, request, struct.pack("40s", row.label.encode()))[16:]


def mtu(row):
    return struct.unpack_from("i", ask(SIOCGIFMTU, row))[0]


def hardware(row):
    """(type, address) of the link."""
    kind_of, *octets = struct.unpack_from("H6B", ask(SIOCGIFHWADDR, row))
    return kind_of, ":".join(f"{octet:02x}" for octet in octets)


def address(row):
    kind_of, octets = hardware(row)
    return octets if kind_of == 1 else NONE if kind_of == 772 else None


def file(row, name):
    return (kernel.read(f"{CLASS}/{row.label}/{name}") or b"").decode().strip()


def has(row, name):
    return os.path.exists(f"{CLASS}/{row.label}/{name}")


def kind(row):
    if hardware(row)[0] == 772:
        return "loopback"
    if has(row, "phy80211"):
        return "wifi"
    return "ethernet" if has(row, "device") and hardware(row)[0] == 1 else None


def lower(row):
    names = sorted(name[6:] for name in os.listdir(f"{CLASS}/{row.label}")
                   if name.startswith("lower_"))
    return ",".join(names) if names else NONE


def upper(row):
    return os.path.basename(os.readlink(f"{CLASS}/{row.label}/master")) if has(row, "master") else NONE


def counted(row):
    some = any(os.path.exists(f"{CLASS}/{name}/device") for name in os.listdir(CLASS))
    if some or lower(row) != NONE:
        return int(lower(row) == NONE and has(row, "device"))
    link = int(file(row, "iflink"))
    return int(link not in (0, socket.if_nametoindex(row.label)) and hardware(row)[0] == 1 and
               not has(row, "master"))


def speed(row):
    if not has(row, "device"):
        return None  # what is stacked has that of what is below, others none
    megabits = int(file(row, "speed") or -1)
    return megabits * 125_000 if megabits > 0 else NONE


def duplex(row):
    if not has(row, "device"):
        return None
    found = file(row, "duplex")
    return found if found not in ("", "unknown") else NONE


def count(*names):
    """The sum of some of Documentation/ABI/testing/sysfs-class-net-statistics."""
    return lambda row: sum(kernel.number(f"{CLASS}/{row.label}/statistics/{name}") for name in names)


NETWORK = {
    "name": Check(lambda row: row.label if has(row, "") else NONE), "kind": Check(kind),
    "index": Check(lambda row: socket.if_nametoindex(row.label)),
    "state": Check(lambda row: file(row, "operstate")), "mtu": Check(mtu),
    "carrier_changes": Check(lambda row: int(file(row, "carrier_changes"))),
    "lower": Check(lower), "upper": Check(upper), "counted": Check(counted),
    "addresses": Check(addresses), "address": Check(address),
    "speed": Check(speed), "duplex": Check(duplex),
    "receive.bytes": Check(count("rx_bytes")), "receive.packets": Check(count("rx_packets")),
    "receive.errors": Check(count("rx_errors")),
    "receive.dropped": Check(count("rx_dropped", "rx_missed_errors")),
    "receive.overruns": Check(count("rx_fifo_errors")),
    "receive.frame_errors": Check(count("rx_length_errors", "rx_over_errors", "rx_crc_errors",
                                        "rx_frame_errors")),
    "receive.compressed": Check(count("rx_compressed")),
    "receive.multicast": Check(count("multicast")),
    "send.bytes": Check(count("tx_bytes")), "send.packets": Check(count("tx_packets")),
    "send.errors": Check(count("tx_errors")), "send.dropped": Check(count("tx_dropped")),
    "send.overruns": Check(count("tx_fifo_errors")),
    "send.collisions": Check(count("collisions")),
    "send.carrier_errors": Check(count("tx_carrier_errors", "tx_aborted_errors",
                                       "tx_window_errors", "tx_heartbeat_errors")),
    "send.compressed": Check(count("tx_compressed")),
}


def talk_to_itself():
    """Over the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        ear.bind(("127.0.0.1", 0))
        for _ in range(100):
            mouth.sendto(b"x" * 1000, ear.getsockname())


# What to do while derived attributes are looked at, or all of them are 0.
MEANWHILE_NETWORK = (talk_to_itself,) * 9
