import subprocess
import sys

_HEAVY = ("torch", "transformers", "pandas", "pyarrow", "scipy", "numpy")


def test_importing_the_api_loads_nothing_heavy() -> None:
    code = f"import sys, workers.api\nprint([name for name in {_HEAVY} if name in sys.modules])"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert shown == "[]\n"
