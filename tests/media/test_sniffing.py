"""What a file is, by its bytes alone."""

from __future__ import annotations

import pytest

from potluck.media.sniffing import media_type_of


def ftyp(*brands: bytes) -> bytes:
    body = brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    return (len(body) + 8).to_bytes(4, "big") + b"ftyp" + body + b"\0\0\0\x08free"


@pytest.mark.parametrize(("head", "media_type"), [
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    (b"GIF89a\x01\0", "image/gif"),
    (b"RIFF\x24\0\0\0WEBPVP8X", "image/webp"),
    (ftyp(b"avif", b"mif1", b"miaf"), "image/avif"),
    (ftyp(b"mif1", b"avif", b"miaf"), "image/avif"),
    (ftyp(b"heic", b"mif1"), "image/heic"),
    (ftyp(b"mif1", b"heic"), "image/heic"),
    (ftyp(b"isom", b"iso2", b"avc1", b"mp41"), "video/mp4"),
    (ftyp(b"mp42", b"M4A "), "video/mp4"),
    (ftyp(b"M4A ", b"mp42"), "audio/mp4"),
    (ftyp(b"qt  "), "video/quicktime"),
    (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm", "video/webm"),
    (b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88matroska", "video/x-matroska"),
    (b"OggS\0\x02" + bytes(20) + b"\x01\x1e\x01vorbis", "audio/ogg"),
    (b"OggS\0\x02" + bytes(20) + b"\x01\x13OpusHead", "audio/opus"),
    (b"OggS\0\x02" + bytes(20) + b"\x01\x2a\x80theora", "video/ogg"),
    (b"fLaC\0\0\0\x22", "audio/flac"),
    (b"ID3\x04\0\0", "audio/mpeg"),
    (b"FORM\0\0\0\x24AIFFCOMM", "audio/aiff"),
    (b"#!AMR\n", "audio/amr"),
    (b"FLV\x01\x05\0\0\0\x09", "video/x-flv"),
    (b"\0\0\x01\xba\x44", "video/mpeg"),
    (b"\xff\xfb\x90\x64", "audio/mpeg"),
    (b"\xff\xf1\x50\x80", "audio/aac"),
    (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
    (b"RIFF\x24\0\0\0AVI LIST", "video/x-msvideo"),
    (b"".join(b"\x47" + bytes(187) for _ in range(4)), "video/mp2t"),
    (b"WEBVTT\n\n", "text/vtt"),
    (b"%PDF-1.7", "application/pdf"),
    (b"PK\x03\x04" + bytes(22) + b"\x08\0\0\0mimetypeapplication/epub+zip", "application/epub+zip"),
    (b"PK\x03\x04" + bytes(60), "application/zip"),
    (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', "image/svg+xml"),
    (b"  <SVG onload=alert(1)>", "image/svg+xml"),
    (b"<!DOCTYPE html><script>alert(1)</script>", "application/octet-stream"),
    (b"MZ\x90\0", "application/octet-stream"),
    (b"\x7fELF\x02", "application/octet-stream"),
    (b"#!/bin/sh\n", "application/octet-stream"),
    (b"", "application/octet-stream"),
    (b"\xff", "application/octet-stream"),
    (b"\xff\xff\xff\xff", "application/octet-stream"),
    (b"\0\0\0\x08ftyp", "video/mp4"),
    (b"RIFF", "application/octet-stream"),
])
def test_type_by_bytes(head: bytes, media_type: str) -> None:
    """The first bytes decide, whatever name or header came with them."""
    assert media_type_of(head) == media_type
