"""Where the app and the bundled samples are: inside an installed wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def bundle_root() -> Path:
    """The folder that holds `app` and `sample_trees`; for running the app it belongs on the Python path."""
    bundle = PACKAGE / "bundle"
    return bundle if (bundle / "app").is_dir() else PACKAGE.parent


def app_dir() -> Path:
    """The app's folder, with `main.py` in it."""
    return bundle_root() / "app"


def samples_dir() -> Path:
    """The folder of bundled sample forests and their index."""
    return bundle_root() / "sample_trees"
