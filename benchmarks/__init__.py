"""Is it fast? Each module times one part of the library against its peers: `python -m benchmarks.NAME`."""
