import pytest

from workers.devices import CPU, Device, choose_devices, default_replicas, find_gpus
from workers.errors import UsageError

GPUS = [Device("cuda:0", "0"), Device("cuda:1", "5")]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("auto", ["cuda:0", "cuda:1"]),
        ("all", ["cuda:0", "cuda:1", "cpu"]),
        ("cpu", ["cpu"]),
        ("cuda:1", ["cuda:1"]),
        ("cuda:1,cpu,cpu", ["cuda:1", "cpu"]),
    ],
)
def test_choose_devices_reads_what_was_asked_for(asked: str, names: list[str]) -> None:
    assert [device.name for device in choose_devices(asked, gpus=GPUS)] == names


def test_choose_devices_falls_back_to_the_cpu_only_where_it_may_choose() -> None:
    assert choose_devices("auto", gpus=[]) == [CPU]
    with pytest.raises(UsageError, match="cuda:0"):
        choose_devices("cuda:0", gpus=[])


def test_find_gpus_honours_what_this_process_may_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-7")

    assert find_gpus() == [Device("cuda:0", "2"), Device("cuda:1", "GPU-7")]


def test_find_gpus_finds_none_where_none_may_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    assert find_gpus() == []


def test_device_is_called_cuda_0_by_the_child_that_sees_only_it() -> None:
    assert GPUS[1].seen_as == "cuda:0"
    assert GPUS[1].slug == "cuda1"
    assert CPU.seen_as == "cpu"
    assert default_replicas(GPUS[0]) == 2
    assert default_replicas(CPU) >= 1
