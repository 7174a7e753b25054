import pytest

from provisioning import names


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Contoso", "Contoso"),
        ("  Contoso   Support\t", "Contoso Support"),
        ("x", "x"),
        ("Kundenportal „Süd“", "Kundenportal „Süd“"),
        ("e\u0301", "é"),
        ("日本 ポータル", "日本 ポータル"),
        ("a" * 100, "a" * 100),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_names_are_kept_trimmed_and_composed(text: str, kept: str) -> None:
    assert names.portal_name(text) == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "name_missing"),
        (" \u3000\n", "name_missing"),
        ("a" * 101, "name_too_long"),
        ("Contoso\x00", "name_characters"),
        ("Contoso\u202egnp", "name_characters"),
        ("zero\u200bwidth", "name_characters"),
        ("\ud800", "name_characters"),
    ],
)
def test_names_are_refused_in_words(text: str, code: str) -> None:
    with pytest.raises(names.NameRefused) as refused:
        names.portal_name(text)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("contoso", "contoso"),
        (" Contoso-Support ", "contoso-support"),
        ("a1b", "a1b"),
        ("a" * 63, "a" * 63),
        ("123", "123"),
    ],
)
def test_subdomains_are_kept_in_lower_case(text: str, kept: str) -> None:
    assert names.subdomain(text) == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "subdomain_missing"),
        ("ab", "subdomain_length"),
        ("a" * 64, "subdomain_length"),
        ("-abc", "subdomain_hyphen"),
        ("abc-", "subdomain_hyphen"),
        ("xn--bcher-kva", "subdomain_encoded"),
        ("ab--cd", "subdomain_encoded"),
        ("a.b.c", "subdomain_characters"),
        ("bücher", "subdomain_characters"),
        ("con_toso", "subdomain_characters"),
        ("con toso", "subdomain_characters"),
        ("https://contoso", "subdomain_characters"),
        ("٣٤٥", "subdomain_characters"),
        ("K\u212aelvin", "subdomain_characters"),
        ("WWW", "subdomain_reserved"),
        ("admin", "subdomain_reserved"),
    ],
)
def test_subdomains_are_refused_in_words(text: str, code: str) -> None:
    with pytest.raises(names.NameRefused) as refused:
        names.subdomain(text)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")
