import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.match.keywords import finder, same, written


def holds(text: str, keyword: str) -> bool:
    return finder(keyword)(written(text))


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("world model", "World-Models for robots"),
        ("World  Models", "a world model"),
        ("llm", "LLMs, too"),
        ("galaxy", "Galaxies"),
        ("galaxies", "a galaxy"),
        ("KV caches", "the KV cache"),
        ("loss", "two losses"),
        ("patches", "a patch"),
        ("mixture", "mixtures"),
        ("index", "indexes"),
        ("U-Net", "a UNet"),
        ("UNet", "the U-Net"),
        ("3D", "3-D scenes"),
        ("3-D", "in 3D"),
        ("fine-tuning", "finetuning"),
        ("finetuning", "fine\u2011tuning"),
        ("pretrained models", "two pre-trained models"),
        ("from finetuned*", "from fine-tuned ones"),
        ("GPT-4", "with GPT4."),
        ("vision & language", "vision-language"),
        ("(RAG)", "RAG, again"),
        ("Poincaré", "the poincare map"),
        ("Schrodinger", "Schrödinger's cat"),
        ("Møller", "Moller scattering"),
        ("\u00e9tale", "e\u0301tale"),
        ("efficient", "e\ufb03cient"),
        ("α", "α-synuclein"),
        ("pass@k", "Pass@k of"),
        ("tree search", "tree\nsearch"),
        ("transformer", "trans\u00adformers"),
        ("crypto", "cryp\u200bto"),
        ("\u0645\u06cc\u200c\u0634\u0648\u062f", "\u0645\u06cc\u0634\u0648\u062f"),
    ],
)
def test_a_phrase_is_found_whatever_its_case_hyphens_plurals_and_accents(
    keyword: str, text: str
) -> None:
    assert holds(text, keyword)


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("rag", "Fragments of a dragon"),
        ("world model", "a model of the world"),
        ("GPT-4", "GPT-4o"),
        ("tree search", "research"),
    ],
)
def test_a_phrase_is_found_as_whole_words_in_their_order(keyword: str, text: str) -> None:
    assert not holds(text, keyword)


def test_the_parts_of_a_compound_are_words_too() -> None:
    assert holds("U-Nets", "net")


def test_no_phrase_reaches_from_one_text_into_the_next() -> None:
    assert not finder("tree search")(written("On a tree", "search it"))
    assert not finder('"tree search"')(written("On a tree", "search it"))


@pytest.mark.parametrize(
    ("keyword", "found", "missed"),
    [
        ("quantiz*", "Quantized nets", "dequantization"),
        ("strategi*", "strategies", "strategy"),
        ("pars*", "parsing", "a paragraph"),
        ("diffus* model", "diffusion models", "a diffuse light model"),
        ("GPT*", "GPT-4o", "the egpt"),
        ("text quantiz*", "text quantization", "text to quantize"),
    ],
)
def test_a_star_stands_for_any_end_of_a_word(keyword: str, found: str, missed: str) -> None:
    assert holds(found, keyword)
    assert not holds(missed, keyword)


@pytest.mark.parametrize(
    "keyword", ['"exact words"', "“exact words”", "„Exact  Words“", " «exact words» "]
)
def test_what_is_in_quotes_is_found_as_it_stands(keyword: str) -> None:
    assert holds("The EXACT words.", keyword)
    assert not holds("An exact word", keyword)
    assert not holds("inexact words", keyword)
    assert not holds("exact wordsmiths", keyword)


@pytest.mark.parametrize(
    ("keyword", "found", "missed"),
    [
        ("C++", "in C++17", "vitamin C, C. elegans"),
        ("c#", "C# and", "a C-arm"),
        (".NET", "on .NET and", "a neural net"),
        ("AT&T", "AT&T's", "at t = 0"),
        ("A*", "an A* search", "a search, and all"),
        ("C*-algebra", "C*-algebras", "a C algebra"),
        ("R", "in R, we", "R-CNN for r = 3 in \u211d"),
        ("r", "in R", "r"),
        ("IT", "IT jobs", "it is"),
        ("WHO", "by the WHO", "who knows"),
    ],
)
def test_a_name_of_signs_or_of_a_common_word_is_found_as_it_is_written(
    keyword: str, found: str, missed: str
) -> None:
    assert holds(found, keyword)
    assert not holds(missed, keyword)


@pytest.mark.parametrize(
    "keyword", ["", " ", "*", "**", "* *", '""', '" "', '"', "'", "!!", "…", "🤖", '"*"', "-", "_"]
)
def test_a_keyword_without_letter_or_digit_is_nowhere(keyword: str) -> None:
    for text in ("", "*", '""', 'A text, with * and 🤖!! It\'s "it" - _ …'):
        assert not holds(text, keyword)


def test_a_star_after_a_single_letter_does_not_stand_for_every_word() -> None:
    assert not holds("all about anything", "a*")


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("模型", "大语言模型的推理"),
        ("言語", "自然言語処理"),
        ("BERT模型", "用 BERT 模型 做"),
        ("BERT模型", "用BERT模型做"),
        ("LLM", "使用LLM的方法"),
        ("ภาษา", "การประมวลผลภาษาธรรมชาติ"),
    ],
)
def test_where_a_script_has_no_spaces_a_word_is_found_inside(keyword: str, text: str) -> None:
    assert holds(text, keyword)


def test_there_too_another_word_is_not_found() -> None:
    assert not holds("自然言語処理", "画像")
    assert not holds("使用LLMs3的方法", "LL")


@pytest.mark.parametrize(
    "keyword", ["(a|b)", "[x", r"\d+", "a.c", "x{2,", "^", "(?P<n>z)", "a\\", "(["]
)
def test_signs_of_regular_expressions_mean_nothing(keyword: str) -> None:
    assert not holds("12 abc xx ab", keyword)


def test_spellings_that_find_the_same_are_known_as_one() -> None:
    assert same("World  Models") == same("world model")
    assert same("C++") != same("C")
    assert same('"LLMs"') != same("LLM")
    assert same("Poincaré") == same("poincare")


ANYTHING = st.text(max_size=30) | st.text('aé*"+-&. R字', max_size=8)


@settings(deadline=None)
@given(ANYTHING, ANYTHING)
def test_whatever_is_typed_and_written_there_is_an_answer(keyword: str, text: str) -> None:
    assert holds(text, keyword) in {True, False}
    assert isinstance(same(keyword), str)


@settings(deadline=None)
@given(st.from_regex(r"[a-z]{3,8}( [a-z]{3,8}){0,2}", fullmatch=True), ANYTHING, ANYTHING)
def test_words_are_found_between_whatever_stands_around_them(
    keyword: str, before: str, after: str
) -> None:
    assert holds(f"{before} {keyword} {after}", keyword)
    assert holds(f"{before} {keyword} {after}", f'"{keyword}"')
    assert holds(f"{before} {keyword} {after}", f"{keyword}*")


def test_a_word_without_an_end_is_read_in_a_moment() -> None:
    text = "a" * 1_000_000 + " tree-search"

    # Looked at anew from each of its letters it would take hours.
    assert holds(text, "treesearch")
