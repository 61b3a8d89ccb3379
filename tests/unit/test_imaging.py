"""Every picture that people can look at becomes the same pixels, whatever its format, mode or orientation."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from signpost.images import jpeg_pixels
from signpost.images.formats import content_type
from signpost.images.jpeg_pixels import decode_jpeg
from signpost.images.limits import Limits
from signpost.images.prepare import encode_png, prepare
from tests.unit.sample_pictures import ORIENTATION, encode, gradient, oriented

SIZE = (32, 24)


def pixels(data: bytes) -> np.ndarray:
    image = prepare(data, *SIZE, Limits())
    assert (image.mode, image.size) == ("RGB", SIZE)
    return np.asarray(image).astype(int)


def close(one: np.ndarray, other: np.ndarray, within: int) -> bool:
    return bool(np.abs(one - other).max() <= within)


@pytest.mark.parametrize(("kind", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_formats_agree(kind, mime):
    data = encode(gradient(), kind)
    assert content_type(data) == mime
    assert close(pixels(data), pixels(encode(gradient(), "PNG")), within=6)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "within"), [("PNG", 1), ("WEBP", 1), ("JPEG", 6)])
def test_a_turned_picture_becomes_upright(orientation, kind, within):
    # Rows are filtered before columns, so a picture on its side may round one step differently.
    upright = pixels(encode(gradient(), "PNG"))
    assert close(pixels(oriented(gradient(), orientation, kind)), upright, within)


def test_the_gradient_can_tell_orientations_apart():
    upright = pixels(encode(gradient(), "PNG"))
    for orientation in range(2, 9):
        without_tag = Image.open(io.BytesIO(oriented(gradient(), orientation, "PNG"))).copy()
        without_tag.info.clear()
        assert not close(pixels(encode(without_tag, "PNG")), upright, within=40)


def _long_value(turned: Image.Image) -> bytes:
    tag = struct.pack(">HHII", ORIENTATION, 4, 1, 6)
    return encode(turned, "JPEG", exif=b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + tag + bytes(4))


def _behind_much_else(turned: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION], exif[0x927C] = 6, bytes(60_000)  # as a camera's maker note
    plain = encode(turned, "JPEG", exif=exif, icc_profile=bytes(500_000))
    more = b"\xff\xe1\xfe\x08Exif\0\0" + bytes(65_024)  # EXIF beyond 64 KB goes on in further segments
    return plain[:2] + b"\xff\xfe\0\x06none" + plain[2:].replace(b"\xff\xe2", 20 * more + b"\xff\xe2", 1)


def _xmp(turned: Image.Image) -> bytes:
    return encode(turned, "JPEG", xmp=b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>')


def _text_profile(turned: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    text = PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(exif.tobytes()):8}\n{exif.tobytes().hex()}\n", zip=True)
    return encode(turned, "PNG", pnginfo=text)


@pytest.mark.parametrize("store", [_long_value, _behind_much_else, _xmp, _text_profile])
def test_the_orientation_is_found_wherever_it_is_kept(store: Callable[[Image.Image], bytes]):
    turned = store(gradient().transpose(Image.Transpose.ROTATE_90))
    assert close(pixels(turned), pixels(encode(gradient(), "PNG")), within=6)


def test_wrong_orientation_numbers_change_nothing():
    assert close(pixels(oriented(gradient(), 9, "PNG")), pixels(encode(gradient(), "PNG")), within=0)


def test_transparency_lies_over_white():
    image = gradient().convert("RGBA")
    image.putalpha(0)
    assert pixels(encode(image, "PNG")).min() == 255
    assert pixels(encode(image, "WEBP", exact=True)).min() == 255


def test_a_palette_with_a_transparent_colour_lies_over_white():
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.paste(0, (0, 0, 20, 40))
    result = pixels(encode(image, "PNG", transparency=0))
    assert result[0, 0].tolist() == [255, 255, 255]
    assert result[0, -1].tolist() == [200, 0, 0]


def test_sixteen_bit_grey_is_scaled_not_clipped():
    ramp = np.linspace(0, 65535, 96).astype(np.uint16)[np.newaxis].repeat(64, axis=0)
    deep = pixels(encode(Image.fromarray(ramp), "PNG"))
    shallow = pixels(encode(Image.fromarray((ramp // 256).astype(np.uint8)), "PNG"))
    assert close(deep, shallow, within=1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_large_pictures_of_every_mode_equal_their_plain_rgb(mode):
    # GIVEN a picture so large that it is converted a strip at a time
    grey = np.add.outer(np.arange(1300) // 6 % 256, np.arange(1500) // 7 % 256).astype(np.uint8)
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    whole = Image.fromarray(grey) if mode == "I;16" else image
    # THEN strips can't be told from the whole
    expected = np.asarray(whole.convert("RGB").resize(SIZE, Image.Resampling.BILINEAR)).astype(int)
    assert close(pixels(encode(image, "PNG")), expected, within=0)


def test_cmyk_jpeg():
    cmyk = gradient().convert("CMYK")
    assert close(pixels(encode(cmyk, "JPEG")), pixels(encode(cmyk.convert("RGB"), "PNG")), within=8)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_counts(kind):
    frames = [Image.new("RGB", (48, 48), "black"), Image.new("RGB", (48, 48), "white")]
    data = encode(gradient(48, 48), kind, save_all=True, append_images=frames, duration=50)
    assert close(pixels(data), pixels(encode(gradient(48, 48), "PNG")), within=1)


def test_of_a_multi_picture_jpeg_the_first_counts():
    data = encode(
        gradient(), "MPO", quality=95, subsampling=0, save_all=True, append_images=[Image.new("RGB", (96, 64), "white")]
    )
    assert content_type(data) == "image/jpeg"
    assert close(pixels(data), pixels(encode(gradient(), "PNG")), within=8)


def test_a_large_jpeg_decoded_at_reduced_scale_looks_the_same():
    large = gradient(1920, 1080)
    assert close(pixels(encode(large, "JPEG")), pixels(encode(large, "PNG")), within=8)


def test_one_pixel():
    assert (pixels(encode(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG")) == (9, 8, 7)).all()


def test_preparing_a_prepared_picture_changes_nothing():
    prepared = prepare(encode(gradient(), "JPEG"), *SIZE, Limits())
    again = prepare(encode_png(prepared), *SIZE, Limits())
    assert again.tobytes() == prepared.tobytes()


def test_prepared_pictures_carry_no_metadata():
    prepared = prepare(oriented(gradient(), 6, "JPEG"), *SIZE, Limits())
    assert b"eXIf" not in encode_png(prepared)
    assert b"Exif" not in encode_png(prepared)


@pytest.mark.parametrize("series", ["portrait", "landscape", "vips", "hopper_orientation"])
def test_real_turned_photographs_look_alike(shared_data: Path, series):
    files = sorted((shared_data / "messy").glob(f"*orientation/{series}_*"))
    flat = [pixels(file.read_bytes()).ravel() for file in files]
    assert len(files) >= 4
    # The photographs differ in a caption and in brightness; turned the wrong way their correlation is far lower.
    assert np.corrcoef(flat).min() > 0.9


@pytest.mark.parametrize("target", [(32, 32), (224, 160)])
@pytest.mark.parametrize("size", [(31, 47), (64, 64), (129, 130), (640, 481), (1921, 1079)])
@pytest.mark.parametrize("kind", [{}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"quality": 30}])
def test_the_quick_decoder_makes_the_very_pixels_of_pillow(monkeypatch, size, target, kind):
    # Serialize prepares with Pillow alone, the server and training with the quick decoder.
    noise = Image.effect_noise((40, 30), 90)
    picture = Image.merge("RGB", [noise, noise.rotate(180), gradient(40, 30).getchannel(0)]).resize(size)
    data = encode(picture, "JPEG", **kind)
    assert decode_jpeg(data, size, target) is not None
    quick = prepare(data, *target, Limits())
    monkeypatch.setattr(jpeg_pixels, "simplejpeg", None)
    assert prepare(data, *target, Limits()).tobytes() == quick.tobytes()
