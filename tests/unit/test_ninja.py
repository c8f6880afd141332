"""Progress from the lines of a real build of PyTorch 1.8.1, and of other shapes of builds."""

from __future__ import annotations

import pytest

from ascendtorch.report.ninja import BuildProgress, Step, shorten, source_of_object


def steps(*lines: str) -> list[Step | None]:
    progress = BuildProgress()
    return [progress.feed(line) for line in lines]


def test_real_lines_of_a_build() -> None:
    assert steps(
        "Building wheel torch-1.8.1+ascend",
        "cmake -GNinja -DBUILD_PYTHON=True /home/user/pytorch",
        "-- Detecting CXX compiler ABI info - done",
        "-- ",
        "CMake Deprecation Warning at CMakeLists.txt:1 (cmake_minimum_required):",
        "-- Configuring done (12.5s)",
        "cmake --build . --target install --config Release -- -j 2",
        "[546/2282] Building CXX object caffe2/CMakeFiles/torch_cpu.dir/__/aten/src/ATen/RNN.cpp.o",
        "In file included from ../c10/core/TensorImpl.h:11,",
        "[547/2282] Linking CXX shared library lib/libc10.so",
    ) == [
        Step(0, 0, "preparing torch-1.8.1+ascend"),
        Step(0, 0, "configuring"),
        Step(0, 0, "configuring: Detecting CXX compiler ABI info - done"),
        None,
        None,
        Step(0, 0, "configuring: Configuring done (12.5s)"),
        Step(0, 0, "starting the compilation"),
        Step(546, 2282, "aten/src/ATen/RNN.cpp"),
        None,
        Step(547, 2282, "linking lib/libc10.so"),
    ]


def test_phases_after_ninja_keep_the_counter() -> None:
    done = steps(
        "[2282/2282] Install the project...",
        '-- Install configuration: "Release"',
        "-- Installing: /home/user/pytorch/torch/lib/libtorch_cpu.so",
        "running bdist_wheel",
        "running build_ext",
        "building 'torch._C' extension",
        "copying torch/version.py -> build/lib.linux-x86_64-3.8/torch",
        "adding 'torch/lib/libtorch_cpu.so'",
        "running, as it were",
    )
    assert [step and step.text for step in done] == [
        "Install the project...",
        "installing Release",
        "installing torch/lib/libtorch_cpu.so",
        "running bdist_wheel",
        "running build_ext",
        "building the extension torch._C",
        "copying torch/version.py",
        "packing torch/lib/libtorch_cpu.so",
        None,
    ]
    assert {(step.done, step.total) for step in done if step} == {(2282, 2282)}


def test_a_second_run_starts_its_own_counter() -> None:
    assert steps("[9/9] Linking C executable a", "[1/4] Building C object b.o")[1] == Step(
        1, 4, "b.o"
    )


def test_a_run_that_was_broken_off_gives_way_to_the_next() -> None:
    lines = ["[5/9] x", "ninja: build stopped: subcommand failed.", "[1/4] y"]
    assert steps(*lines)[2] == Step(1, 4, "y")


def test_cmake_run_again_by_ninja_does_not_hide_the_real_counter() -> None:
    assert steps("[0/1] Re-running CMake...", "[1/2282] x")[1] == Step(1, 2282, "x")


@pytest.mark.parametrize("inner", ["[3/30] Building C object z.o", "[ 10%] Building C object z.o"])
def test_a_build_inside_a_build_leaves_the_outer_counter(inner: str) -> None:
    before, inside, after = steps("[700/2282] x", inner, "[701/2282] y")
    assert before and inside and after
    assert (inside.done, inside.total) == (700, 2282)
    assert inside.text.endswith("z.o")
    assert after == Step(701, 2282, "y")


def test_a_total_that_falls_on_the_way() -> None:
    """ninja drops steps when what they depend on was made anew and is the same."""
    assert steps("[4/106] a", "[5/106] b", "[6/104] c", "[7/104] d") == [
        Step(4, 106, "a"),
        Step(5, 106, "b"),
        Step(6, 104, "c"),
        Step(7, 104, "d"),
    ]


def test_make_counts_in_percent() -> None:
    assert steps("[ 12%] Building CXX object c10/CMakeFiles/c10.dir/core/Device.cpp.o") == [
        Step(12, 100, "c10/core/Device.cpp")
    ]


def test_colours_are_ignored() -> None:
    assert steps("\x1b[32m[3/7] x\x1b[0m") == [Step(3, 7, "x")]


@pytest.mark.parametrize("line", ["", "[7/3] x", "[0/0] x", "[120%] x", "x [1/2] y"])
def test_lines_that_are_no_steps(line: str) -> None:
    assert steps(line) == [None]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "caffe2/CMakeFiles/torch_cpu.dir/__/torch/csrc/autograd/function.cpp.o",
            "torch/csrc/autograd/function.cpp",
        ),
        (
            "third_party/protobuf/cmake/CMakeFiles/libprotobuf.dir/__/src/google/message.cc.o",
            "third_party/protobuf/src/google/message.cc",
        ),
        (
            "confu-deps/XNNPACK/CMakeFiles/XNNPACK.dir/src/init.c.o",
            "third_party/XNNPACK/src/init.c",
        ),
        ("sleef/src/libm/CMakeFiles/sleef.dir/a.c.o", "third_party/sleef/src/libm/a.c"),
        ("CMakeFiles/a.dir/b.cpp.o", "b.cpp"),
        ("lib/libc10.so", None),
    ],
)
def test_source_of_object(path: str, source: str | None) -> None:
    assert source_of_object(path) == source


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (
            "Running C++/Python protocol buffer compiler on /home/user/src/caffe2/proto/hsm.proto",
            "generating from caffe2/proto/hsm.proto",
        ),
        (
            "Generating ../aten/src/ATen/CPUFunctions.h, ../aten/src/ATen/Functions.h, ../a.h",
            "generating src/ATen/CPUFunctions.h and 2 more",
        ),
        ("Generating ../../../include/sleef.h", "Generating ../../../include/sleef.h"),
        (
            "cd /home/user/pytorch/build/x && /usr/bin/cmake -E touch done",
            "/usr/bin/cmake -E touch done",
        ),
        ("Copying /home/user/pytorch/c10/macros.h", "Copying pytorch/c10/macros.h"),
        ("Creating executable symlink bin/protoc", "Creating executable symlink bin/protoc"),
    ],
)
def test_shorten(text: str, short: str) -> None:
    assert shorten(text) == short


def test_a_long_source_keeps_its_tail() -> None:
    folder = "third_party/protobuf/src/google/protobuf/compiler/objectivec"
    text = shorten(f"Building CXX object {folder}/CMakeFiles/x.dir/objectivec_generator.cc.o")
    assert len(text) <= 60
    assert text.startswith(".../")
    assert text.endswith("objectivec/objectivec_generator.cc")
