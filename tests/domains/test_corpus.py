from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from accounts.words import Refusal
from domains.certificates.judging import Judged, judge
from domains.certificates.opening import WALL, open_pfx
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


def test_the_corpus_has_every_code_of_an_uploaded_file(cases: list[Case]) -> None:
    codes = {case.code for case in cases}
    assert codes >= {
        "empty",
        "too_large",
        "is_pem",
        "is_cert",
        "is_p7b",
        "not_pkcs12",
        "bad_password_or_damaged",
        "kdf_too_costly",
        "unsupported",
        "too_many_certs",
        "no_key",
        "no_cert",
        "key_mismatch",
    }
