import pytest

from pipelines.text.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The market fell sharply today after weak earnings", "en"),
        ("Los mercados cayeron hoy con mucha fuerza", "es"),
        ("Die M\u00e4rkte sind heute nach schwachen Zahlen gefallen", "de"),
        ("\u6211\u4e0d\u559c\u6b22\u8fd9\u4e2a\u4ea7\u54c1", "zh"),
        ("\u0647\u0630\u0627 \u0645\u0646\u062a\u062c \u0633\u064a\u0621 \u062c\u062f\u0627", "ar"),
    ],
)
def test_detect_language_reads_a_sentence(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "ok", "$AAPL", "http://example.com/a-long-address", "\U0001f600" * 30, "12345678901234567890"])
def test_detect_language_does_not_guess_from_too_little(text: str) -> None:
    assert detect_language(text) is None
