"""What domains have published about their mail is read as RFC 7208 and RFC 9989 say."""

from collections.abc import Iterator

import pytest

from digest.dns import Resolver, authorises, dmarc_of, organisation, spf_of
from digest.dns.dmarc import parsed
from digest.errors import FetchError
from tests.name_server import NameServer, txt


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as running:
        yield running


@pytest.fixture
def resolver(server: NameServer) -> Resolver:
    return Resolver(server.address, patience=2)


def publish(server: NameServer, **records: str) -> None:
    """Publish DMARC records; `_` in a keyword stands for a dot."""
    for name, text in records.items():
        server.zone[f"_dmarc.{name.replace('_', '.')}", "TXT"] = txt(text)


def test_a_long_text_comes_in_one_piece(server: NameServer, resolver: Resolver) -> None:
    server.zone["example.org", "TXT"] = txt("v=spf1 " + "a" * 300, "other")

    assert set(resolver.texts("example.org")) == {"v=spf1 " + "a" * 300, "other"}


def test_mail_exchangers_come_in_the_order_of_preference(
    server: NameServer, resolver: Resolver
) -> None:
    server.zone["example.org", "MX"] = ["20 b.example.org.", "10 A.example.org."]

    assert resolver.mail_exchangers("example.org") == (
        (10, "a.example.org"),
        (20, "b.example.org"),
    )


def test_an_alias_is_where_it_leads(server: NameServer, resolver: Resolver) -> None:
    server.zone["k._domainkey.example.org", "CNAME"] = ["k.dkim.amazonses.com."]

    assert resolver.alias("k._domainkey.example.org") == "k.dkim.amazonses.com"
    assert resolver.alias("other._domainkey.example.org") is None


def test_a_name_that_is_not_there_has_nothing(resolver: Resolver) -> None:
    assert resolver.texts("nothing.example.net") == ()


def test_a_server_that_fails_is_not_taken_for_an_empty_one(
    server: NameServer, resolver: Resolver
) -> None:
    server.fails = True

    with pytest.raises(FetchError, match=r"did not tell TXT of example\.org"):
        resolver.texts("example.org")


def test_a_server_that_is_silent_is_given_up(server: NameServer) -> None:
    server.silent = True

    with pytest.raises(FetchError):
        Resolver(server.address, patience=0.2).texts("example.org")


def test_a_name_that_cannot_be_asked_for_is_said(resolver: Resolver) -> None:
    with pytest.raises(FetchError):
        resolver.texts("a" * 64 + ".example.org")


@pytest.mark.parametrize(
    ("record", "lets"),
    [
        ("v=spf1 include:amazonses.com ~all", True),
        ("v=spf1 +include:AmazonSES.com -all", True),
        ("v=spf1 redirect=amazonses.com", True),
        ("v=spf1 -include:amazonses.com ~all", False),
        ("v=spf1 include:notamazonses.com ~all", False),
        ("v=spf1 -all", False),
    ],
)
def test_spf_lets_whom_it_includes(record: str, lets: bool) -> None:  # noqa: FBT001
    assert authorises(record, "amazonses.com") is lets


def test_only_spf_records_are_taken_for_such(server: NameServer, resolver: Resolver) -> None:
    server.zone["example.org", "TXT"] = txt("v=spf1 -all", "v=spf10 x", "V=SPF1", "hello")

    assert set(spf_of(resolver, "example.org")) == {"v=spf1 -all", "V=SPF1"}


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("v=DMARC1; p=reject", "reject"),
        ("v=DMARC1;p=Quarantine;", "quarantine"),
        (" v = DMARC1 ; rua=mailto:d@example.org; p=none", "none"),
        ("v=DMARC1", "none"),
        ("v=DMARC1; p=block; rua=mailto:d@example.org", "none"),
        ("v=DMARC1; p=block", None),
        ("v=DMARC1; p=reject; sp=block", None),
        ("v=DMARC1; p=reject; sp=block; rua=mailto:d@example.org", "none"),
    ],
)
def test_a_policy_is_what_receivers_take_from_it(text: str, policy: str | None) -> None:
    record = parsed(text)

    assert record is not None
    assert record.policy == policy


