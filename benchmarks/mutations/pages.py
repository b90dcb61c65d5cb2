"""What holds the docs: pictures, samples, drawn counts, what is typed."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

PICTURES = "tests/docs/test_pictures.py"
SAMPLES = "tests/unit/tooling/test_metric_samples.py"

PAGES: tuple[Mutation, ...] = (
    Mutation(
        "what a page calls makes no picture of it old", "tools.pictures:sources_of",
        "ahead += code.places_in(node)", "", PICTURES,
    ),
    Mutation(
        "every edit of another page makes a picture old", "tools.pictures:sources_of",
        '(page, "show")', '*((one.stem, "show") for one in room.glob("*.py"))', PICTURES,
    ),
    Mutation(
        "a docstring makes a picture old", "tools.pictures:_Module.text_of",
        "if line not in told", "if line", f"{PICTURES}::test_docstrings_make_nothing_old",
    ),
    Mutation(
        "a picture is recorded and the others are forgotten", "tools.pictures:keep",
        "**recorded(record), ", "", f"{PICTURES}::test_what_is_made_is_recorded_beside_what_was",
    ),
    Mutation(
        "a value of the moment is kept in a sample", "tools.metric_samples:_lasting",
        "here if here == there else CHANGES", "here", SAMPLES,
    ),
    Mutation(
        "a sample may have the rows of one run alone", "tools.metric_samples:chosen",
        "len(twin.rows) != len(one.rows)", "not twin.rows", SAMPLES,
    ),
    Mutation(
        "two gaps of the batch counts change their places",
        "tools.pages.counts_picture:comparisons",
        "of_batch, between, written, changed", "of_batch, between, changed, written",
        "tests/docs/test_generated.py",
    ),
    Mutation(
        "what make starts at boot ends with the command", "docs/operate.md",
        "RemainAfterExit=yes", "RemainAfterExit=no", "tests/docs/test_boot.py",
    ),
    Mutation(
        "make source without a word asks for nothing", "Makefile",
        "$(or $(value ARGS),show)", "$(value ARGS)", "tests/unit/tooling/test_make.py",
    ),
)  # fmt: skip
