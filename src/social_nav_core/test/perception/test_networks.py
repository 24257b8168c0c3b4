"""Networks: published sizes, what they attend to, and losses worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from social_nav_core.skeleton import JOINTS, adjacency

torch = pytest.importorskip("torch", reason="torch is not installed; it is needed only to train")

from social_nav_core.perception.losses import (  # noqa: E402
    InfoNce,
    contrast,
    even_weights,
    soft_loss,
    task_loss,
)
from social_nav_core.perception.networks.baselines import FlatGru, StGcn  # noqa: E402
from social_nav_core.perception.networks.chain import ChainClassifier  # noqa: E402
from social_nav_core.perception.networks.count import multiply_adds, parameters  # noqa: E402
from social_nav_core.perception.networks.student import (  # noqa: E402
    STEPS,
    GraphAttention,
    SocialEgoMobile,
)
from social_nav_core.perception.networks.teacher import (  # noqa: E402
    CHANNELS,
    FULL,
    SMALL,
    STREAMS,
    SocialC3D,
    TeacherSize,
)


def a_window(batch: int = 1, steps: int = STEPS) -> Any:
    return torch.rand(batch, steps, 23, 3, generator=torch.Generator().manual_seed(0))


def teacher_inputs(size: TeacherSize, batch: int, device: str = "cpu") -> list[Any]:
    edge = {name: size.image if name == "rgb" else size.heatmap for name in STREAMS}
    return [
        torch.zeros(batch, CHANNELS[name], STEPS, edge[name], edge[name], device=device)
        for name in STREAMS
    ]


def test_student_is_as_small_as_published() -> None:
    student = SocialEgoMobile()
    assert parameters(student) <= 430_000
    assert multiply_adds(student, a_window()) <= 4_230_000


def test_full_teacher_has_the_published_size_and_the_student_under_one_percent() -> None:
    with torch.device("meta"):
        teacher = SocialC3D(FULL)
    assert parameters(teacher) == pytest.approx(48.5e6, rel=0.01)
    macs = multiply_adds(teacher, *teacher_inputs(FULL, 1, "meta"))
    assert macs == pytest.approx(7.9e9, rel=0.02)
    assert parameters(SocialEgoMobile()) < 0.01 * parameters(teacher)


def test_counting_agrees_with_hand_computed_layers() -> None:
    linear = torch.nn.Linear(5, 7)
    assert parameters(linear) == 42
    assert multiply_adds(linear, torch.zeros(3, 5)) == 3 * 5 * 7
    convolution = torch.nn.Conv3d(2, 4, (3, 1, 1), padding=(1, 0, 0), bias=False)
    assert multiply_adds(convolution, torch.zeros(1, 2, 6, 5, 5)) == 4 * 6 * 25 * 2 * 3
    lstm = torch.nn.LSTM(8, 16, batch_first=True, bidirectional=True)
    assert multiply_adds(lstm, torch.zeros(2, 10, 8)) == 2 * 10 * 2 * 4 * 16 * (8 + 16)
    layer = GraphAttention(3, 8, 2)
    expected = 4 * 23 * 3 * 8 + 4 * (2 * 23 * 8 + 23 * 23 * 8)
    assert multiply_adds(layer, torch.zeros(4, 23, 3)) == expected


@pytest.mark.parametrize("steps", [1, 10, 30])
@pytest.mark.parametrize("build", [SocialEgoMobile, FlatGru, StGcn])
def test_networks_take_windows_of_any_length(build: type, steps: int) -> None:
    model = build().eval()
    intent, attitude, action = model(a_window(2, steps))
    assert (intent.shape, attitude.shape, action.shape) == ((2, 3), (2, 3), (2, 10))
    assert torch.isfinite(action).all()


@pytest.mark.parametrize("build", [SocialEgoMobile, FlatGru, StGcn])
def test_windows_do_not_influence_each_other(build: type) -> None:
    model = build().eval()
    both = a_window(2)
    alone = model(both[:1])[2]
    torch.testing.assert_close(model(both)[2][:1], alone, atol=1e-5, rtol=1e-5)


def test_attention_reaches_neighbours_only() -> None:
    torch.manual_seed(0)
    layer = GraphAttention(3, 8, 2).double()
    joints = torch.rand(1, 23, 3, dtype=torch.float64, requires_grad=True)
    wrist = JOINTS.index("left_wrist")
    layer(joints)[0, wrist].sum().backward()
    assert joints.grad is not None
    touched = joints.grad[0].abs().sum(dim=-1).numpy() > 0.0
    expected = (adjacency()[wrist] > 0.0) | (np.arange(23) == wrist)
    np.testing.assert_array_equal(touched, expected)


def test_attention_weights_by_hand() -> None:
    layer = GraphAttention(3, 1, 1)
    with torch.no_grad():
        layer.values.weight[:] = torch.tensor([[1.0, 0.0, 0.0]])
        layer.source[:] = 1.0
        layer.target[:] = 0.0
    joints = torch.zeros(1, 23, 3)
    elbow, wrist = JOINTS.index("left_elbow"), JOINTS.index("left_wrist")
    joints[0, elbow, 0] = 2.0
    share = np.exp(2.0) / (np.exp(2.0) + 1.0)  # elbow against the wrist itself
    assert layer(joints)[0, wrist, 0].item() == pytest.approx(2.0 * share, rel=1e-5)


def test_chain_gives_later_tasks_the_earlier_answers() -> None:
    torch.manual_seed(0)
    chain = ChainClassifier(4)
    features = torch.rand(1, 4)
    before = [output.detach() for output in chain(features)]
    with torch.no_grad():
        chain.intent.bias[1] += 5.0
    after = chain(features)
    assert not torch.allclose(after[1], before[1])
    assert not torch.allclose(after[2], before[2])


def test_small_teacher_learns_and_uses_every_stream() -> None:
    torch.manual_seed(0)
    teacher = SocialC3D(SMALL)
    inputs = [item.uniform_().requires_grad_() for item in teacher_inputs(SMALL, 2)]
    outputs = teacher(*inputs)
    sum(output.sum() for output in outputs).backward()
    for name, item in zip(STREAMS, inputs, strict=True):
        assert item.grad is not None
        assert item.grad.abs().sum() > 0.0, name
    assert teacher.represent(*inputs).shape == (2, SMALL.features)
    for name, parameter in teacher.named_parameters():
        assert parameter.grad is not None, name


def test_task_loss_leaves_out_attitude_without_interaction_and_missing_labels() -> None:
    even = (torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(2, 10))
    both = task_loss(even, torch.tensor([[0, 0, 3], [2, 2, 9]]))
    assert both.item() == pytest.approx(2 * np.log(3) + np.log(10), rel=1e-6)
    neither = task_loss(even, torch.tensor([[1, 2, -1], [2, 2, -1]]))
    assert neither.item() == pytest.approx(np.log(3), rel=1e-6)
    sure = (even[0], torch.tensor([[9.0, 0, 0], [0, 0, 9.0]]), even[2])
    only_first = task_loss(sure, torch.tensor([[0, 0, 3], [2, 2, 9]]))
    assert only_first.item() == pytest.approx(np.log(3) + np.log(10), abs=1e-3)


def test_task_loss_counts_windows_by_their_weights() -> None:
    """One right and one even answer, weighed 3 to 1: three quarters of one, one of the other."""
    answers = (torch.tensor([[9.0, 0, 0], [0, 0, 0]]), torch.zeros(2, 3), torch.zeros(2, 10))
    labels = torch.tensor([[0, 2, -1], [1, 2, -1]])
    right = -np.log(np.exp(9.0) / (np.exp(9.0) + 2.0))
    wanted = 0.75 * right + 0.25 * np.log(3)
    weighed = task_loss(answers, labels, weights=torch.tensor([3.0, 1.0]))
    assert weighed.item() == pytest.approx(wanted, rel=1e-5)


def test_soft_loss_is_zero_for_equal_answers_and_positive_else() -> None:
    one = tuple(torch.rand(4, k) for k in (3, 3, 10))
    other = tuple(torch.rand(4, k) for k in (3, 3, 10))
    assert soft_loss(one, one, 2.0, torch.ones(4)).item() == pytest.approx(0.0, abs=1e-6)
    assert soft_loss(one, other, 2.0, torch.ones(4)).item() > 0.0


def test_contrast_is_log_batch_size_without_shared_information() -> None:
    assert contrast(torch.zeros(8, 8)).item() == pytest.approx(np.log(8), rel=1e-6)
    assert contrast(50.0 * torch.eye(8)).item() == pytest.approx(0.0, abs=1e-6)


def test_info_nce_pulls_representations_together() -> None:
    torch.manual_seed(0)
    bridge = InfoNce(6, 5, width=16)
    student = torch.rand(32, 6)
    teacher = student @ torch.rand(6, 5)
    optimiser = torch.optim.Adam(bridge.parameters(), 1e-2)
    first = bridge(student, teacher).item()
    for _ in range(100):
        optimiser.zero_grad()
        loss = bridge(student, teacher)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.5 * first


def test_soft_loss_leaves_out_attitudes_where_the_teacher_sees_no_interaction() -> None:
    sure = torch.tensor([[9.0, -9.0, -9.0], [-40.0, 9.0, 9.0]])
    action = torch.zeros(2, 10)
    one, other = (
        torch.tensor([[2.0, 0.0, 0.0]] * 2),
        torch.tensor([[2.0, 0.0, 0.0], [0.0, 5.0, 0.0]]),
    )
    alike = torch.ones(2)
    loss = soft_loss((sure, one, action), (sure, other, action), 1.0, alike)
    assert float(loss) == pytest.approx(0.0, abs=1e-5)
    assert float(soft_loss((sure, other, action), (sure, one.flip(1), action), 1.0, alike)) > 0.1


def test_soft_loss_counts_windows_by_their_weights() -> None:
    """Where the second window counts nothing the loss is the first one's."""
    one = tuple(torch.rand(2, k) for k in (3, 3, 10))
    other = tuple(torch.rand(2, k) for k in (3, 3, 10))
    alone, wanted = (tuple(part[:1] for part in said) for said in (one, other))
    first = soft_loss(alone, wanted, 2.0, torch.ones(1))
    both = soft_loss(one, other, 2.0, torch.tensor([3.0, 0.0]))
    assert both.item() == pytest.approx(first.item(), rel=1e-5)


def test_even_weights_by_hand() -> None:
    """Two of three windows show the first of two actions: they count half as much each."""
    sure = torch.tensor([[30.0, 0.0], [30.0, 0.0], [0.0, 30.0]])
    assert even_weights(sure).tolist() == pytest.approx([0.75, 0.75, 1.5], rel=1e-5)
    unsure = torch.tensor([[0.3, 0.1, 0.0], [0.0, 0.5, 0.2], [1.0, 0.0, 0.0]])
    weights = even_weights(unsure)
    assert weights.mean().item() == pytest.approx(1.0)
