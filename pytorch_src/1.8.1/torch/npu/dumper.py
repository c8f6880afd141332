"""torch.utils.dumper: what operators were called with and what they returned, in HDF5 files."""

from __future__ import annotations

import math
import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from ._release import runtime
from .dump_file import Reader, Writer, group_name
from .dumps import finalize_dump, init_dump, set_dump

# Memory that nothing was written to yet holds anything.
_UNWRITTEN = ("empty", "new_empty", "resize")
# Operators that compute nothing: they ask about a tensor, or change what autograd knows of it.
_NO_COMPUTATION = frozenset(
    {
        "_backward",
        "_nnz",
        "_version",
        "backward",
        "data",
        "dense_dim",
        "detach",
        "detach_",
        "is_coalesced",
        "is_complex",
        "is_floating_point",
        "is_leaf",
        "is_pinned",
        "is_same_size",
        "is_set_to",
        "is_signed",
        "output_nr",
        "qscheme",
        "record_stream",
        "requires_grad_",
        "result_type",
        "retain_grad",
        "set_data",
        "size",
        "sparse_dim",
        "stride",
    }
)
# Arguments that operators write without saying so.
_WRITTEN = ("running_mean", "running_var")
# An NPU's float16 may stop at the largest number where it would be infinite.
_LARGEST_HALF = 65504
_ACL_CONFIGURATION = "acl.json"

_entering = threading.Lock()
_active: dumper | None = None


