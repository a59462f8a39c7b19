"""Colours: sRGB, as in pictures; linear, in which light adds up; CIE Lab, in which distances are what people see."""

from __future__ import annotations

import cv2
import numpy as np

from expnet_live.core.types import Array, Image

LUMA: Array = np.array([0.2126, 0.7152, 0.0722])  # of the linear RGB, in luminance


def linear_from_srgb(values: Array) -> Array:
    """sRGB uint8 (or 0..255 floats) to linear 0..1 float32."""
    c = np.asarray(values, np.float32) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def srgb_from_linear(values: Array) -> Image:
    """Linear 0..1 to sRGB uint8, clipped."""
    v = np.clip(np.asarray(values, np.float32), 0, 1)
    return _SRGB[(v * (len(_SRGB) - 1) + 0.5).astype(np.int32)]


_ramp = np.linspace(0, 1, 1 << 14)
_SRGB = np.round(255 * np.where(_ramp <= 0.0031308, 12.92 * _ramp, 1.055 * _ramp ** (1 / 2.4) - 0.055)).astype(np.uint8)


def lab_from_linear(values: Array) -> Array:
    """CIE Lab (..., 3) of linear RGB (..., 3) 0..1, without rounding to whole grey levels."""
    v = np.asarray(values, np.float32)
    srgb = np.where(v <= 0.0031308, 12.92 * v, 1.055 * np.maximum(v, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(cv2.cvtColor(srgb.astype(np.float32).reshape(1, -1, 3), cv2.COLOR_RGB2LAB)).reshape(v.shape)


def srgb_from_lab(values: Array) -> Array:
    """sRGB 0..255 float32 (..., 3) of CIE Lab (..., 3), clipped."""
    v = np.asarray(values, np.float32)
    rgb = np.asarray(cv2.cvtColor(v.reshape(1, -1, 3), cv2.COLOR_LAB2RGB)).reshape(v.shape)
    return np.asarray(255 * np.clip(rgb, 0, 1), np.float32)
