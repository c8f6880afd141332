"""Random numbers: their distributions, and that they depend on the seed and nothing else."""

from __future__ import annotations

import math
from typing import Any, Callable

import emu
import pytest
import torch
from emu import In, expect, host, run_op
from index_support import INDEX, Tensor, found, refused
from tables import FLOATING, FLOATS, INTS, WIDE_UNSIGNED

MASK = 0xFFFFFFFF
TF = [torch.float16, torch.float32, torch.float64]


def philox(key: int, counter: int, stream: int, count: int) -> list[int]:
    """Philox4x32-10 as its paper has it: `count` words."""
    words: list[int] = []
    while len(words) < count:
        c = [counter & MASK, counter >> 32, stream & MASK, stream >> 32]
        k = [key & MASK, key >> 32]
        for _ in range(10):
            high, low = divmod(0xD2511F53 * c[0], 1 << 32)
            high2, low2 = divmod(0xCD9E8D57 * c[2], 1 << 32)
            c = [high2 ^ c[1] ^ k[0], low2, high ^ c[3] ^ k[1], low]
            k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
        words += c
        counter += 1
    return words[:count]


def keyed(shape: list[int], key: int = 7, counter: tuple[int, ...] = (0, 0)) -> list[Any]:
    return [
        host(shape),
        torch.tensor([key], dtype=torch.uint64),
        torch.tensor(list(counter), dtype=torch.uint64),
        host(1, dtype="int32"),
    ]


def one(op: str, inputs: list[Any], of: torch.dtype, shape: list[int], /, **attrs: Any) -> Tensor:
    (result,) = run_op(op, inputs, [(of, shape)], attrs)
    assert isinstance(result, torch.Tensor)
    return result


def moments(x: Tensor) -> tuple[float, float]:
    return float(x.double().mean()), float(x.double().var())


def test_known_answers() -> None:
    # The vectors that the authors of Philox publish.
    assert philox(0, 0, 0, 4) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    ones = (1 << 64) - 1
    assert philox(ones, ones, ones, 4) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    words = torch.tensor(philox(0, 0, 0, 4))
    y = one("StatelessRandomUniformV2", keyed([4], 0), torch.float32, [4])
    assert y.equal((words >> 8).float() / (1 << 24))


@pytest.mark.parametrize("place", [(5, 3, 0), (5 << 40, 9, 8), (1, 0, 1 << 33)])
def test_every_part_of_the_place_counts(place: tuple[int, int, int]) -> None:
    key, counter, stream = place
    words = torch.tensor(philox(key, counter, stream, 11))
    inputs = keyed([11], key, (counter, stream))
    y = one("StatelessRandomUniformV2", inputs, torch.float32, [11])
    assert y.equal((words >> 8).float() / (1 << 24))
    high, low = torch.tensor(philox(key, counter, stream, 12)).reshape(6, 2).unbind(1)
    y = one("StatelessRandomUniformFullIntV2", keyed([6], key, (counter, stream)), torch.int64,
            [6], dtype=torch.int64)  # fmt: skip
    assert y.equal((high << 32) + low)


KEYED: dict[str, tuple[float, float]] = {
    "StatelessRandomUniformV2": (0.5, 1 / 12),
    "StatelessRandomNormalV2": (0.0, 1.0),
    "StatelessTruncatedNormalV2": (0.0, 0.7737413),
}


@pytest.mark.parametrize("op", list(KEYED))
@pytest.mark.parametrize("dtype", FLOATING)
def test_keyed_distributions(op: str, dtype: torch.dtype) -> None:
    shape = [3, 1, 20001]
    y = one(op, keyed(shape), dtype, shape, dtype=dtype)
    mean, variance = moments(y)
    assert abs(mean - KEYED[op][0]) < 0.02
    assert abs(variance - KEYED[op][1]) < 0.03
    if op == "StatelessRandomUniformV2":
        assert y.min() >= 0
        assert y.max() < 1
    if op == "StatelessTruncatedNormalV2":
        assert y.abs().max() <= 2
    if op == "StatelessRandomNormalV2":
        assert y.abs().max() > 3
        assert abs(float((y.double().abs() < 1).double().mean()) - 0.6827) < 0.01


