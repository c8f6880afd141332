"""The first real error of real logs (gcc 12, CMake 3.25, ninja 1.11), its owner and its remedy."""

# ruff: noqa: RUF001  (the quotes are gcc's)
from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.report.diagnose import Diagnosis, Owner, OwnerIndex, diagnose
from ascendtorch.report.remedies import load_remedies
from ascendtorch.series.patchfile import parse_patch

LOGS = Path(__file__).parent / "logs"
REMEDIES = load_remedies()
TREE = Path("/home/user/pytorch")
LINUX_CC = "third_party/gloo/gloo/common/linux.cc"
PATCH = f"""From: A <a@invalid>
Date: Fri, 20 Nov 2026 00:00:00 +0000
Subject: [PATCH] gloo: a wrong change
---

diff --git a/{LINUX_CC} b/{LINUX_CC}
--- a/{LINUX_CC}
+++ b/{LINUX_CC}
@@ -190,2 +190,3 @@
   struct {{
     struct ethtool_link_settings req;
+    __u32 link_mode_data[link_mode_data_nwords];
"""


def explain(
    lines: list[str],
    code: int = 1,
    *,
    overlay: str = "",
    generated: str = "",
    patched: bool = False,
) -> Diagnosis:
    owners = OwnerIndex(
        TREE,
        {"third_party/gloo": "0" * 40, "third_party/fmt": "1" * 40},
        {overlay: "d"} if overlay else {},
        {generated: "d"} if generated else {},
        (parse_patch(Path("0002-gloo.patch"), PATCH.encode()),) if patched else (),
    )
    return diagnose(lines, code, owners, REMEDIES)


def log(name: str) -> list[str]:
    return (LOGS / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("name", "summary", "where", "owner", "remedy"),
    [
        (
            "gloo_device",
            "aggregate ‘std::array<char, 64> hostname’ has incomplete type and cannot be defined",
            "third_party/gloo/gloo/transport/tcp/device.cc:152",
            "submodule third_party/gloo",
            "gcc-too-new",
        ),
        (
            "instantiation",
            "no match for ‘operator<’ (operand types are ‘Tensor’ and ‘Tensor’)",
            "aten/src/ATen/native/Pow.h:5",
            "upstream",
            None,
        ),
        (
            "undefined_reference",
            "undefined reference to `missing(int)'",
            "torch/csrc/use.cpp",
            "upstream",
            None,
        ),
        (
            "codegen",
            "FileNotFoundError: [Errno 2] No such file or directory: 'aten/native_functions.yaml'",
            "tools/gen.py:5",
            "upstream",
            None,
        ),
        (
            "python_h",
            "Python.h: No such file or directory",
            "torch/csrc/stub.c:1",
            "environment",
            "python-headers",
        ),
        ("killed", "Killed signal terminated program cc1plus", None, "environment", "memory"),
        (
            "make",
            "no match for ‘operator<’ (operand types are ‘Tensor’ and ‘Tensor’)",
            "aten/src/ATen/native/Pow.h:5",
            "upstream",
            None,
        ),
        (
            "extension",
            "NoSuchPython.h: No such file or directory",
            "torch/csrc/stub.c:1",
            "upstream",
            None,
        ),
        (
            "cmake_subdirectory",
            "The source directory /home/user/pytorch/third_party/gloo does not contain a"
            " CMakeLists.txt file.",
            "cmake/Dependencies.cmake:1",
            "upstream",
            "missing-submodule",
        ),
        (
            "cmake_source",
            "Cannot find source file: third_party/cpuinfo/src/init.c",
            "CMakeLists.txt:4",
            "upstream",
            "missing-submodule",
        ),
        (
            "cmake_compiler",
            'The C++ compiler "/opt/gcc/bin/c++" is not able to compile a simple test program.',
            "CMakeLists.txt:2",
            "environment",
            "compiler-broken",
        ),
        (
            "cmake_old",
            "CMake 3.99 or higher is required. You are running version 3.25.1",
            "CMakeLists.txt:1",
            "environment",
            "cmake-too-old",
        ),
        (
            "clock",
            "manifest 'build.ninja' still dirty after 100 tries, perhaps system time is not set",
            None,
            "environment",
            "clock",
        ),
    ],
)
def test_real_logs(
    name: str, summary: str, where: str | None, owner: str, remedy: str | None
) -> None:
    found = explain(log(name))
    assert (found.summary, found.where, str(found.owner)) == (summary, where, owner)
    assert (found.remedy.id if found.remedy else None) == remedy
    assert 1 <= len(found.excerpt) <= 12
    assert max(map(len, found.excerpt)) <= 200


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("cmake_generator", "or choose a different binary directory."),
        ("cmake_moved", "reedit the CMakeCache.txt"),
    ],
)
def test_stale_build_folders(name: str, end: str) -> None:
    found = explain(log(name))
    assert found.summary.endswith(end)
    assert found.remedy is not None and found.remedy.id == "stale-cache"
    assert found.owner == Owner("environment")


