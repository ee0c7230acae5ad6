"""Heads of requests: what is read, and what is refused since it can be read in two ways."""

import pytest

from server.lean.head import MAX_ARGUMENTS, MAX_FIELDS, MAX_TARGET_BYTES, is_hopeless, read
from server.refusal import Refusal

PLAIN = "POST /v1/traces HTTP/1.1", "Host: x"


def head_of(*lines):
    return read("\r\n".join((*lines, "", "")).encode("latin-1"))


def refusal_of(*lines):
    with pytest.raises(Refusal) as refused:
        head_of(*lines)
    return refused.value


def test_a_head_is_read():
    head = head_of("POST /a?b=\xff HTTP/1.1", "Host: x:1", "X-A:  b \t", "x-a: c", "Empty:")
    assert (head.method, head.target, head.is_old) == ("POST", "/a?b=\xff", False)
    assert head.fields == {"host": "x:1", "x-a": "b,c", "empty": ""}
    assert (head.length, head.keeps, head.expects) == (0, True, False)


@pytest.mark.parametrize(
    ("said", "length"),
    [
        ("Content-Length: 12", 12),
        ("content-length:\t007", 7),
        (f"Content-Length: {'9' * 30}", int("9" * 30)),
        ("Transfer-Encoding: chunked", -1),
        ("transfer-encoding: CHUNKED ", -1),
        ("Upgrade: websocket", 0),
    ],
)
def test_the_length_of_a_body(said, length):
    assert head_of(*PLAIN, said).length == length


@pytest.mark.parametrize("fields", [(), ("X: a",), ("Connection: close", "Expect: 100-continue")])
def test_heads_that_differ_in_the_length_are_read_alike(fields):
    heads = [head_of(*PLAIN, f"Content-Length: {n}", *fields) for n in ("12", "007", "12", "0")]
    assert [head.length for head in heads] == [12, 7, 12, 0]
    assert [head.fields["content-length"] for head in heads] == ["12", "007", "12", "0"]
    assert len({(*head[:3], *head[5:]) for head in heads}) == 1
    for bad in ("", "x", "-1", "1 2", "1\t2", "1,1"):
        assert refusal_of(*PLAIN, f"Content-Length: {bad}", *fields).status == 400
    assert refusal_of(*PLAIN, "Content-Length: 12", "Content-Length: 12", *fields).status == 400


UNCLEAR = {
    "a coding besides chunked": ("Transfer-Encoding: gzip, chunked",),
    "chunked twice": ("Transfer-Encoding: chunked, chunked",),
    "two codings": ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "no coding": ("Transfer-Encoding:",),
    "an unknown coding": ("Transfer-Encoding: xchunked",),
    "both lengths": ("Content-Length: 3", "Transfer-Encoding: chunked"),
    "a length twice": ("Content-Length: 3", "Content-Length: 3"),
    "a list of lengths": ("Content-Length: 3, 3",),
    "no length": ("Content-Length:",),
    "a length below 0": ("Content-Length: -1",),
    "a length with a sign": ("Content-Length: +1",),
    "a length in hex": ("Content-Length: 0x1",),
    "a length with a line": ("Content-Length: 1_0",),
    "a length in other digits": ("Content-Length: \xb2",),
    "a length of a thousand digits": ("Content-Length: " + "0" * 1001,),
    "two hosts": ("Host: y",),
    "two expectations": ("Expect: 100-continue", "Expect: 100-continue"),
    "folding": ("X: a", " b"),
    "folding by a tab": ("X: a", "\tb"),
    "a space before the colon": ("Content-Length : 3",),
    "a field without a name": (": a",),
    "no colon": ("Content-Length",),
    "a bare line feed": ("X: a\nContent-Length: 3",),
    "a bare return": ("X: a\rContent-Length: 3",),
    "a NUL": ("X: a\0",),
    "a control character": ("X: a\x1b",),
    "a delete": ("X: a\x7f",),
    "a name in other letters": ("\xe4: a",),
}