@pytest.mark.parametrize("op", list(KEYED))
def test_equal_places_equal_numbers(op: str) -> None:
    shape = [1000]
    first = one(op, keyed(shape), torch.float32, shape)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    assert one(op, keyed(shape), torch.float32, shape).equal(first)
    torch.set_num_threads(threads)
    for other in (keyed(shape, 8), keyed(shape, 7, (1, 0)), keyed(shape, 7, (0, 1))):
        assert not one(op, other, torch.float32, shape).equal(first)
    assert one(op, keyed([10]), torch.float32, [10]).equal(first[:10])
    assert first.unique().numel() > 990


@pytest.mark.parametrize("shape", [[], [0], [2, 0, 3], [5, 7]])
@pytest.mark.parametrize("kind", INDEX)
def test_shapes(shape: list[int], kind: torch.dtype) -> None:
    inputs = keyed(shape)
    inputs[0] = torch.tensor(shape, dtype=kind)
    assert list(one("StatelessRandomUniformV2", inputs, torch.float32, shape).shape) == shape
    inputs[0] = In(inputs[0], host=True)
    assert list(one("StatelessRandomNormalV2", inputs, torch.float32, shape).shape) == shape


def test_keyed_refusals() -> None:
    out = [(torch.float32, [4])]
    op = "StatelessRandomUniformV2"
    inputs = keyed([4])
    inputs[3] = host(2, dtype="int32")
    text = refused(emu.AICORE_EXCEPTION, op, inputs, out)
    assert "input alg is 2; the emulator has Philox" in text
    text = refused(emu.AICORE_EXCEPTION, op, keyed([4], 7, (1, 2, 3)), out)
    assert "input counter has 3 elements" in text
    text = refused(emu.INPUT_NOT_MATCH, op, keyed([-4]), out)
    assert "no dim may be negative" in text
    text = refused(emu.ATTR_NOT_MATCH, op, keyed([4]), [(torch.int32, [4])], {"dtype": torch.int32})
    assert "attribute [dtype] is 3" in text


@pytest.mark.parametrize("dtype", [*INDEX, torch.uint32, torch.uint64])
def test_integers(dtype: torch.dtype) -> None:
    bounds = [torch.tensor(value).to(dtype) for value in (3, 13)]
    y = one("StatelessRandomUniformIntV2", [*keyed([30000]), *bounds], dtype, [30000])
    counts = y.to(torch.int64).bincount(minlength=13)
    assert counts[:3].sum() == 0
    assert len(counts) == 13
    assert counts[3:].min() > 2700
    full = one("StatelessRandomUniformFullIntV2", keyed([30000]), dtype, [30000], dtype=dtype)
    top = 1 << (full.element_size() * 8 - 1)
    big = full.to(torch.float64) >= (top if dtype in WIDE_UNSIGNED else 0)
    assert abs(float(big.double().mean()) - 0.5) < 0.02


def test_integers_over_the_whole_range() -> None:
    low, high = torch.iinfo(torch.int64).min, torch.iinfo(torch.int64).max
    y = one("StatelessRandomUniformIntV2", [*keyed([1000]), torch.tensor(low), torch.tensor(high)],
            torch.int64, [1000])  # fmt: skip
    assert y.min() < low // 2
    assert y.max() > high // 2
    bounds = [torch.tensor(5), torch.tensor(5)]
    text = refused(emu.AICORE_EXCEPTION, "StatelessRandomUniformIntV2", [*keyed([3]), *bounds],
                   [(torch.int64, [3])])  # fmt: skip
    assert "input minval is not less than input maxval" in text


