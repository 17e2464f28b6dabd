"""Say how many turns a detector could find that knew a series' share and over-dispersion exactly; finding them is left to real ones.

python tests/benchmarks/alerts/ceiling.py [--p 5e-7] [--size 3]

Series as those of `calm` in which turns are planted: 36 to 300 records a bucket, a share of 0.15 to 0.22, no moods at all.
`--p` is the tail probability below which it opens: 5e-7 is what is left of 0.2 false incidents in 1,000 series-days when a day has
96 buckets and each of them is looked at in four independent ways.
"""

import argparse

import numpy as np
from calm import ALIKE
from scipy import stats

DRAWS = 4_000


def main() -> None:
    """Print the part found by the first bucket alone, and within two, for the least and the most dispersed series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--p", type=float, default=5e-7)
    parser.add_argument("--size", type=float, default=3)
    chosen = parser.parse_args()
    for alike in (ALIKE[0], sum(ALIKE) / 2, ALIKE[1], 0.03):
        one, two = _found(alike, limit=chosen.p, size=chosen.size)
        print(f"x{chosen.size:g}, intra-class correlation {alike:.3f}: by one bucket {one:.3f}, within two {two:.3f}")


def _found(alike: float, *, limit: float, size: float) -> tuple[float, float]:
    randoms = np.random.default_rng(1)
    n = np.exp(randoms.uniform(np.log(36), np.log(300), DRAWS)).astype(np.int64)
    share = randoms.uniform(0.15, 0.22, DRAWS)
    pair = np.stack([_drawn(n, np.minimum(share * size, 0.95), alike, randoms) for _ in range(2)])
    single = np.stack([_tail(n, negative, share, alike) for negative in pair])
    both = _tail(2 * n, pair.sum(axis=0), share, (n - 1) * alike / (2 * n - 1))
    return float((single[0] <= limit).mean()), float((np.minimum(single.min(axis=0), both) <= limit).mean())


def _drawn(n: np.ndarray, share: np.ndarray, alike: float, randoms: np.random.Generator) -> np.ndarray:
    together = 1 / alike - 1
    return randoms.binomial(n, randoms.beta(share * together, (1 - share) * together))


def _tail(n: np.ndarray, negative: np.ndarray, share: np.ndarray, alike: np.ndarray | float) -> np.ndarray:
    together = 1 / alike - 1
    return np.asarray(stats.betabinom.sf(negative - 1, n, share * together, (1 - share) * together))


if __name__ == "__main__":
    main()
