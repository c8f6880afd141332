"""The HDF5 files of torch.utils.dumper: /operator/call/input and /operator/call/output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

# Longer attributes than this many numbers do not fit into a group's header.
_LONGEST_ATTRIBUTE = 1000


def _h5py() -> Any:
    try:
        import h5py  # noqa: PLC0415
    except ImportError as error:
        raise ImportError(
            f"torch.utils.dumper reads and writes HDF5 files with h5py, which cannot be imported "
            f"({error}): pip install h5py"
        ) from error
    return h5py


def group_name(operator: str) -> str:
    """Return what the group of an operator is called: "aten::mm" is "mm".

    Args:
        operator: With its namespace; all but PyTorch's own is a part of the group's name.
    """
    own = "aten::"
    plain = operator[len(own) :] if operator.startswith(own) else operator
    return plain.replace("::", "_").replace(".", "_").replace("/", "_")


def _array(tensor: torch.Tensor) -> Any:
    values = tensor.detach()
    if values.layout is not torch.strided:
        values = values.to_dense()
    if values.is_quantized:
        values = values.dequantize()
    values = values.cpu()
    # NumPy has no bfloat16; float32 has all its values.
    return (values.float() if values.dtype is torch.bfloat16 else values).numpy()


def _put(group: Any, name: str, value: Any) -> None:
    if isinstance(value, torch.Tensor):
        dataset = group.create_dataset(name, data=_array(value))
        dataset.attrs["dtype"] = str(value.dtype)
        dataset.attrs["device"] = str(value.device)
        dataset.attrs["shape"] = list(value.shape)
    elif isinstance(value, list) and any(isinstance(item, torch.Tensor) for item in value):
        inner = group.create_group(name, track_order=True)
        for index, item in enumerate(value):
            _put(inner, str(index), item)
    elif isinstance(value, list) and len(value) > _LONGEST_ATTRIBUTE:
        group.create_dataset(name, data=value)
    elif value is None or (isinstance(value, list) and None in value):
        group.attrs[name] = str(value)
    else:
        group.attrs[name] = value


class Writer:
    """A file that calls of operators are written to.

    Args:
        path: The file.
        mode: "w" takes the place of an older file, "x" refuses to.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, path: str, mode: str = "w") -> None:
        h5py = _h5py()
        self._path = path
        try:
            self._file = h5py.File(path, mode, track_order=True)
        except FileExistsError:
            raise
        except OSError as error:
            raise OSError(
                f"cannot make the dump {path!r}: {error}; its folder must be there and writable"
            ) from error

    def inputs(self, operator: str, call: int, schema: str, values: list[tuple[str, Any]]) -> None:
        """Begin the group of a call with what the operator was called with."""
        name = f"{group_name(operator)}/{call}"
        with self._told(name):
            group = self._file.create_group(name, track_order=True)
            group.attrs["schema"] = schema
            inner = group.create_group("input", track_order=True)
            for argument, value in values:
                _put(inner, argument, value)

    def outputs(self, operator: str, call: int, values: list[Any]) -> None:
        """Complete the group of a call with what the operator returned."""
        name = f"{group_name(operator)}/{call}"
        with self._told(name):
            inner = self._file[name].create_group("output", track_order=True)
            for index, value in enumerate(values):
                _put(inner, str(index), value)

    def close(self) -> None:
        """Write what is left."""
        self._file.close()

    def _told(self, name: str) -> _Told:
        return _Told(f"cannot write /{name} to the dump {self._path!r}")


class _Told:
    """Says of an OSError inside what it is about."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if isinstance(error, OSError):
            raise OSError(f"{self._text}: {error}") from error


class Reader:
    """A file of calls, to call operators with the same values again.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is no HDF5 file.
    """

    def __init__(self, path: str) -> None:
        h5py = _h5py()
        self._path = path
        if not Path(path).is_file():
            raise FileNotFoundError(f"there is no dump {path!r} to load; load_file_path names it")
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise ValueError(
                f"{path!r} is no HDF5 file, or one that was not closed ({error}); "
                f"make it again with torch.utils.dumper(use_dump=True, dump_path=...)"
            ) from error

    def has(self, operator: str, call: int) -> bool:
        """Say whether it has this call."""
        return f"{group_name(operator)}/{call}/input" in self._file

    def values(self, operator: str, call: int, argument: str, like: torch.Tensor) -> torch.Tensor:
        """Return the values of an input, on the CPU.

        Args:
            operator: Its name.
            call: The number of the call.
            argument: The input's name; of a tensor in a list, "name/index".
            like: What the operator was called with now.

        Raises:
            ValueError: There are none, or of another shape.
        """
        name = f"/{group_name(operator)}/{call}/input/{argument}"
        advice = "is the same model run with the same sizes, from the same place on?"
        dataset = self._file.get(name)
        if dataset is None or not hasattr(dataset, "shape"):
            raise ValueError(
                f"the dump {self._path!r} has no {name}, with which {operator} is called now as "
                f"call {call}; {advice}"
            )
        if tuple(dataset.shape) != tuple(like.shape):
            raise ValueError(
                f"{name} of the dump {self._path!r} has the shape {tuple(dataset.shape)}, but "
                f"call {call} of {operator} has {tuple(like.shape)} there; {advice}"
            )
        return torch.tensor(dataset[...], device="cpu")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