@pytest.mark.parametrize("dtype", INDEX)
def test_integers_of_two_seeds(dtype: torch.dtype) -> None:
    def drawn(*seeds: int) -> Tensor:
        bounds = [torch.tensor(value).to(dtype) for value in (-5, 5)]
        inputs = [host([1000]), torch.tensor(seeds), *bounds]
        return one("StatelessRandomUniformInt", inputs, dtype, [1000])

    y = drawn(1, 2)
    assert (int(y.min()), int(y.max())) == (-5, 4)
    assert drawn(1, 2).equal(y)
    assert not drawn(2, 2).equal(y)
    assert not drawn(1, 3).equal(y)


DRAWN = [*FLOATING, *INTS, *WIDE_UNSIGNED, torch.bool]


@pytest.mark.parametrize("dtype", DRAWN)
def test_bernoulli(dtype: torch.dtype) -> None:
    def drawn(seed: int, offset: int, probability: float = 0.3) -> Tensor:
        inputs = [host([20000]), torch.tensor(probability), host(seed), torch.tensor([offset])]
        y = one("StatelessBernoulli", inputs, dtype, [20000], dtype=dtype)
        assert set(y.to(torch.int64).tolist()) <= {0, 1}
        return y.to(torch.int64)

    y = drawn(5, 0)
    assert abs(float(y.double().mean()) - 0.3) < 0.02
    assert drawn(5, 0).equal(y)
    assert not drawn(5, 1).equal(y)
    assert not drawn(6, 0).equal(y)
    assert drawn(5, 0, 0.0).sum() == 0
    assert drawn(5, 0, 1.0).sum() == 20000
    assert not drawn(-1, 0).equal(drawn(-1, 0))


@pytest.mark.parametrize("dtype", TF)
def test_bernoulli_of_a_tensor(dtype: torch.dtype) -> None:
    x = torch.rand(3, 20000).to(dtype)
    inputs = [x, host([1]), host([0])]
    (y,) = run_op("StatelessBernoulliV2", inputs, [(dtype, [3, 20000])])
    assert abs(float((y.double() - x.double()).mean())) < 0.01
    assert abs(float((y * x).double().mean()) - 1 / 3) < 0.02
    (same,) = run_op(
        "StatelessBernoulliV2", inputs, [(torch.int8, [3, 20000])], {"dtype": torch.int8}
    )
    assert same.equal(y.to(torch.int8))
    refused(emu.OUTPUT_NOT_MATCH, "StatelessBernoulliV2", inputs, [(torch.int8, [3, 20000])])
    text = refused(emu.AICORE_EXCEPTION, "StatelessBernoulliV2", [x + 1, *inputs[1:]],
                   [(dtype, [3, 20000])])  # fmt: skip
    assert "a number that is not from 0 to 1" in text


@pytest.mark.parametrize("dtype", [*FLOATING, *INTS])
@pytest.mark.parametrize("count", [0, 1, 100])
def test_randperm(dtype: torch.dtype, count: int) -> None:
    def drawn(seed: int, offset: int) -> Tensor:
        inputs = [host(count), host(seed), host(offset)]
        return one("StatelessRandperm", inputs, dtype, [count], dtype=dtype)

    y = drawn(3, 4)
    assert y.sort().values.equal(torch.arange(count).to(dtype))
    assert drawn(3, 4).equal(y)
    if count == 100:
        assert not y.equal(torch.arange(100).to(dtype))
        assert not drawn(3, 5).equal(y)
        assert not drawn(4, 4).equal(y)
    if dtype is not torch.bfloat16:
        y = one("Randperm", [], dtype, [count], n=count, dtype=dtype)
        assert y.sort().values.equal(torch.arange(count).to(dtype))


SEEDED: dict[str, tuple[float, float]] = {
    "RandomUniform": (0.5, 1 / 12),
    "RandomStandardNormal": (0.0, 1.0),
    "TruncatedNormal": (0.0, 0.7737413),
}


