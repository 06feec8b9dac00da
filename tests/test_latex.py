"""LaTeX that readers should not see, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.latex import readable
from digest.sources.mathematics import in_unicode


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (r"J\"org G{\"o}del Erd\H{o}s", "Jörg Gödel Erdős"),
        (r"Fran\c cois Fran\c{c}ois {\'E}cole \'{e}", "François François École é"),
        (r"na\"\i ve \v{S}koda \=a \.z \k{a} \u{g}", "naïve Škoda ā ż ą ğ"),
        (r"Stra\ss e Bj\o rn {\AA}ngstr\"{o}m \L{}\'od\'z", "Straße Bjørn Ångström Łódź"),
        (r"\emph{x} and \textbf{\textit{y}} {\em z} {\bf w}", "x and y z w"),
        (r"\href{https://x.example}{here}, \url{https://y.example}", "here, https://y.example"),
        (r"\textbf{$x$ is \emph{good}}", "x is good"),
        (r"Fig.~3, Section~2 and~others", "Fig. 3, Section 2 and others"),
        (r"``quoted'' 99\% of R\&D \ldots", "“quoted” 99% of R&D …"),
        (r"0.30 \pm 0.04 \times 2", "0.30 ± 0.04 × 2"),
    ],
)
def test_text_becomes_plain(said: str, shown: str) -> None:
    assert readable(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("$O(n^2)$ $x_i$ $10^{-3}$", "O(n²) xᵢ 10⁻³"),
        (r"$\alpha$$\beta$-mixing", "αβ-mixing"),
        (r"$O(n\log n)$, $O(n \log n)$, $\log_2 n$", "O(n log n), O(n log n), log₂ n"),
        (r"$f:\mathbb{R}^d\to\mathbb R$, $\mathbb{E}$", "f:ℝᵈ → ℝ, 𝔼"),
        (r"$\mathcal{O}(\sqrt{T})$ $\sqrt{x+1}$ $\tilde{O}(n)$", "O(√T) √(x+1) Õ(n)"),
        (r"$x\le y$ $a\times b$ $\sim$5 $<$5", "x ≤ y a × b ∼5 < 5"),
        (r"$\frac{1}{2}x$ $\frac{a+b}{c}$", "1/2 x (a+b)/c"),
        (r"100fb$^{-1}$ $^{13}$C H$_2$O $C^*$ $x'$ $90^\circ$", "100fb⁻¹ ¹³C H₂O C* x′ 90°"),
        (r"$\sum_{i=1}^n x_i$ $\{a,b\}$ $\mathrm{Ricci}$", "∑ᵢ₌₁ⁿ xᵢ {a,b} Ricci"),
        (r"$$E=mc^2$$ and \(k\)-means", "E=mc² and k-means"),
        (r"$\left(1 + \epsilon\right)$ $99\%$ ${\rm GeV}$", "(1 + ε) 99% GeV"),
        (r"$n$=2$ is odd", "n=2$ is odd"),
    ],
)
def test_simple_mathematics_becomes_readable(said: str, shown: str) -> None:
    assert " ".join(readable(said).split()) == shown


@pytest.mark.parametrize(
    "said",
    [
        *("$p_T$", r"$\sqrt{s_{NN}}=200$", r"$x^{a^{b}}$", r"$\unknown x$", r"$\sqrt[3]{x}$"),
        *("$x^$", "$x_{i$", "$}$", "$a & b$", r"$\frac{1}$", r"$\hat{xy}$", "$^{}$"),
        "$" + "{" * 20 + "x" + "}" * 20 + "$",
    ],
)
def test_what_is_not_simple_stays_as_it_was(said: str) -> None:
    assert readable(said) == said


@pytest.mark.parametrize(
    "said",
    [
        *("$5 and $6", "US$5-$10", "$5/$6", "between $5k and $10k", "cost $5, or 6$ each"),
        *("P(A & B)", "5 < 6", "a -- b", "$PATH:$HOME", r"C:\to\file", "{a, b}"),
        *("(~300 micron", "is~5", "https://x.example/~ann", "a_b^c", "$", "$$", "\\"),
        "$this and that$",
    ],
)
def test_what_only_looks_like_latex_survives(said: str) -> None:
    assert readable(said) == said


def test_escaped_dollars_are_money() -> None:
    assert readable(r"from \$5 to \$6") == "from $5 to $6"


def test_a_sign_of_order_never_makes_a_tag() -> None:
    assert "<b>" not in readable("$<$b$>$")


@given(st.text())
def test_text_without_latex_is_not_touched(said: str) -> None:
    plain = said.translate(dict.fromkeys(map(ord, "\\$~`{}\x02")))

    assert readable(plain) == plain


PIECES = ["\\", "{", "}", "^", "_", "$", "\\alpha", "\\frac", "\\sqrt", "\\mathbb", "\\hat", "x"]


@given(st.lists(st.sampled_from([*PIECES, " ", "\\log", "\\text", "'", '"', "~", "é", "[", "]"])))
def test_no_formula_crashes_it(pieces: list[str]) -> None:
    line = in_unicode("".join(pieces))

    assert line is None or "\x01" not in line
    readable("".join(pieces))
