"""Requests made up from the API's description: each is answered as the description says."""

import pytest

from serving import RunningServer

schemathesis = pytest.importorskip("schemathesis")
hypothesis = pytest.importorskip("hypothesis")

OPERATIONS = (
    "POST /v1/predict",
    "POST /v1/timeline",
    "POST /v1/explain",
    "GET /v1/model",
    "GET /healthz",
    "GET /metrics",
)
MODES = ("positive", "negative")


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_server_keeps_what_its_description_promises(server: RunningServer, name: str, mode: str):
    schema = schemathesis.openapi.from_url(f"{server.url}openapi.json")
    method, path = name.split()
    operation = schema[path][method]
    if mode == "negative" and not (operation.body or operation.query):
        pytest.skip("there is nothing to be wrong")
    no_sound = [schemathesis.checks.CHECKS.get_one("positive_data_acceptance")]  # what is made up is no recording
    strategy = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

    @hypothesis.given(case=strategy)
    @hypothesis.settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def check(case):
        case.call_and_validate(excluded_checks=no_sound, timeout=20)

    check()