@pytest.mark.parametrize("op", list(SEEDED))
@pytest.mark.parametrize("dtype", TF)
def test_seeded(op: str, dtype: torch.dtype) -> None:
    def drawn(seed: int, seed2: int) -> Tensor:
        attrs = {"dtype": dtype, "seed": seed, "seed2": seed2}
        return one(op, [host([100, 300])], dtype, [100, 300], **attrs)

    y = drawn(1, 2)
    mean, variance = moments(y)
    assert abs(mean - SEEDED[op][0]) < 0.02
    assert abs(variance - SEEDED[op][1]) < 0.04
    assert drawn(1, 2).equal(y)
    assert not drawn(2, 2).equal(y)
    assert not drawn(1, 3).equal(y)
    assert not drawn(0, 0).equal(drawn(0, 0))


@pytest.mark.parametrize("dtype", INDEX)
def test_seeded_integers(dtype: torch.dtype) -> None:
    bounds = [torch.tensor(value).to(dtype) for value in (-2, 3)]
    y = one("RandomUniformInt", [host([5000]), *bounds], dtype, [5000], seed=9)
    assert y.unique().tolist() == [-2, -1, 0, 1, 2]
    assert one("RandomUniformInt", [host([5000]), *bounds], dtype, [5000], seed=9).equal(y)
    text = refused(emu.AICORE_EXCEPTION, "RandomUniformInt", [host([3]), bounds[1], bounds[0]],
                   [(dtype, [3])])  # fmt: skip
    assert "min must be less" in text


UNSEEDED: list[tuple[str, dict[str, Any], Callable[[float], float]]] = [
    ("Uniform", {"from": -2.0, "to": 4.0}, lambda u: (u + 2) / 6),
    ("Exponential", {"lambda": 2.0}, lambda x: 1 - math.exp(-2 * x)),
    ("Geometric", {"p": 0.25}, lambda k: 1 - 0.75 ** math.floor(k)),
]


@pytest.mark.parametrize(("op", "attrs", "cumulated"), UNSEEDED)
@pytest.mark.parametrize("dtype", TF)
def test_unseeded(
    op: str, attrs: dict[str, Any], cumulated: Callable[[float], float], dtype: torch.dtype
) -> None:
    if op == "Geometric" and dtype is torch.float64:
        return
    x = torch.zeros(200, 100).to(dtype)
    y = one(op, [x], dtype, [200, 100], **attrs)
    for point in (0.25, 1.0, 3.0):
        below = float((y.double() <= point).double().mean())
        assert abs(below - cumulated(point)) < 0.02
    assert not one(op, [x], dtype, [200, 100], **attrs).equal(y)
    if op != "Uniform":
        attrs = {**attrs, "seed": 3}
        same = [one(op, [x], dtype, [200, 100], **attrs) for _ in range(2)]
        assert same[0].equal(same[1])


@pytest.mark.parametrize("dtype", TF)
def test_normal(dtype: torch.dtype) -> None:
    mean, std = torch.tensor([[1.0], [-3.0]]).to(dtype), torch.full((20000,), 2.0).to(dtype)
    y = one("Normal", [mean, std], dtype, [2, 20000])
    assert (y.double().mean(1) - torch.tensor([1.0, -3.0])).abs().max() < 0.06
    assert (y.double().std(1) - 2).abs().max() < 0.06


@pytest.mark.parametrize(
    ("op", "attrs", "text"),
    [
        ("Uniform", {"from": 2.0, "to": 1.0}, "from may not be larger"),
        ("Exponential", {"lambda": 0.0}, "attribute [lambda] is 0"),
        ("Geometric", {"p": 1.0}, "attribute [p] is 1"),
    ],
)
def test_unseeded_refusals(op: str, attrs: dict[str, Any], text: str) -> None:
    out = [(torch.float32, [3])]
    assert text in refused(emu.ATTR_NOT_MATCH, op, [torch.zeros(3)], out, attrs)