def test_an_error_in_a_system_header_leads_to_the_line_that_caused_it() -> None:
    found = explain(log("gloo_linux"))
    assert found.where == f"{LINUX_CC}:192"
    assert found.target == "third_party/gloo/CMakeFiles/gloo.dir/gloo/common/linux.cc.o"
    assert any("/usr/include/linux/ethtool.h:2147" in line for line in found.excerpt)
    assert not any("warning" in line for line in found.excerpt)


def test_a_patch_is_named_for_the_line_it_added() -> None:
    found = explain(log("gloo_linux"), patched=True)
    assert found.owner == Owner("patch", "0002-gloo.patch", "it added line 192")


def test_a_later_failure_is_not_taken_for_the_first() -> None:
    # device.cc fails as well, as its block in the log says; linux.cc came first.
    assert sum(line.startswith("FAILED: ") for line in log("gloo_linux")) == 2
    assert "linux.cc" in str(explain(log("gloo_linux")).target)


def test_our_file_is_named_when_it_uses_upstreams_header_wrongly() -> None:
    lines = [
        "[5/9] Building CXX object c10/CMakeFiles/c10.dir/npu/Kernel.cpp.o",
        "FAILED: [code=1] c10/CMakeFiles/c10.dir/npu/Kernel.cpp.o ",
        "/usr/bin/c++ -c ../c10/npu/Kernel.cpp",
        "In file included from ../c10/npu/Kernel.cpp:3:",
        "../c10/util/Optional.h: In instantiation of ‘f(T) [with T = int]’:",
        "../c10/npu/Kernel.cpp:41:9:   required from here",
        "../c10/util/Optional.h:88:5: error: static assertion failed",
    ]
    assert explain(lines).where == "c10/util/Optional.h:88"
    found = explain(lines, overlay="c10/npu/Kernel.cpp")
    assert (found.where, found.owner.kind) == ("c10/npu/Kernel.cpp:41", "overlay")
    assert found.target == "c10/CMakeFiles/c10.dir/npu/Kernel.cpp.o"
    assert explain(lines, generated="c10/npu/Kernel.cpp").owner.kind == "generated"


def test_errors_that_are_none_are_passed_over() -> None:
    noise = [
        "-- Performing Test HAS_WERROR_FORMAT - Failed",
        "CMake Error at cmake/Probe.cmake:3 (try_compile):",
        "  Cannot run the probe",
        "",
        "-- Configuring done",
        "Traceback (most recent call last):",
        '  File "/home/user/pytorch/tools/probe.py", line 2, in <module>',
        "ImportError: optional",
        "[1/3] Building CXX object c10/CMakeFiles/c10.dir/error_handling.cpp.o",
        "../c10/error.h:7:1: warning: error: reported twice [-Wfoo]",
        "../c10/error.h:9:1: note: error: as declared here",
        "[2/3] Generating error: codes",
    ]
    real = [
        "[3/3] Building CXX object c10/CMakeFiles/c10.dir/a.cpp.o",
        "FAILED: c10/CMakeFiles/c10.dir/a.cpp.o",
        "/usr/bin/c++ -DMSG='x.h:1:1: error: no' -c ../c10/a.cpp",
        "../c10/a.cpp:4:2: warning: unused [-Wunused]",
        "../c10/a.cpp:9:2: error: expected ‘;’",
        "../c10/a.cpp:10:2: error: ‘b’ was not declared",
    ]
    found = explain(noise + real)
    assert (found.where, found.summary) == ("c10/a.cpp:9", "expected ‘;’")


def test_a_kill_comes_before_what_follows_from_it() -> None:
    lines = [
        "FAILED: c10/CMakeFiles/c10.dir/a.cpp.o",
        "/usr/bin/c++ -c ../c10/a.cpp",
        "{standard input}: Assembler messages:",
        "{standard input}:1200: Error: open CFI at the end of file; missing .cfi_endproc directive",
        "g++: fatal error: Killed signal terminated program cc1plus",
    ]
    found = explain(lines)
    assert found.summary == "Killed signal terminated program cc1plus"
    assert found.remedy is not None and found.remedy.id == "memory"


