from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from accounts.words import Refusal
from domains.certificates.judging import Judged, judge
from domains.certificates.opening import WALL, open_pfx
from domains.certificates.refusals import SENTENCES
from domains.certificates.verdicts import ERRORS, WARNINGS
from tests.domains.corpus import Case, Makers, corpus


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    return list(corpus(Makers(tmp_path_factory.mktemp("corpus"))))


def told(case: Case) -> tuple[str, Judged | None]:
    try:
        return "", judge(open_pfx(case.data, case.password), roots=(), now=datetime.now(UTC))
    except Refusal as error:
        return getattr(error, "code", "none"), None


def wrong(cases: list[Case]) -> Iterator[str]:
    for case in cases:
        began = time.monotonic()
        code, judged = told(case)
        took = time.monotonic() - began
        if code != case.code:
            yield f"{case.name}: {code or 'accepted'} instead of {case.code or 'accepted'}"
        elif judged is not None:
            found = (tuple(remark.code for remark in judged.warnings), tuple(judged.names))
            if found != (case.warnings, case.names):
                yield f"{case.name}: {found}"
            if judged.chain.count("BEGIN") != case.served:
                yield f"{case.name}: serves {judged.chain.count('BEGIN')} certificates"
        if took > WALL + 1:
            yield f"{case.name}: {took:.1f} s"


def test_every_file_of_the_corpus_has_its_verdict(cases: list[Case]) -> None:
    assert "\n".join(wrong(cases)) == ""


def test_the_corpus_has_every_code(cases: list[Case]) -> None:
    codes = {case.code for case in cases} | {warning for case in cases for warning in case.warnings}
    # Of the form, of how busy we are, and of authorities that browsers know, which no file here comes from.
    elsewhere = {"no_file", "busy", "too_many_attempts", "long_lived", "not_verified"}
    assert codes - {""} == (set(SENTENCES) | set(ERRORS) | set(WARNINGS)) - elsewhere