@pytest.mark.parametrize("text", ["", "p=none; v=DMARC1", "v=DMARC2; p=none", "v=DMARC10; p=none"])
def test_what_does_not_begin_with_the_version_is_no_record(text: str) -> None:
    assert parsed(text) is None


def test_tags_that_are_gone_and_odd_ones_are_named() -> None:
    record = parsed("v=DMARC1; p=none; pct=50; ri=3600; aspf=x; new=1; junk; p=reject")

    assert record is not None
    assert record.gone == ("pct", "ri")
    assert record.odd == ("aspf=x", "junk", "p=reject")
    assert record.policy == "none"


def test_reports_go_to_addresses_only() -> None:
    record = parsed("v=DMARC1; p=none; rua=mailto:a@example.org!10m, https://b, mailto:nobody")

    assert record is not None
    assert record.reports_to == ("mailto:a@example.org!10m",)


def test_a_policy_being_tried_out_says_so() -> None:
    record = parsed("v=DMARC1; p=reject; t=Y; sp=none")

    assert record is not None
    assert record.testing
    assert record.policy_below() == "none"


@pytest.mark.parametrize("odd", ["p=block; sp=reject", "p=reject; sp=block"])
def test_who_is_taken_for_asking_nothing_asks_nothing_of_subdomains(odd: str) -> None:
    record = parsed(f"v=DMARC1; {odd}; rua=mailto:d@example.org")

    assert record is not None
    assert (record.policy, record.policy_below()) == ("none", "none")


def test_a_domain_may_be_written_in_capitals(server: NameServer, resolver: Resolver) -> None:
    publish(server, news_example_org="v=DMARC1; p=none", example_org="v=DMARC1; p=reject")

    found = dmarc_of(resolver, "News.Example.ORG.")

    assert found is not None
    assert found.at == "news.example.org"
    assert organisation(resolver, "News.Example.ORG") == "example.org"


def test_a_domain_s_own_record_comes_first(server: NameServer, resolver: Resolver) -> None:
    publish(server, news_example_org="v=DMARC1; p=none", example_org="v=DMARC1; p=reject")

    found = dmarc_of(resolver, "news.example.org")

    assert found is not None
    assert (found.at, found.record.policy) == ("news.example.org", "none")


def test_without_one_the_organisation_s_holds(server: NameServer, resolver: Resolver) -> None:
    publish(server, example_org="v=DMARC1; p=reject; sp=quarantine")

    found = dmarc_of(resolver, "daily.news.example.org")

    assert found is not None
    assert found.at == "example.org"
    assert found.record.policy_below() == "quarantine"


def test_two_records_at_a_name_are_none(server: NameServer, resolver: Resolver) -> None:
    server.zone["_dmarc.example.org", "TXT"] = txt("v=DMARC1; p=none", "v=DMARC1; p=reject")

    assert dmarc_of(resolver, "example.org") is None


def test_the_organisation_is_the_highest_that_publishes(
    server: NameServer, resolver: Resolver
) -> None:
    publish(server, a_b_example_org="v=DMARC1; p=none", example_org="v=DMARC1; p=none")

    assert organisation(resolver, "a.b.example.org") == "example.org"


def test_an_organisation_may_say_that_it_is_one(server: NameServer, resolver: Resolver) -> None:
    publish(server, b_example_org="v=DMARC1; p=none; psd=n", example_org="v=DMARC1; p=none")

    assert organisation(resolver, "a.b.example.org") == "b.example.org"


def test_below_a_public_suffix_the_next_name_is_the_organisation(
    server: NameServer, resolver: Resolver
) -> None:
    publish(server, co_example="v=DMARC1; p=reject; psd=y")

    assert organisation(resolver, "mail.shop.co.example") == "shop.co.example"


def test_a_long_name_costs_eight_questions(server: NameServer, resolver: Resolver) -> None:
    dmarc_of(resolver, "a.b.c.d.e.f.g.h.i.example.org")

    assert len(server.asked) == 8
    assert server.asked[:2] == [
        "TXT _dmarc.a.b.c.d.e.f.g.h.i.example.org",
        "TXT _dmarc.e.f.g.h.i.example.org",
    ]
