"""Colours: sRGB, as in pictures; linear, in which light adds up; CIE Lab, in which distances are what people see."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array, Image

LUMA: Array = np.array([0.2126, 0.7152, 0.0722])  # of the linear RGB, in luminance


def linear_from_srgb(values: Array) -> Array:
    """sRGB uint8 (or 0..255 floats) to linear 0..1 float32."""
    values = np.asarray(values)
    return _LINEAR[values] if values.dtype == np.uint8 else _linear(values)


def _linear(values: Array) -> Array:
    c = np.asarray(values, np.float32) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR = _linear(np.arange(256))


def srgb_from_linear(values: Array) -> Image:
    """Linear 0..1 to sRGB uint8, clipped."""
    v = np.clip(np.asarray(values, np.float32), 0, 1)
    return _SRGB[(v * (len(_SRGB) - 1) + 0.5).astype(np.int32)]


_ramp = np.linspace(0, 1, 1 << 14)
_SRGB = np.round(255 * np.where(_ramp <= 0.0031308, 12.92 * _ramp, 1.055 * _ramp ** (1 / 2.4) - 0.055)).astype(np.uint8)


# Of D65, the white of sRGB. Not OpenCV's conversions: at the first one, it spends 0.06 s on its tables.
_WHITE = np.array([0.950456, 1.0, 1.088754], np.float32)
_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
_TO_XYZ = (_XYZ.T / _WHITE).astype(np.float32)
_FROM_XYZ = np.linalg.inv(_XYZ.T / _WHITE).astype(np.float32)
_OPPONENT = np.array([[0, 500, 0], [116, -500, 200], [0, 0, -200]], np.float32)
_CUBE, _SLOPE, _FOOT = 0.008856, 7.787, 16 / 116  # below the cube root's foot, its tangent


def lab_from_linear(values: Array) -> Array:
    """CIE Lab (..., 3) of linear RGB (..., 3) 0..1, without rounding to whole grey levels."""
    xyz = np.asarray(values, np.float32) @ _TO_XYZ
    lab = np.where(xyz > _CUBE, np.cbrt(xyz), _SLOPE * xyz + _FOOT) @ _OPPONENT
    lab[..., 0] -= 16
    return np.asarray(lab)


def srgb_from_lab(values: Array) -> Array:
    """sRGB 0..255 float32 (..., 3) of CIE Lab (..., 3), clipped."""
    lightness, a, b = np.moveaxis(np.asarray(values, np.float32), -1, 0)
    y = (lightness + 16) / 116
    f = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    v = np.where(f > _CUBE ** (1 / 3), f**3, (f - _FOOT) / _SLOPE) @ _FROM_XYZ
    srgb = np.where(v <= 0.0031308, 12.92 * v, 1.055 * np.maximum(v, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(255 * np.clip(srgb, 0, 1), np.float32)