@pytest.mark.parametrize("fields", UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_not_clear_is_refused(fields):
    assert refusal_of(*PLAIN, *fields).status == 400


STARTS = [
    "POST /v1/traces HTTP/1.2",
    "POST /v1/traces HTTP/2.0",
    "POST /v1/traces HTTP/0.9",
    "POST /v1/traces http/1.1",
    "POST /v1/traces HTTP/1.1 ",
    "POST  /v1/traces HTTP/1.1",
    "POST /v1/traces  HTTP/1.1",
    "POST\t/v1/traces HTTP/1.1",
    " POST /v1/traces HTTP/1.1",
    "POST /v1/ traces HTTP/1.1",
    "POST /v1/traces",
    "/v1/traces HTTP/1.1",
    "PO(ST /v1/traces HTTP/1.1",
    "RTSP /v1/traces RTSP/1.0",
    "",
]


@pytest.mark.parametrize("start", STARTS)
def test_what_does_not_begin_as_a_request_is_refused(start):
    assert refusal_of(start, "Host: x").status == 400


@pytest.mark.parametrize(
    ("hosts", "is_valid"),
    [
        (("Host: x",), True),
        (("Host: [::1]:4318",), True),
        (("Host: a%41b",), True),
        (("Host:",), True),
        ((), False),
        (("Host: a b",), False),
        (("Host: a,b",), False),
        (("Host: a/b",), False),
        (("Host: a%4",), False),
    ],
)
def test_a_request_has_one_valid_host(hosts, is_valid):
    if is_valid:
        assert head_of(PLAIN[0], *hosts).target == "/v1/traces"
    else:
        assert refusal_of(PLAIN[0], *hosts).status == 400


def test_an_old_request_needs_no_host_and_may_have_no_chunks():
    assert head_of("POST /a HTTP/1.0").is_old
    assert refusal_of("POST /a HTTP/1.0", "Transfer-Encoding: chunked").status == 400


@pytest.mark.parametrize(
    ("lines", "keeps"),
    [
        (PLAIN, True),
        ((*PLAIN, "Connection: keep-alive"), True),
        ((*PLAIN, "Connection: Close"), False),
        ((*PLAIN, "Connection: TE , close"), False),
        ((*PLAIN, "Connection: TE", "Connection: close"), False),
        ((*PLAIN, "Connection: closed"), True),
        (("GET / HTTP/1.0",), False),
        (("GET / HTTP/1.0", "Connection: Keep-Alive"), True),
        (("GET / HTTP/1.0", "Connection: keep-alive, close"), False),
        (("POST / HTTP/1.0", "Connection: keep-alive"), False),
        (("POST / HTTP/1.0", "Connection: keep-alive", "Content-Length: 0"), True),
    ],
)
def test_whether_another_request_may_follow(lines, keeps):
    assert head_of(*lines).keeps == keeps


def test_a_body_may_have_to_be_asked_for():
    assert head_of(*PLAIN, "Expect: 100-Continue").expects
    assert not head_of("GET / HTTP/1.0", "Expect: 100-continue").expects
    assert refusal_of(*PLAIN, "Expect: 200-ok").status == 417


def test_there_are_limits():
    assert head_of(*PLAIN, *["X: y"] * (MAX_FIELDS - 1)).fields["x"].count("y") == MAX_FIELDS - 1
    assert refusal_of(*PLAIN, *["X: y"] * MAX_FIELDS).status == 431
    assert head_of(f"GET /{'a' * (MAX_TARGET_BYTES - 1)} HTTP/1.1", "Host: x").method == "GET"
    assert refusal_of(f"GET /{'a' * MAX_TARGET_BYTES} HTTP/1.1", "Host: x").status == 414
    assert head_of(f"GET /?{'&' * (MAX_ARGUMENTS - 1)} HTTP/1.1", "Host: x").method == "GET"
    assert refusal_of(f"GET /?{'&' * MAX_ARGUMENTS} HTTP/1.1", "Host: x").status == 400


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\rx", b"\x16\x03\x01", b"\0"]
)
def test_what_can_be_no_head_is_known_before_its_end(data):
    assert is_hopeless(bytearray(data), 0)


@pytest.mark.parametrize(
    "data", [b"", b"GET / HTTP/1.1\r", b"GET / HTTP/1.1\r\nX: a\tb", b"no head"]
)
def test_what_may_be_one_is_waited_for(data):
    assert not is_hopeless(bytearray(data), 0)