class dumper:
    """Dump the operators called inside, forward and backward; or call them with dumped inputs.

    An operator is what a program calls, and what a backward pass calls: of ``linear`` that is one
    call forward, and ``mm`` and others backward. What an operator is made of is not seen. Calls of
    this thread count, of the backward passes it starts, and of the tasks it forks in TorchScript;
    there is one dumper at a time in a process.

    A file has a group ``/operator/call``, such as ``/mm/1``, of each call. The calls of each
    operator count from 1, overloads together. In it are the groups ``input``, with a dataset of
    each tensor by the argument's name, and ``output``, with one of each by its index from 0.
    Tensors of a list are in a group of their own by their index; numbers, text and lists of
    numbers are attributes of the group. Datasets have the attributes dtype, device and shape,
    calls the attribute schema. Inputs are as before the call; the ``out`` of a call is no input.
    bfloat16 is stored as float32, and sparse tensors as dense ones. The tools of CANN that read
    such files do not document what they expect below ``/operator/call``.

    With ``load_file_path`` a call that the file has is made with the file's input tensors, on
    their present devices and of their present types. Gradients flow as without it. What an
    operator changes in place gets the file's values first; what it returns as a view is, to the
    program, one of its own tensor.

    With ``check_overflow`` the name of each operator is printed that returns inf or nan without
    having been called with any.

    Args:
        use_dump: Write all calls to the file dump_path.
        dump_path: The file to write, or the folder for files of operators that overflow; there
            they are named overflow_0.h5, overflow_1.h5 and so on.
        load_file_path: The file to take inputs from.
        use_load: Take inputs from load_file_path without writing a file.
        load_with_acl_dump: Dump with AscendCL what runs in the calls that load_file_path has, as
            "acl.json" in the current folder says (see torch.npu.set_dump).
        check_overflow: Print which operators overflow; with dump_path and without use_dump, also
            write their inputs and outputs.

    Raises:
        ValueError: An argument is missing that another needs; or a file's input has another shape.
        FileNotFoundError: There is no file to load, or no acl.json.
        ImportError: h5py is missing.
        RuntimeError: Another dumper is active.
    """

    def __init__(
        self,
        use_dump: bool = False,
        dump_path: str | os.PathLike[str] | None = None,
        load_file_path: str | os.PathLike[str] | None = None,
        use_load: bool = False,
        load_with_acl_dump: bool = False,
        check_overflow: bool = False,
    ) -> None:
        dump = os.fspath(dump_path or "")
        load = os.fspath(load_file_path or "")
        if use_dump and not dump:
            raise ValueError("use_dump=True needs dump_path, the file to write")
        if use_dump and Path(dump).is_dir():
            raise ValueError(f"dump_path {dump!r} is a folder; use_dump=True needs a file's name")
        if use_load and not load:
            raise ValueError("use_load=True needs load_file_path, the file to load")
        if load_with_acl_dump and not use_load:
            raise ValueError("load_with_acl_dump=True needs use_load=True and load_file_path")
        if use_dump and load and Path(dump).resolve() == Path(load).resolve():
            raise ValueError(f"dump_path and load_file_path are both {dump!r}; dump to another")
        self._check = check_overflow
        self._acl = load_with_acl_dump
        self._any = use_dump or use_load or check_overflow
        self._load = load if self._any else ""
        self._dump = dump if use_dump else ""
        self._folder = dump if check_overflow and not use_dump else ""
        self._reader: Reader | None = None
        self._writer: Writer | None = None
        self._calls: Counter[str] = Counter()
        self._lock = threading.RLock()
        self._process = -1

    def __enter__(self) -> dumper:
        """Begin."""
        global _active  # noqa: PLW0603
        with _entering:
            if _active is not None:
                raise RuntimeError("a torch.utils.dumper is active; they cannot be nested")
            _active = self
        try:
            self._open()
            if self._any:
                runtime.begin_dumper(self._watch)
        except BaseException:
            self._close()
            _active = None
            raise
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        """End, and complete the file."""
        global _active  # noqa: PLW0603
        if self._any:
            runtime.end_dumper()
        try:
            self._close()
        finally:
            _active = None

    def _open(self) -> None:
        if self._acl and not Path(_ACL_CONFIGURATION).is_file():
            raise FileNotFoundError(
                f"load_with_acl_dump=True reads {_ACL_CONFIGURATION} in the current folder "
                f"{str(Path.cwd())!r}, which has none; see torch.npu.set_dump for what is in it"
            )
        self._calls.clear()
        if self._load:
            self._reader = Reader(self._load)
        if self._dump:
            self._writer = Writer(self._dump)
        self._process = os.getpid()

    def _close(self) -> None:
        with self._lock:
            self._process = -1
            files = [file for file in (self._writer, self._reader) if file is not None]
            self._writer = self._reader = None
            for file in files:
                file.close()

    def _watch(self, call: Any) -> None:
        # A forked process, such as a DataLoader's worker, has a copy of the file and of the lock,
        # and a thread may come here late.
        if self._process != os.getpid() or not _computes(call.name):
            call.run({})
            return
        with self._lock:
            self._calls[group_name(call.name)] += 1
            number = self._calls[group_name(call.name)]
        arguments = [_Argument(index, *parts) for index, parts in enumerate(call.inputs())]
        changes = self._changes(call, number, arguments)
        for index, value in changes.items():
            arguments[index].value = value
        inputs = self._before(call, number, arguments)
        outputs = self._run(call, number, changes)
        self._after(call, number, inputs, outputs)
        if _share_memory(outputs, list(changes.values())):
            call.run({})

    def _before(self, call: Any, number: int, arguments: list[_Argument]) -> list[Any]:
        """Write the inputs, and return them so that they can be looked at after the call."""
        inputs = [(one.name, one.value) for one in arguments if not one.output]
        with torch.no_grad():
            if self._dump:
                with self._lock:
                    if self._writer is not None:
                        self._writer.inputs(call.name, number, call.schema, inputs)
        # An operator that writes one tensor may read it by another name, too.
        changing = self._check and any(one.written for one in arguments)
        return [(name, _copied(value)) for name, value in inputs] if changing else inputs

    def _after(self, call: Any, number: int, inputs: list[Any], outputs: list[Any]) -> None:
        """Write the outputs, and see whether there is an overflow."""
        with torch.no_grad():
            if self._dump:
                with self._lock:
                    if self._writer is not None:
                        self._writer.outputs(call.name, number, outputs)
            if self._check:
                self._report(call, number, inputs, outputs)

    def _changes(self, call: Any, number: int, arguments: list[_Argument]) -> dict[int, Any]:
        """Return the file's tensors by the index of the argument whose place they take."""
        reader = self._reader
        if reader is None:
            return {}
        changes = {}
        with self._lock:
            if not reader.has(call.name, number):
                return {}
            for argument in arguments:
                if argument.output or not argument.tensors():
                    continue
                loaded = [
                    _loaded(tensor, reader.values(call.name, number, name, tensor), argument)
                    if torch.is_tensor(tensor)
                    else None
                    for name, tensor in argument.tensors()
                ]
                if not argument.written:
                    is_list = isinstance(argument.value, list)
                    changes[argument.index] = loaded if is_list else loaded[0]
        return changes

    def _run(self, call: Any, number: int, changes: dict[int, Any]) -> list[Any]:
        reader = self._reader
        if not self._acl or reader is None or not reader.has(call.name, number):
            return call.run(changes)
        # There is one such dump at a time, and the copies of the inputs are not to be in it.
        with self._lock:
            torch.npu.synchronize()
            init_dump()
            try:
                set_dump(_ACL_CONFIGURATION)
                return call.run(changes)
            finally:
                finalize_dump()

    def _report(self, call: Any, number: int, inputs: list[Any], outputs: list[Any]) -> None:
        bad = [str(index) for index, value in enumerate(outputs) if _any_overflow(value)]
        if not bad or group_name(call.name).startswith(_UNWRITTEN):
            return
        if any(_any_overflow(value) for _, value in inputs):
            return
        text = f"torch.utils.dumper: overflow in {call.name}, call {number}, output "
        print(text + ", ".join(bad), flush=True)
        if self._folder:
            with self._lock:
                if self._writer is None:
                    self._writer = _next_file(self._folder)
                self._writer.inputs(call.name, number, call.schema, inputs)
                self._writer.outputs(call.name, number, outputs)


