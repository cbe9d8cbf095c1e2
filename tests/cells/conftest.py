import pytest


@pytest.fixture(autouse=True)
def compiled_quickly(quick_compilation):
    pass
