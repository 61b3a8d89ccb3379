"""The picture in a request: bit by bit as it was sent, or a refusal that says why; never anything else."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.api.body import read_picture
from lambdas.api.http import Request
from signpost.errors import RequestError
from signpost.images.formats import MEDIA_TYPES

FORM = "multipart/form-data; boundary=b0"


def request(body: bytes, content_type: str, *, is_base64: bool = True) -> Request:
    sent = base64.b64encode(body).decode() if is_base64 else body.decode()
    headers = {"content-type": content_type}
    return Request("POST", "/classify/{classifier}", "/classify/a", {}, headers, sent, is_base64, {})


def form(*parts: tuple[str, bytes]) -> bytes:
    return b"".join(b"--b0\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + b"--b0--\r\n"


FILE = 'Content-Disposition: form-data; name="image"; filename="a"'


@given(st.binary(min_size=1).filter(lambda data: b"--b0" not in data))
def test_a_file_in_a_form_arrives_bit_by_bit(picture: bytes) -> None:
    text = ('Content-Disposition: form-data; name="note"', b"a text")
    assert read_picture(request(form(text, (FILE, picture)), FORM)) == picture


@given(st.binary(), st.sampled_from([FORM, "multipart/form-data; boundary=\u00fc", "multipart/form-data; boundary="]))
def test_what_is_no_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(RequestError) as refused:
        read_picture(request(body, content_type))
    assert refused.value.code in ("malformed_request", "empty_body")


def test_a_form_has_one_file() -> None:
    for parts in ([], [(FILE, b"1"), (FILE, b"2")], [('Content-Disposition: form-data; name="image"', b"1")]):
        with pytest.raises(RequestError, match="exactly one"):
            read_picture(request(form(*parts), FORM))


@given(st.binary())
def test_a_picture_that_api_gateway_did_not_take_for_bytes_is_refused(body: bytes) -> None:
    text = body.decode("latin-1").encode() or b"a"
    with pytest.raises(RequestError) as refused:
        read_picture(request(text, "image/png", is_base64=False))
    assert refused.value.code == "unsupported_media_type"


@given(st.binary(min_size=1))
@pytest.mark.parametrize("declared", [*MEDIA_TYPES, "IMAGE/JPG; q=1"])
def test_any_name_for_an_image_is_taken(declared: str, image: bytes) -> None:
    assert read_picture(request(image, declared)) == image


@pytest.mark.parametrize("encoding", ["gzip", "br, gzip", "X-GZIP"])
def test_a_compressed_body_is_refused_by_name(encoding: str) -> None:
    asked = request(b"image", "image/png")
    asked = replace(asked, headers={**asked.headers, "content-encoding": encoding})
    with pytest.raises(RequestError, match=f"The Content-Encoding '{encoding.lower()}' is not supported") as refused:
        read_picture(asked)
    assert refused.value.code == "unsupported_media_type"
    assert read_picture(replace(asked, headers={**asked.headers, "content-encoding": "identity"})) == b"image"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "the body: not valid JSON"),
        (b"{}", "image: missing"),
        (b'{"image": 7}', "image: it is no text"),
        (b'{"image": "!"}', "image: it is no base64"),
        (b'{"image": ""}', "image: must have"),
    ],
)
def test_wrong_json_is_explained_in_plain_words(body: bytes, said: str) -> None:
    with pytest.raises(RequestError) as refused:
        read_picture(request(body, "application/json", is_base64=False))
    assert said in refused.value.detail
