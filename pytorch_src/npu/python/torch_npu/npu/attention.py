"""Attention by the name and the arguments that libraries call on an NPU.

Published as ``torch_npu.npu_fusion_attention``. It is composed of native operators here, so that
gradients follow from theirs; on hardware it is not the one fused kernel.
"""

import torch
import torch.nn.functional as F

#: What ``pre_tockens`` and ``next_tockens`` are when they say nothing.
NO_LIMIT = 2147483647
_LAYOUTS = ("BSH", "SBH", "BSND", "BNSD", "TND")
#: The numbers of a row's maximum and sum are given this often, as the fused operator does.
_REPEATED = 8

# Values of sparse_mode.
_MASK_AS_GIVEN, _ALL_MASK, _CAUSAL_TOP_LEFT, _CAUSAL_BOTTOM_RIGHT = range(4)


def npu_fusion_attention(
    query,
    key,
    value,
    head_num,
    input_layout,
    pse=None,
    padding_mask=None,
    atten_mask=None,
    scale=1.0,
    keep_prob=1.0,
    pre_tockens=NO_LIMIT,
    next_tockens=NO_LIMIT,
    inner_precise=0,
    prefix=None,
    actual_seq_qlen=None,
    actual_seq_kvlen=None,
    sparse_mode=0,
    gen_mask_parallel=True,
    sync=False,
):
    """Return ``softmax(query @ key^T * scale + pse, masked) @ value`` with dropout.

    Args:
        query: of the shape that `input_layout` says, with B batches, S words, N heads, D numbers
            a head, H = N * D; TND has the words of all batches one after another.
        key: likewise; it may have fewer heads, of which each serves as many of the query.
        value: likewise.
        head_num: N of the query.
        input_layout: BSH, SBH, BSND, BNSD or TND.
        pse: added to the scores, to be broadcast to (B, N, Sq, Skv).
        padding_mask: must be None, as published.
        atten_mask: True where a score does not count, to be broadcast to (B, N, Sq, Skv). For
            `sparse_mode` 2 and 3 it may be the published 2048 x 2048 triangle, whose values follow
            from the mode.
        scale: what scores are multiplied by.
        keep_prob: 1 less the probability of dropout.
        pre_tockens: must be left alone, as `next_tockens`: say it in `atten_mask`.
        inner_precise: has no effect.
        prefix: must be None.
        actual_seq_qlen: for TND, where each batch ends.
        actual_seq_kvlen: likewise, of key and value.
        sparse_mode: 0 and 1 take the mask as it is, 2 lets a word see those up to its own place
            counted from the first, 3 counted from the last.

    Returns:
        The result in the layout of `query`; the maximum and the sum of each row of scores, float32,
        (B, N, Sq, 8), for TND (T, N, 8); an empty tensor; and three numbers 0, for no mask of
        dropout is kept.

    Raises:
        ValueError: an argument that is not supported; what is, is in the message.
    """
    if input_layout not in _LAYOUTS:
        raise ValueError(
            "input_layout is {!r}; it can be {}".format(input_layout, ", ".join(_LAYOUTS))
        )
    if sparse_mode not in range(4):
        raise ValueError(f"sparse_mode is {sparse_mode!r}; it can be 0, 1, 2 or 3")
    for name, given in (("padding_mask", padding_mask), ("prefix", prefix)):
        if given is not None:
            raise ValueError(f"{name} is not supported; give None")
    if pre_tockens < NO_LIMIT or next_tockens < NO_LIMIT:
        raise ValueError("pre_tockens and next_tockens are not supported; say it in atten_mask")
    if input_layout == "TND":
        ends = actual_seq_qlen, actual_seq_kvlen
        if None in ends or len(ends[0]) != len(ends[1]):
            raise ValueError(
                "TND needs actual_seq_qlen and actual_seq_kvlen, where each batch ends, as many in "
                "one as in the other"
            )
        return _packed(query, key, value, ends, pse, atten_mask, scale, keep_prob, sparse_mode)
    heads = [_heads_first(t, head_num, query, input_layout) for t in (query, key, value)]
    mask = _mask(atten_mask, sparse_mode, heads[0], heads[1])
    made, largest, total = _attend(*heads, pse, mask, scale, keep_prob)
    return (_laid_out(made, input_layout), largest, total, made.new_empty(0), 0, 0, 0)


def _packed(query, key, value, ends, pse, atten_mask, scale, keep_prob, sparse_mode):
    """Compute each batch of the layout TND by itself."""
    parts, starts = [], (0, 0)
    for stops in zip(*ends):
        q = query[starts[0] : stops[0]].transpose(0, 1).unsqueeze(0)
        k, v = (t[starts[1] : stops[1]].transpose(0, 1).unsqueeze(0) for t in (key, value))
        mask = _mask(atten_mask, sparse_mode, q, k)
        made = _attend(q, k, v, pse, mask, scale, keep_prob)
        parts.append([t.squeeze(0).transpose(0, 1) for t in made])
        starts = stops
    made, largest, total = (torch.cat(list(column)) for column in zip(*parts))
    return (made, largest, total, made.new_empty(0), 0, 0, 0)


def _heads_first(tensor, head_num, query, layout):
    """Bring a tensor into the layout BNSD."""
    if layout == "BNSD":
        return tensor
    if layout == "BSND":
        return tensor.transpose(1, 2)
    if layout == "SBH":
        tensor = tensor.transpose(0, 1)
    width = query.shape[-1] // head_num
    return tensor.reshape(*tensor.shape[:-1], -1, width).transpose(1, 2)


def _laid_out(tensor, layout):
    """Bring the result from BNSD into the caller's layout."""
    if layout == "BNSD":
        return tensor
    by_word = tensor.transpose(1, 2)
    if layout == "BSND":
        return by_word.contiguous()
    flat = by_word.flatten(2)
    return flat.transpose(0, 1).contiguous() if layout == "SBH" else flat


def _mask(given, mode, query, key):
    """Return what must not be seen as a mask of the scores, or None."""
    words, seen = query.shape[2], key.shape[2]
    if mode in (_MASK_AS_GIVEN, _ALL_MASK):
        return None if given is None else given.bool()
    place = torch.arange(words, device=query.device).unsqueeze(1)
    if mode == _CAUSAL_BOTTOM_RIGHT:
        place = place + (seen - words)
    return torch.arange(seen, device=query.device).unsqueeze(0) > place


def _attend(query, key, value, pse, mask, scale, keep_prob):
    """Compute attention in the layout BNSD, and the maximum and the sum of each row."""
    if key.shape[1] != query.shape[1]:
        shared = query.shape[1] // key.shape[1]
        key, value = (t.repeat_interleave(shared, dim=1) for t in (key, value))
    scores = query.matmul(key.transpose(-1, -2)).float() * scale
    if pse is not None:
        scores = scores + pse
    if mask is not None:
        scores = scores.masked_fill(mask, torch.finfo(scores.dtype).min)
    largest = scores.detach().amax(-1, keepdim=True)
    total = (scores.detach() - largest).exp().sum(-1, keepdim=True)
    chances = torch.softmax(scores, -1).to(query.dtype)
    if keep_prob < 1.0:
        chances = F.dropout(chances, 1.0 - keep_prob)
    repeated = [t.expand((*t.shape[:-1], _REPEATED)).contiguous() for t in (largest, total)]
    return [chances.matmul(value), *repeated]
