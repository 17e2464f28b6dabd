"""Where the texts of the default model come from, and under which licences; the card is written by `card`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin and licence of one task's texts."""

    task: str
    origin: str
    licence: str


ORIGINS = (
    Origin(
        "sentiment_news",
        "SEntFiN headlines with one sentiment; Twitter financial news sentiment, train part",
        "MIT; MIT (as the original states)",
    ),
    Origin(
        "sentiment_support",
        "SemEval-2017 task 4A, all years, without TweetEval's texts",
        "MIT repository; the platform's terms for the texts",
    ),
    Origin("sentiment_targets", "SEntFiN (companies in headlines); NewsMTSC (people and bodies in political news)", "MIT; MIT"),
    Origin("topics_banking77", "BANKING77, train part", "CC BY 4.0"),
    Origin("topics_clinc150", "CLINC150, train part, with its 100 out-of-scope rows", "CC BY 3.0"),
    Origin("topics_multidogo", "MultiDoGO, customer turns of five domains", "CDLA-Permissive-1.0"),
    Origin("topics_complaints", "CFPB consumer complaint narratives", "US public domain"),
    Origin(
        "entities",
        "WNUT-17, Broad Twitter Corpus, Wikigold, CrossNER politics, UNER English EWT (dev part), SEC filings",
        "CC BY 4.0, CC BY 4.0, CC BY 4.0, MIT, CC BY-SA 4.0, CC BY 3.0",
    ),
)
"""Every text that the default model was taught on."""

BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the base encoder's `model.safetensors`."""
