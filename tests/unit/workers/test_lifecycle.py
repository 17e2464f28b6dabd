import subprocess
import sys


def test_bound_shutdown_ends_a_worker_whose_warm_stop_never_ends() -> None:
    code = (
        "import threading\nfrom workers import lifecycle\nfrom workers.settings import settings\n"
        "lifecycle._LAST_PATIENCE_S = 0.2 - settings().ledger.task_time_limit.total_seconds()\n"
        "lifecycle.bound_shutdown()\nthreading.Event().wait()\n"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120, check=False)

    assert ended.returncode == 1
    assert not ended.stderr
