"""Whether a build can start: facts about the machine judged against what the version needs."""

from __future__ import annotations

from ascendtorch.plan import Plan, job_count
from ascendtorch.spec.release import PLUGIN
from ascendtorch.toolchain import checks
from ascendtorch.toolchain.checks import Check
from ascendtorch.toolchain.facts import Facts

_GIB = 1 << 30

#: Disk space, with room to spare. Measured for 1.8.1: sources with all submodules 0.6 GiB; objects
#: of a lean build 0.3 GiB after three fifths of its steps. Libraries are there three times (built,
#: installed, staged), then come the wheel, the build environment and, in a full build, far more
#: libraries; what a failed attempt leaves behind shall fit too.
SOURCES_BYTES = 1 * _GIB
BUILD_BYTES = {"lean": 4 * _GIB, "full": 8 * _GIB}
#: Nothing of upstream is compiled: its wheel, unpacked, and our objects.
PLUGIN_BYTES = 3 * _GIB

#: What one compile job may take at its worst; `plan.job_count` reckons with the same.
JOB_BYTES = 2 * _GIB


def can_build(found: tuple[Check, ...]) -> bool:
    """Whether a build can start."""
    return all(check.status != "fail" for check in found)


def evaluate(facts: Facts) -> tuple[Check, ...]:
    """Judge the facts, one check per prerequisite."""
    if facts.layout == PLUGIN:
        return (
            _patch_set(facts),
            checks.compiler(facts, "g++", "C++ compiler"),
            checks.tool(facts, "cmake"),
            checks.tool(facts, "ninja"),
            checks.compiler_cache(facts),
            *checks.python(facts),
            _official(facts),
            _folders(facts),
            _disk(facts),
            _memory(facts),
            _cache(facts),
            _cann(facts),
        )
    return (
        _patch_set(facts),
        checks.tool(facts, "git"),
        checks.compiler(facts, "gcc", "C compiler"),
        checks.compiler(facts, "g++", "C++ compiler"),
        checks.tool(facts, "cmake"),
        checks.ninja(facts),
        checks.compiler_cache(facts),
        *checks.python(facts),
        _folders(facts),
        _disk(facts),
        _memory(facts),
        _cache(facts),
        _lapack(facts),
        _cann(facts),
    )


def _patch_set(facts: Facts) -> Check:
    name, needed = "patch set", f"patch/{facts.version} with version.yaml and series"
    problem = facts.patch_problem
    if problem is not None:
        where = f"{problem.path}: " if problem.path else ""
        return Check(name, "fail", f"{where}{problem.cause}", needed, problem.remedy)
    if facts.layout == PLUGIN:
        needed = f"patch/{facts.version} with version.yaml"
        return Check(name, "ok", f"{facts.version}, built beside the official wheel", needed)
    count = f"{facts.patches} patch{'' if facts.patches == 1 else 'es'}"
    return Check(name, "ok", f"{facts.version}, {count}", needed)


def _official(facts: Facts) -> Check:
    needed = f"the official wheel of torch {facts.version}"
    if facts.official is not None:
        return Check("official wheel", "ok", str(facts.official), needed)
    found = f"not in {facts.cache} yet; gen downloads it"
    return Check("official wheel", "ok", found, needed)


def _folders(facts: Facts) -> Check:
    if facts.folder_writable:
        return Check("workspace", "ok", str(facts.folder), "a folder that can be written")
    found = f"pytorch/, build/ or dist/ in {facts.folder} cannot be written"
    remedy = "use a checkout on a writable file system that belongs to you"
    return Check("workspace", "fail", found, "a folder that can be written", remedy)


def _disk(facts: Facts) -> Check:
    profile = facts.plan.profile if facts.plan else "full"
    plugin = facts.layout == PLUGIN
    build = PLUGIN_BYTES if plugin else BUILD_BYTES.get(profile, BUILD_BYTES["full"])
    sources = 0 if plugin or facts.has_sources else SOURCES_BYTES
    found = f"{_gib(facts.disk_free)} free at {facts.folder}"
    needed = f"about {_gib(sources + build)} for the profile {profile}"
    if facts.disk_free >= sources + build:
        return Check("disk", "ok", found, needed)
    remedy = "free some space, or use a checkout on a larger file system"
    if profile == "full" and not plugin:
        remedy += "; --profile lean needs less"
    if facts.has_objects:
        return Check("disk", "warn", f"{found}, and a build has begun there", needed, remedy)
    return Check("disk", "fail", found, needed, remedy)


def _memory(facts: Facts) -> Check:
    jobs = job_count(
        cores=facts.cores,
        memory_bytes=facts.memory,
        per_job_bytes=JOB_BYTES,
        asked=facts.jobs,
    )
    needed = f"{_gib(JOB_BYTES)} for each of {jobs} job{'' if jobs == 1 else 's'}"
    if facts.memory is None:
        return Check("memory", "ok", f"unknown, {facts.cores} cores", needed)
    found = f"{_gib(facts.memory)} available, {facts.cores} cores"
    if facts.memory >= jobs * JOB_BYTES:
        return Check("memory", "ok", found, needed)
    fitting = max(1, facts.memory // JOB_BYTES)
    remedy = (
        f"ask for fewer: --jobs {fitting}"
        if jobs > fitting
        else "stop other programs or add swap space, or the compiler may be killed"
    )
    return Check("memory", "warn", found, needed, remedy)


def _cache(facts: Facts) -> Check:
    needed = "a folder that can be written"
    if facts.cache_writable:
        return Check("cache folder", "ok", str(facts.cache), needed)
    found = f"{facts.cache} cannot be written, so this checkout keeps its own in build/cache"
    remedy = "set ASCENDTORCH_CACHE to a folder that can be written"
    return Check("cache folder", "warn", found, needed, remedy)


def _lapack(facts: Facts) -> Check:
    needed = "OpenBLAS, with the files to link with it"
    remedy = "apt-get install libopenblas-dev, or dnf install openblas-devel"
    asked = isinstance(facts.plan, Plan) and facts.plan.flag_values.get("BLAS") == "OpenBLAS"
    if asked and (facts.lapack is None or "openblas" not in facts.lapack.name):
        return Check("OpenBLAS", "fail", "none, and BLAS=OpenBLAS asks for it", needed, remedy)
    if facts.lapack is not None:
        return Check("OpenBLAS", "ok", str(facts.lapack), needed)
    found = "none; torch is slower without, and its linear algebra (torch.svd, ...) raises errors"
    return Check("OpenBLAS", "warn", found, needed, remedy)


def _cann(facts: Facts) -> Check:
    needed = "CANN, for a real NPU"
    if facts.cann is not None:
        return Check("CANN", "ok", str(facts.cann), needed)
    found = (
        "none; torch.npu then runs on the AscendCL emulator that the wheel carries"
        if facts.layout == PLUGIN
        else "none; without it torch.npu needs the AscendCL emulator, which is not in this version "
        "yet"
    )
    remedy = "for a real NPU install CANN, or set ASCEND_HOME_PATH to it"
    return Check("CANN", "warn", found, needed, remedy)


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"
