"""What the default model is taught, a line a head: how often, from which texts, under which licences.

To add a head, add its line here and its files to the training data, and train anew; for topics, add their taxonomy too.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lesson:
    """One task of the default model.

    `share` is how often it has its turn among the steps: by difficulty more than by size, since the smallest files are read many times
    over. A `refined` head learns on alone after the shared steps. `origin` and `licence` are those of its texts.
    """

    share: float
    origin: str
    licence: str
    refined: bool = False


LESSONS: Mapping[str, Lesson] = {
    "sentiment_news": Lesson(
        share=0.10,
        origin="SEntFiN headlines with one sentiment; Twitter financial news sentiment, train part",
        licence="MIT; MIT (as the original states)",
    ),
    "sentiment_support": Lesson(
        share=0.19,
        origin="SemEval-2017 task 4A, all years, without TweetEval's texts",
        licence="MIT repository; the platform's terms for the texts",
    ),
    "sentiment_targets": Lesson(
        share=0.13,
        origin="SEntFiN (companies in headlines); NewsMTSC (people and bodies in political news)",
        licence="MIT; MIT",
        refined=True,
    ),
    "topics_banking77": Lesson(share=0.14, origin="BANKING77, train part", licence="CC BY 4.0", refined=True),
    "topics_clinc150": Lesson(share=0.11, origin="CLINC150, train part, with its 100 out-of-scope rows", licence="CC BY 3.0", refined=True),
    "topics_multidogo": Lesson(share=0.03, origin="MultiDoGO, customer turns of five domains", licence="CDLA-Permissive-1.0"),
    "topics_complaints": Lesson(share=0.06, origin="CFPB consumer complaint narratives", licence="US public domain", refined=True),
    "entities": Lesson(
        share=0.24,
        origin="WNUT-17, Broad Twitter Corpus, Wikigold, CrossNER politics, UNER English EWT (dev part), SEC filings",
        licence="CC BY 4.0, CC BY 4.0, CC BY 4.0, MIT, CC BY-SA 4.0, CC BY 3.0",
    ),
}
"""By task, in the order of the model's heads."""