def test_a_full_disk_is_the_machines_fault_in_whatever_file() -> None:
    found = explain(
        [
            "FAILED: lib/libc10.so",
            ": && /usr/bin/c++ -shared -o lib/libc10.so a.o && :",
            "/usr/bin/ld: final link failed: No space left on device",
            "collect2: error: ld returned 1 exit status",
        ]
    )
    assert found.owner == Owner("environment")
    assert found.remedy is not None and found.remedy.id == "disk-full"


def test_what_the_command_says_is_no_sign_of_a_known_failure() -> None:
    # Nearly every command of PyTorch names XNNPACK's headers.
    lines = [
        "FAILED: caffe2/CMakeFiles/torch_cpu.dir/__/aten/a.cpp.o",
        "/usr/bin/c++ -I../third_party/XNNPACK/include -c ../aten/a.cpp",
        "../aten/a.cpp:1:1: error: ‘x’ was not declared in this scope",
    ]
    assert explain(lines).remedy is None
    lines[1] = "/usr/bin/c++ -DTEXT='No space left on device' -c ../aten/a.cpp"
    assert explain(lines).summary == "‘x’ was not declared in this scope"


def test_the_remedy_for_a_part_comes_before_a_broader_one() -> None:
    said = "/tmp/ccdmJVsn.s:62: Error: selected processor does not support `vsdot.s8 q8,q11'"
    for part, remedy in (("XNNPACK", "xnnpack"), ("QNNPACK", "assembler-too-old")):
        target = f"confu-deps/{part}/CMakeFiles/a.dir/a.c.o"
        found = explain([f"FAILED: {target}", "cc -c a.c", said]).remedy
        assert found is not None and found.id == remedy


def test_make_with_mixed_output_takes_the_error_of_the_first_target_that_failed() -> None:
    found = explain(
        [
            "[ 10%] Building CXX object c10/CMakeFiles/c10.dir/b.cpp.o",
            "[ 11%] Building CXX object c10/CMakeFiles/c10.dir/a.cpp.o",
            "/home/user/pytorch/c10/b.cpp:2:1: error: second",
            "/home/user/pytorch/c10/a.cpp:1:1: error: first",
            "make[2]: *** [c10/CMakeFiles/c10.dir/build.make:76: c10/CMakeFiles/c10.dir/a.cpp.o]"
            " Error 1",
            "make[1]: *** [CMakeFiles/Makefile2:9: c10/CMakeFiles/c10.dir/all] Error 2",
        ]
    )
    assert (found.where, found.summary) == ("c10/a.cpp:1", "first")
    assert found.target == "c10/CMakeFiles/c10.dir/a.cpp.o"


def test_a_program_that_cmake_ran_is_the_cause_of_its_error() -> None:
    found = explain(
        [
            "Traceback (most recent call last):",
            '  File "/home/user/pytorch/aten/src/ATen/gen.py", line 12, in <module>',
            "    import yaml",
            "ModuleNotFoundError: No module named 'yaml'",
            "-- ",
            "CMake Error at cmake/Codegen.cmake:205 (message):",
            "  Failed to get generated_cpp list",
            "-- Configuring incomplete, errors occurred!",
        ]
    )
    assert found.summary == "ModuleNotFoundError: No module named 'yaml'"
    assert found.where == "aten/src/ATen/gen.py:12"
    assert found.owner == Owner("environment")
    assert found.remedy is not None and found.remedy.id == "python-module"


def test_a_chain_of_exceptions_ends_in_the_last() -> None:
    found = explain(
        [
            "Traceback (most recent call last):",
            '  File "/home/user/pytorch/setup.py", line 368, in check_pydep',
            "ModuleNotFoundError: No module named 'yaml'",
            "",
            "During handling of the above exception, another exception occurred:",
            "",
            "Traceback (most recent call last):",
            '  File "/home/user/pytorch/setup.py", line 370, in check_pydep',
            "RuntimeError: Missing build dependency: Unable to `import yaml`.",
            "Please install it via `conda install pyyaml` or `pip install pyyaml`",
        ]
    )
    assert found.summary == "RuntimeError: Missing build dependency: Unable to `import yaml`."
    assert found.where == "setup.py:370"
    assert found.remedy is not None and found.remedy.id == "python-module"


