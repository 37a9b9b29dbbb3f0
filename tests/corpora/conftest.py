import pytest


@pytest.fixture
def make_files(tmp_path):
    """Return a function that makes empty files under a root of its own, and returns that root."""

    def make(*names, root="root"):
        for name in names:
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / root

    return make
