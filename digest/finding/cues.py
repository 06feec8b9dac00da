"""Cues: words and openings that tell a result from a motivation, a method or an advertisement."""

from enum import StrEnum


class Cue(StrEnum):
    """What may be seen of a sentence; `choosing.WEIGHTS` says what it is worth."""

    GAIN = "says that something is better, or how much"
    SHOW = "says that something was shown"
    RESULT = "speaks of results"
    COMPARISON = "compares"
    NUMBER = "has a measured number"
    OPENS = "opens as a result does"
    NAMED = "names what the title names"
    PROPOSAL = "says what is proposed"
    BEFORE = "speaks of what was before, or is missing"
    AVAILABLE = "says where to find it"
    LEANS = "needs the sentence before it"
    QUESTION = "asks"
    SHORT = "is too short to say much"
    LONG = "is too long for a card"
    LAST = "is the last"


_WORDS = {
    Cue.GAIN: """
        achieve achieved achieves achieving attain attaining attains best better boost boosts
        boosting competitive consistently enhances exceed exceeding exceeds excels faster gain gains
        halves higher improve improved improvement improvements improves improving increase
        increases lower matching outperform outperformed outperforming outperforms reduce reduces
        reducing reduction rivals significant significantly sota speed-up speedup
        state-of-the-art strongest substantial substantially superior surpass surpassed surpasses
        surpassing
        """,
    Cue.SHOW: """
        confirm confirmed confirms demonstrate demonstrated demonstrates demonstrating derive
        discover establishes find finds found indicate indicates observe observed obtain prove
        proved proves proving reveal revealed revealing reveals show showed showing shown shows
        suggest suggests uncover validate validates verify
        """,
    Cue.RESULT: """
        analysis benchmark benchmarks comparisons empirical empirically evaluation evaluations
        evidence experimental experimentally experiments findings result results tests
        """,
    Cue.COMPARISON: "beyond compared over than while without",
    Cue.PROPOSAL: """
        describe describes develop develops introduce introduces introducing paper present presented
        presents propose proposed proposes report reports
        """,
    Cue.BEFORE: """
        although challenge challenges challenging crucial current despite emerged essential existing
        fundamental however lack lacks limitations limited need often previous prior recent recently
        remain remains struggle struggles suffer traditional typically widely yet
        """,
    Cue.AVAILABLE: "available code codes open-sourced release released website",
}
# As they stand between white space: to look them up so is twice as fast as to strip each word.
_WORN = ("{}", "{},", "{}.", "{};", "{}:", "{})", "({}", "({})", "{}),", "{}).")
BY_WORD = {
    worn.format(word): cue
    for cue, words in _WORDS.items()
    for word in words.split()
    for worn in _WORN
}

RESULT_OPENINGS = (
    *("We show", "We find", "We found", "We prove", "We demonstrate", "We observe", "Experiment"),
    *("Extensive ", "Empirical", "Evaluation", "Comparisons ", "Results ", "Our results "),
    *("Our experiments ", "Our findings ", "Our evaluation", "Our analysis ", "The results "),
    *("Results: ", "RESULTS: ", "Conclusion: ", "Conclusions: ", "CONCLUSION: ", "CONCLUSIONS: "),
)
RESULT_HEADINGS = frozenset({"Results.", "Conclusion.", "Conclusions.", "Findings."})
LEANING_OPENINGS = (
    *("It ", "Its ", "This ", "These ", "Those ", "They ", "Their ", "Such ", "That ", "Both "),
    *("Here, ", "There ", "To address ", "To this end", "To do so", "To prove this"),
)
