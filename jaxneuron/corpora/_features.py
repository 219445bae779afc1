"""Feature matrices of images from `.npy`, `.npz` and `.mat` files, as float32 `[image, feature]`."""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxneuron.corpora._files import listing

SUFFIXES = (".npy", ".npz", ".mat")


def first(folders: Sequence[Path], stems: Sequence[str]) -> Path | None:
    """Return the first matrix in the folders that has one of the names, whatever its suffix."""
    paths = [folder / f"{stem}{suffix}" for folder in folders for stem in stems for suffix in SUFFIXES]
    return next((path for path in paths if path.exists()), None)


def only(folder: Path) -> Path:
    """Return the one matrix of a folder.

    Raises:
        FileNotFoundError: it has none.
        ValueError: it has several.
    """
    found = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    if not found:
        raise FileNotFoundError(
            f"no feature matrix in {folder}; put one beside the captions, for all images in their order "
            f"(vgg_feats.mat with the key 'feats', or any .npy or .npz) or one per split; got {listing(folder)}"
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ValueError(f"{folder} has several feature matrices: {names}; keep one, or name them by split")
    return found[0]


def load(path: Path, images: int) -> np.ndarray:
    """Read a matrix with one row per image; float32 in `.npy` stays on disk.

    Args:
        path: `.npy`; `.npz` with one array; or `.mat` with `feats[feature, image]`, as Karpathy's.
        images: rows expected.

    Raises:
        ValueError: the file is damaged, holds something else, or has another number of images.
    """
    try:
        matrix = _mat(path) if path.suffix == ".mat" else _numpy(path)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"cannot read {path} as a feature matrix ({error}); fetch it again or save it anew") from error
    if matrix.ndim != 2 or not np.issubdtype(matrix.dtype, np.number) or np.iscomplexobj(matrix):
        raise ValueError(f"{path}: expected numbers [image, feature], got {matrix.dtype} of shape {matrix.shape}")
    if len(matrix) != images:
        raise ValueError(
            f"{path}: expected a row for each of the {images} images that have captions, got shape {matrix.shape}; "
            "the features must belong to these captions, in the same order"
        )
    return matrix if matrix.dtype == np.float32 else matrix.astype(np.float32)


def _numpy(path: Path) -> np.ndarray:
    if path.suffix == ".npy":
        return np.load(path, mmap_mode="r", allow_pickle=False)
    with np.load(path, allow_pickle=False) as arrays:
        if len(arrays.files) != 1:
            raise ValueError(f"expected one array, got {', '.join(arrays.files) or 'none'}")
        return arrays[arrays.files[0]]


def _mat(path: Path) -> np.ndarray:
    # Costs a tenth of a second, and few have .mat files.
    import scipy.io

    try:
        arrays = scipy.io.loadmat(path)
    except NotImplementedError as error:
        raise ValueError("MATLAB 7.3 files are HDF5; save it with '-v7' or as .npy") from error
    except Exception as error:  # scipy raises errors of a dozen kinds on damaged files
        raise ValueError(str(error)) from error
    if "feats" not in arrays:
        raise ValueError(f"expected the key 'feats', got {', '.join(k for k in arrays if not k.startswith('__'))}")
    return np.ascontiguousarray(arrays["feats"].T)
