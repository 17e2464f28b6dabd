"""Which devices there are, asked without importing torch; what runs on them is left to the supervisor."""

import os
import shutil
import subprocess
from dataclasses import dataclass

from workers.errors import UsageError
from workers.queues import MAX_CUDA_DEVICES
from workers.settings import inherited_environment

_CUDA_REPLICAS = 2


@dataclass(frozen=True, slots=True)
class Device:
    """A CPU, or the GPU that CUDA_VISIBLE_DEVICES calls `visible`; `name` as users write it."""

    name: str
    visible: str = ""

    @property
    def slug(self) -> str:
        """The name as it stands in node names."""
        return self.name.replace(":", "")

    @property
    def seen_as(self) -> str:
        """What the pinned child calls it: it sees only this one."""
        return "cuda:0" if self.visible else "cpu"


CPU = Device("cpu")


def find_gpus() -> list[Device]:
    """Return the GPUs that this process may use, in order; none without a driver."""
    allowed = inherited_environment().get("CUDA_VISIBLE_DEVICES")
    visible = _ask_driver() if allowed is None else [one.strip() for one in allowed.split(",") if one.strip() not in {"", "-1"}]
    return [Device(f"cuda:{index}", one) for index, one in enumerate(visible[:MAX_CUDA_DEVICES])]


def _ask_driver() -> list[str]:
    if not shutil.which("nvidia-smi"):
        return []
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (subprocess.SubprocessError, OSError):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]


def choose_devices(asked: str, *, gpus: list[Device]) -> list[Device]:
    """Return the devices that `asked` means: auto (every GPU, else the CPU), all (both), cpu, or cuda:N with commas between."""
    if asked == "auto":
        return gpus or [CPU]
    if asked == "all":
        return [*gpus, CPU]
    known = {one.name: one for one in [CPU, *gpus]}
    missing = [name for name in asked.split(",") if name not in known]
    if missing:
        raise UsageError(f"There is no device {missing[0]!r} here. Found: {', '.join(known)}; or say auto or all.")
    return [known[name] for name in dict.fromkeys(asked.split(","))]


def default_replicas(device: Device) -> int:
    """Return the children that suit a device: the cores that this process may use, or two on a GPU so that loading overlaps computing."""
    if device.visible:
        return _CUDA_REPLICAS
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