@pytest.mark.parametrize("dtype", [*FLOATS[:2], *INTS, torch.bool, torch.complex64, torch.uint16])
def test_shuffle(dtype: torch.dtype) -> None:
    x = torch.arange(40).reshape(20, 2).to(dtype)
    y = one("RandomShuffle", [x], dtype, [20, 2], seed=1, seed2=2)
    assert one("RandomShuffle", [x], dtype, [20, 2], seed=1, seed2=2).equal(y)
    rows = one("RandomShuffle", [torch.arange(20)], torch.int64, [20], seed=1, seed2=2)
    assert rows.sort().values.equal(torch.arange(20))
    assert not rows.equal(torch.arange(20))
    assert y.equal(torch.stack([x[row] for row in rows.tolist()]))
    expect("RandomShuffle", [x[0, 0]], x[0, 0])


@pytest.mark.parametrize("count", [0, 3, 30])
def test_choice_with_mask(count: int) -> None:
    x = torch.rand(4, 5) > 0.5
    x[0, 0] = True
    places = x.nonzero()
    outputs = [(torch.int32, 2, 80), (torch.bool, 1, 80)]
    attrs = {"count": count, "seed": 5}
    y, mask = found("RandomChoiceWithMask", [x], outputs, attrs)
    taken = min(count, len(places)) if count else len(places)
    assert mask.tolist() == [k < taken for k in range(count or taken)]
    chosen = {tuple(row) for row in y[:taken].tolist()}
    assert len(chosen) == taken
    assert chosen <= {tuple(row) for row in places.tolist()}
    assert (y[taken:] == 0).all()
    again, _ = found("RandomChoiceWithMask", [x], outputs, attrs)
    assert again.equal(y)


@pytest.mark.parametrize("dtype", TF)
@pytest.mark.parametrize("kind", INDEX)
def test_multinomial(dtype: torch.dtype, kind: torch.dtype) -> None:
    weights = torch.tensor([[1.0, 0, 3, 4], [5, 5, 0, 0]])
    logits = weights.log().clamp(min=-1e4).to(dtype)
    count = host(20000, dtype="int32")

    def shares(y: Tensor) -> Tensor:
        return torch.stack([row.long().bincount(minlength=4) for row in y]) / 20000

    want = weights / weights.sum(1, keepdim=True)
    for seeds in ([1, 2], [1, 3]):
        inputs = [logits, count, torch.tensor(seeds)]
        y = one("StatelessMultinomial", inputs, kind, [2, 20000], output_dtype=kind)
        assert (shares(y) - want).abs().max() < 0.02
        assert one("StatelessMultinomial", inputs, kind, [2, 20000], output_dtype=kind).equal(y)
    y = one("Multinomial", [logits, count], kind, [2, 20000], dtype=kind, seed=4)
    assert (shares(y) - want).abs().max() < 0.02


@pytest.mark.parametrize("dtype", FLOATING)
def test_multinomial_with_and_without_replacement(dtype: torch.dtype) -> None:
    weights = torch.tensor([1.0, 0, 3, 4]).to(dtype)
    seed = [host([3]), host([1])]
    attrs = {"numsamples": 20000, "replacement": True}
    op = "MultinomialWithReplacement"
    y = one(op, [weights, *seed], torch.int64, [20000], **attrs)
    assert (y.bincount(minlength=4) / 20000 - weights.double() / 8).abs().max() < 0.02
    rows = weights.expand(5000, 4)
    y = one(op, [rows, *seed], torch.int64, [5000, 3], numsamples=3)
    assert y.sort(1).values.equal(torch.tensor([0, 2, 3]).expand(5000, 3))
    assert (y[:, 0].bincount(minlength=4) / 5000 - weights.double() / 8).abs().max() < 0.03
    text = refused(emu.AICORE_EXCEPTION, op, [rows, *seed], [(torch.int64, [5000, 4])],
                   {"numsamples": 4})  # fmt: skip
    assert "at least 4 of each row positive" in text