def test_a_chain_in_the_output_of_a_step_ends_in_the_last() -> None:
    found = explain(
        [
            "FAILED: torch/gen.cpp",
            "cd /home/user/pytorch && python -m tools.gen",
            "Traceback (most recent call last):",
            '  File "/home/user/pytorch/tools/gen.py", line 5, in load',
            "KeyError: 'abs'",
            "",
            "The above exception was the direct cause of the following exception:",
            "",
            "Traceback (most recent call last):",
            '  File "/home/user/pytorch/tools/gen.py", line 9, in main',
            "ValueError: no schema for abs",
        ]
    )
    assert (found.summary, found.where) == ("ValueError: no schema for abs", "tools/gen.py:9")


def test_the_exception_that_ended_the_build_is_the_last() -> None:
    caught = ["Traceback (most recent call last):", "ImportError: optional", "going on"]
    assert explain([*caught, caught[0], "OSError: really"]).summary == "OSError: really"


def test_that_a_command_failed_is_not_the_cause() -> None:
    lines = [
        "Traceback (most recent call last):",
        '  File "/home/user/pytorch/setup.py", line 1, in <module>',
        "subprocess.CalledProcessError: Command '['cmake']' returned non-zero exit status 1.",
    ]
    assert explain(["gen: out of cheese", *lines]).summary == "gen: out of cheese"


def test_cmakes_own_modules_speak_about_the_machine() -> None:
    found = explain(
        [
            "CMake Error at /usr/share/cmake/Modules/FindPackageHandleStandardArgs.cmake:230"
            " (message):",
            "  Could NOT find Cheese (missing: CHEESE_LIBRARY)",
            "Call Stack (most recent call first):",
            "  /usr/share/cmake/Modules/FindCheese.cmake:9 (_FPHSA_FAILURE_MESSAGE)",
            "  cmake/Dependencies.cmake:91 (find_package)",
            "  CMakeLists.txt:600 (include)",
            "",
            "-- Configuring incomplete, errors occurred!",
        ]
    )
    assert (found.where, found.owner) == ("cmake/Dependencies.cmake:91", Owner("environment"))


def test_a_refusal_in_plain_words() -> None:
    found = explain(
        [
            "-- Building version 1.8.1",
            "Could not find /home/user/pytorch/third_party/gloo/CMakeLists.txt",
            "Did you run 'git submodule update --init --recursive'?",
        ]
    )
    assert found.summary.startswith("Could not find /home/user/pytorch/third_party/gloo")
    assert found.remedy is not None and found.remedy.id == "missing-submodule"


def test_a_missing_file_of_a_submodule_belongs_to_it() -> None:
    message = "'../third_party/fmt/a.cc', needed by 'a.o', missing and no known rule to make it"
    found = explain([f"ninja: error: {message}"])
    assert (found.summary, str(found.owner)) == (message, "submodule third_party/fmt")


def test_a_step_that_fails_in_silence_shows_its_last_words() -> None:
    found = explain(
        [
            "FAILED: x.h",
            "cd build && gen",
            "out of cheese",
            "ninja: build stopped: subcommand failed.",
        ]
    )
    assert (found.summary, found.target) == ("out of cheese", "x.h")
    assert str(found.owner) == "upstream (the log names no file)"


def test_that_a_linker_was_started_in_vain_is_not_its_message() -> None:
    said = "/usr/bin/ld: -z pack-dates ignored, giving up"
    end = "collect2: error: ld returned 1 exit status"
    assert explain(["FAILED: lib/a.so", "c++ -o lib/a.so", said, end]).summary == said


@pytest.mark.parametrize(("code", "name"), [(-9, "SIGKILL"), (137, "SIGKILL"), (-15, "SIGTERM")])
def test_a_build_that_a_signal_ended(code: int, name: str) -> None:
    found = explain(["[7/9] Building CXX object a.o"], code)
    assert found.summary == f"the build was ended by signal {name}"
    assert found.owner == Owner("environment")
    assert (found.remedy is not None) == (name == "SIGKILL")


def test_an_error_in_the_log_says_more_than_a_signal() -> None:
    assert explain(log("gloo_device"), -15).where is not None


def test_an_empty_log() -> None:
    found = explain([], 3)
    assert found.summary == "the build printed nothing and ended with exit code 3"


def test_text_and_json() -> None:
    found = explain(log("gloo_linux"), patched=True)
    text = found.text()
    assert f"in {LINUX_CC}:192; owner: patch 0002-gloo.patch (it added line 192)" in text
    assert found.excerpt[0] in text
    assert found.as_json()["remedy"] == "gcc-too-new"
