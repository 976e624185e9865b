"""Memory: the sums over smaps, mapping by mapping, where the server reads totals."""
from values.check import NONE, Check, Range, both
from values.kernel import PAGE

KIB, MIB = 1 << 10, 1 << 20


def of_memory(function):
    """Kernel threads and ended processes have none; of strangers we have no opinion."""
    def reference(s):
        if not s.has_memory:
            return NONE
        if not s.is_ours or s.smaps is None:
            return None
        return function(s)
    return reference


def total(name, select=lambda mapping: True):
    """The sum of a figure over the mappings."""
    return of_memory(lambda s: sum(m.get(name) for m in s.smaps if select(m)))


def size(select):
    return of_memory(lambda s: sum(m.size for m in s.smaps if select(m)))


def named(*names):
    return of_memory(lambda s: sum(m.get(name) for m in s.smaps for name in names))


def is_stack(m):
    return "gd" in m.flags  # grows down


def is_code(m):
    return "x" in m.permissions and "w" not in m.permissions and not is_stack(m)


def is_data(m):
    return m.permissions[1] == "w" and m.permissions[3] == "p" and not is_stack(m)


def of_status(name):
    """No second place has it: by hand."""
    return of_memory(lambda s: s.status[name][0])


@of_memory
def footprint(s):
    private = sum(m.get("Anonymous") + m.get("Private_Hugetlb") + m.get("Shared_Hugetlb")
                  for m in s.smaps)
    swapped = sum(m.get("Swap") for m in s.smaps if not m.is_shared_memory)
    return private + swapped + s.status["VmPTE"][0]


@of_memory
def file_pages(s):
    return sum(m.get("Rss") - m.get("Anonymous") for m in s.smaps if not m.is_shared_memory)


@of_memory
def shared_pages(s):
    return sum(m.get("Rss") - m.get("Anonymous") for m in s.smaps if m.is_shared_memory)


@of_memory
def page_tables(s):
    """A table of a page maps 512 pages."""
    known = Range(65 * MIB // 512, MIB) if s.label == "memory" else None
    return both(known, s.status["VmPTE"][0])


@of_memory
def peak(s):
    """As getrusage() told the process itself."""
    told = s.facts["usage"]["peak"] if s.label == "memory" else None
    return both(told, s.status["VmHWM"][0])


@of_memory
def virtual_peak(s):
    """Since it unmapped half a GiB."""
    told = s.facts.get("virtual_peak")
    return both(told and Range(told, told + MIB), s.status["VmPeak"][0])


@of_memory
def code(s):
    """Its ends are in stat."""
    if s.label == "leaderless":
        return s.status["VmExe"][0]
    return (s.stat[27] + PAGE - 1) // PAGE * PAGE - s.stat[26] // PAGE * PAGE


@of_memory
def libraries(s):
    return sum(m.size for m in s.smaps if is_code(m)) - code(s)


@of_memory
def pinned(s):
    return both(s.facts.get("pinned"), s.status.get("VmPin", [0])[0])


def shares(function):
    """The kernel rounds each mapping down to KiB, and sums up what was not rounded."""
    @of_memory
    def reference(s):
        told = function(s)
        return None if told is None else Range(told, told + len(s.smaps) * KIB)
    return reference


def share(s):
    return sum(m.get("Pss") for m in s.smaps)


def share_anonymous(s):
    """Nobody shares such pages with it, unless it forked."""
    if s.label in ("sharer", "family", "terminal", "reader", "traced", "waiting", "ourselves",
                   "changing", "init"):
        return None
    return sum(m.get("Anonymous") for m in s.smaps)


def share_shared(s):
    return sum(m.get("Pss") - m.get("Anonymous") for m in s.smaps if m.is_shared_memory)


def share_file(s):
    anonymous = share_anonymous(s)
    return None if anonymous is None else share(s) - anonymous - share_shared(s)


PROCESS = {
    "mem.footprint": Check(footprint),
    "mem.footprint_peak": Check(lambda s: s.facts.get("footprint_peak")),
    "mem.footprint_peak_minute": Check(lambda s: s.facts.get("footprint_peak")),
    "mem.resident": Check(total("Rss")),
    "mem.anonymous": Check(total("Anonymous")),
    "mem.anonymous_total": Check(of_memory(lambda s: sum(
        m.get("Anonymous") + (0 if m.is_shared_memory else m.get("Swap")) for m in s.smaps))),
    "mem.file": Check(file_pages),
    "mem.shared": Check(shared_pages),
    "mem.swap": Check(total("Swap", lambda m: not m.is_shared_memory)),
    "mem.page_tables": Check(page_tables),
    "mem.locked": Check(size(lambda m: "lo" in m.flags)),
    "mem.pinned": Check(pinned),
    "mem.hugetlb": Check(named("Private_Hugetlb", "Shared_Hugetlb")),
    "mem.peak": Check(peak),
    "mem.virtual": Check(size(lambda m: True)),
    "mem.virtual_peak": Check(virtual_peak),
    "mem.code": Check(code),
    "mem.libraries": Check(libraries),
    "mem.data": Check(size(is_data)),
    "mem.stack": Check(size(is_stack)),
    "mem.regions": Check(of_memory(lambda s: len(s.entries))),
    "mem.pss": Check(shares(share)),
    "mem.pss_anonymous": Check(shares(share_anonymous)),
    "mem.pss_file": Check(shares(share_file)),
    "mem.pss_shared": Check(shares(share_shared)),
    "mem.unique": Check(named("Private_Clean", "Private_Dirty", "Private_Hugetlb")),
    "mem.common": Check(named("Shared_Clean", "Shared_Dirty", "Shared_Hugetlb")),
    "mem.swap_pss": Check(shares(lambda s: sum(m.get("SwapPss") for m in s.smaps))),
    "mem.lazy_free": Check(total("LazyFree")),
}
SUMS = {"mem.resident": ("mem.anonymous", "mem.file", "mem.shared"),
        "mem.anonymous_total": ("mem.anonymous", "mem.swap")}
UNMEASURABLE = (
    "mem.footprint_lifetime_peak", "mem.footprint_interval_peak", "mem.anonymous_peak",
    "mem.wired", "mem.kernel_private", "mem.kernel_shared", "mem.virtual_private",
    "mem.resident_private", "mem.resident_shared", "mem.purgeable")
