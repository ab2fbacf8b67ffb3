//! End-to-end and fault tests of the running service; the tests are in `tests/`.
