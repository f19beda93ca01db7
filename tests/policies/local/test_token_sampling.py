"""Drawing: the law is what it says, and one row's draw does not depend on the others."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from treecore.policies.local import token_sampling
from treecore.policies.local.token_sampling import draw, inverse_cdf, measured, nucleus

LOGITS = torch.tensor([[2.0, 0.0, -1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])


def softmax(values: list[float]) -> np.ndarray:
    weights = np.exp(np.array(values))
    return weights / weights.sum()


def test_numbers_are_those_of_the_definitions() -> None:
    drawn = draw(LOGITS, [0.0, 0.6], temperature=2.0, top_p=1.0)
    raw, law = softmax([2.0, 0.0, -1.0, 1.0]), softmax([1.0, 0.0, -0.5, 0.5])
    assert drawn.id == [0, 2]
    assert drawn.logprob == pytest.approx([np.log(law[0]), np.log(0.25)], abs=1e-6)
    assert drawn.entropy == pytest.approx([-(raw * np.log(raw)).sum(), np.log(4)], abs=1e-6)
    assert drawn.confidence == pytest.approx([-np.log(raw).mean(), np.log(4)], abs=1e-6)


def test_confidence_looks_at_the_twenty_likeliest() -> None:
    logits = torch.cat([torch.full((1, 20), 3.0), torch.full((1, 80), 0.0)], dim=1)
    expected = -np.log(np.exp(3.0) / (20 * np.exp(3.0) + 80))
    assert draw(logits, [0.5], temperature=1.0, top_p=1.0).confidence == pytest.approx([expected], abs=1e-6)


def test_the_likeliest_tokens_are_of_temperature_one_and_change_no_draw() -> None:
    drawn = draw(LOGITS, [0.0, 0.6], temperature=2.0, top_p=1.0, top_tokens=2)
    raw = softmax([2.0, 0.0, -1.0, 1.0])
    assert [token for token, _ in drawn.top[0]] == [0, 3]
    assert [nats for _, nats in drawn.top[0]] == pytest.approx(np.log([raw[0], raw[3]]), abs=1e-6)
    assert drawn[:5] == draw(LOGITS, [0.0, 0.6], temperature=2.0, top_p=1.0)[:5]


def test_temperature_zero_takes_the_likeliest_with_certainty() -> None:
    drawn = draw(LOGITS, [0.99, 0.99], temperature=0.0, top_p=1.0)
    assert drawn.id == [0, 0]
    assert drawn.logprob == [0.0, 0.0]


def test_nucleus_keeps_the_smallest_set_and_renormalises() -> None:
    law = torch.log(torch.tensor([[0.1, 0.5, 0.15, 0.25]], dtype=torch.float64))
    assert nucleus(law, 0.7).exp().tolist()[0] == pytest.approx([0, 2 / 3, 0, 1 / 3])
    assert nucleus(law, 0.4).exp().tolist()[0] == pytest.approx([0, 1, 0, 0])
    drawn = draw(law, [0.999], temperature=1.0, top_p=0.7)
    assert drawn.id == [3]
    assert drawn.logprob == pytest.approx([np.log(1 / 3)], abs=1e-6)


def test_a_row_is_drawn_alike_in_any_batch() -> None:
    rng = np.random.default_rng(0)
    logits, uniform = torch.tensor(rng.normal(size=(50, 30)), dtype=torch.float32), rng.random(50).tolist()
    together = draw(logits, uniform, temperature=1.3, top_p=0.9)
    alone = [draw(logits[i : i + 1], uniform[i : i + 1], temperature=1.3, top_p=0.9).id[0] for i in range(50)]
    assert together.id == alone


@pytest.mark.parametrize("most", [1, 90, 1 << 25])
def test_numbers_read_again_are_those_of_draws_in_blocks_of_any_size(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits, sizes = torch.tensor(np.random.default_rng(1).normal(size=(7, 30)), dtype=torch.float32), list[int]()
    spread = token_sampling.spread

    def watched(probability: torch.Tensor, **more: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        sizes.append(len(probability))
        return spread(probability, **more)

    drawn = draw(logits, [0.5] * 7, temperature=1.0, top_p=1.0)
    monkeypatch.setattr(token_sampling, "MAX_DRAWN", most)
    monkeypatch.setattr(token_sampling, "spread", watched)
    assert measured(logits) == [drawn.entropy, drawn.confidence]
    assert max(sizes) == min(7, max(1, most // 30))


def test_inverse_cdf_gives_each_token_its_share_and_never_an_impossible_one() -> None:
    probability = torch.tensor([0.0, 0.2, 0.0, 0.5, 0.3, 0.0], dtype=torch.float64).expand(1000, -1)
    uniform = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    assert torch.bincount(inverse_cdf(probability, uniform=uniform), minlength=6).tolist() == [0, 200, 0, 500, 300, 0]
    edges = torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64)
    assert inverse_cdf(probability[:2], uniform=edges).tolist() == [1, 4]


def test_a_greedy_row_is_sure_of_itself_and_leaves_the_others_alone() -> None:
    mixed = draw(LOGITS, [0.99, 0.6], temperature=2.0, top_p=0.9, greedy=[True, False])
    plain = draw(LOGITS, [0.99, 0.6], temperature=2.0, top_p=0.9)
    assert (mixed.id[0], mixed.logprob[0]) == (0, 0.0)
    assert plain.id[0] != 0
    assert (mixed.id[1], mixed.logprob[1]) == (plain.id[1], plain.logprob[1])
    assert mixed.entropy == plain.entropy