class _Argument:
    """One argument of a call.

    Args:
        index: Its place.
        name: Its name.
        written: The operator writes it.
        output: The operator does nothing else with it.
        value: What it is called with.
    """

    def __init__(self, index: int, name: str, written: bool, output: bool, value: Any) -> None:
        self.index = index
        self.name = name
        self.written = written or name in _WRITTEN
        self.output = output
        self.value = value

    def tensors(self) -> list[tuple[str, Any]]:
        """Return its tensors with their names; with other things that are in a list with them."""
        if isinstance(self.value, torch.Tensor):
            return [(self.name, self.value)]
        if isinstance(self.value, list) and any(map(torch.is_tensor, self.value)):
            return [(f"{self.name}/{index}", item) for index, item in enumerate(self.value)]
        return []


def _computes(operator: str) -> bool:
    # What the profiler is called with looks like tensors, and is none.
    return group_name(operator) not in _NO_COMPUTATION and not operator.startswith("profiler::")


def _loaded(tensor: torch.Tensor, values: torch.Tensor, argument: _Argument) -> torch.Tensor:
    """Return a file's values for a tensor, on its device and of its type."""
    if tensor.layout is not torch.strided:
        return values.to(tensor.dtype).to_sparse().to(tensor.device)
    own = tensor.data
    repeated = [dim for dim in range(own.dim()) if own.size(dim) > 1 and own.stride(dim) == 0]
    if argument.written:
        # What is one number in memory is written once.
        for dim in repeated:
            own, values = own.narrow(dim, 0, 1), values.narrow(dim, 0, 1)
        return own.copy_(values)
    if repeated or own.is_quantized:
        return torch.empty_like(own).copy_(values)
    # Some operators return what lies in memory as their input does.
    return torch.empty_strided(own.size(), own.stride(), dtype=own.dtype, device=own.device).copy_(
        values
    )


def _tensors(values: list[Any]) -> list[torch.Tensor]:
    found = []
    for value in values:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, torch.Tensor):
                found.append(item)
    return found


def _share_memory(outputs: list[Any], given: list[Any]) -> bool:
    """Say whether an output is a view of what took the place of an input."""
    memory = {one.storage()._cdata for one in _tensors(given) if one.layout is torch.strided}
    return any(
        one.storage()._cdata in memory for one in _tensors(outputs) if one.layout is torch.strided
    )


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _any_overflow(value: Any) -> bool:
    """Say whether a number, a tensor or an item of a list is not finite."""
    if isinstance(value, list):
        return any(_any_overflow(item) for item in value)
    if isinstance(value, float):
        return not math.isfinite(value)
    if not isinstance(value, torch.Tensor) or value.is_quantized:
        return False
    if not (value.is_floating_point() or value.is_complex()):
        return False
    values = value.detach()
    if values.has_names():
        values = values.rename(None)
    if values.layout is not torch.strided:
        values = values._values() if values.is_sparse else values.to_dense()
    if values.dtype is torch.half and values.device.type == "npu":
        return not bool((values.float().abs() < _LARGEST_HALF).all())
    if values.dtype in (torch.half, torch.bfloat16):
        values = values.float()
    return not bool(torch.isfinite(values).all())


def _next_file(folder: str) -> Writer:
    Path(folder).mkdir(parents=True, exist_ok=True)
    number = 0
    while True:
        try:
            return Writer(str(Path(folder) / f"overflow_{number}.h5"), "x")
        except FileExistsError:
            number += 1


def install(utils: Any) -> None:
    """Make it torch.utils.dumper; in a build without it, say so.

    Args:
        utils: torch.utils.
    """
    if hasattr(runtime, "begin_dumper"):
        utils.dumper = dumper
        return

    def missing(name: str) -> Any:
        text = f"module {utils.__name__!r} has no attribute {name!r}"
        if name == "dumper":
            text += "; it is there when PyTorch was built with USE_DUMP=1"
        raise AttributeError(text)

    utils.__getattr__ = missing
