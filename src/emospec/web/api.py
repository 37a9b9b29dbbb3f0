"""The addresses of the API."""

from inspect import signature
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends

from emospec import __version__
from emospec.web import answers
from emospec.web.live import serve_live
from emospec.web.problems import KINDS, MEDIA_TYPE
from emospec.web.service import Service
from emospec.web.uploads import FIELD, RAW_TYPES

BYTES = {"type": "string", "format": "binary"}
UPLOAD = {
    "requestBody": {
        "required": True,
        "description": "A recording in any common format: WAV, FLAC, MP3, OGG, Opus, M4A, WebM, or a film with sound.",
        "content": {
            "multipart/form-data": {"schema": {"type": "object", "required": [FIELD], "properties": {FIELD: BYTES}}},
        }
        | {kind: {"schema": BYTES} for kind in RAW_TYPES},
    }
}
METRICS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus' text format."}
}

Channel = Annotated[
    int | None, Query(ge=1, le=1024, description="Counted from 1; the mean of all channels unless given.")
]
Window = Annotated[
    float | None, Query(description="Seconds that one answer is on; at most as many as the model hears at once.")
]
Hop = Annotated[
    float | None,
    Query(
        description="Seconds from one window to the next; at most the window, which it is if that is shorter than 1."
    ),
]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of problems that an address answers with."""
    titles = {status: " / ".join(kind.title for kind in KINDS.values() if kind.status == status) for status in statuses}
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": title, "content": {MEDIA_TYPE: {"schema": schema}}} for status, title in titles.items()
    }


ANY = problems(403, 421, 429)
ON_UPLOAD = problems(400, 403, 408, 413, 415, 421, 422, 429, 500, 503)

router = APIRouter()


def service_of(request: Request) -> Service:
    """Return what all requests share."""
    service: Service = request.app.state.service
    return service


def admit(request: Request) -> None:
    """Raise a `Problem` unless the client may ask."""
    service_of(request).admit(request)


def check_names(request: Request) -> None:
    """Raise a `RequestValidationError` for parameters that an address does not know, if it knows any."""
    known = [name for name in signature(request.scope["endpoint"]).parameters if name != "request"]
    unknown = [name for name in request.query_params if name not in known]
    if known and unknown:
        told = f"no parameter of this address; expected {' or '.join(known)}"
        raise RequestValidationError([{"loc": ("query", name), "msg": told} for name in unknown])


v1 = APIRouter(prefix="/v1", dependencies=[Depends(admit), Depends(check_names)], tags=["recordings"])


@v1.post("/predict", response_model=answers.PredictionAnswer, responses=ON_UPLOAD, openapi_extra=UPLOAD)
async def predict(request: Request, channel: Channel = None) -> dict[str, Any]:
    """Give one answer on a recording of up to a minute."""
    return await service_of(request).answer(request, {"do": "predict", "channel": channel, "options": {}})


@v1.post("/timeline", response_model=answers.TimelineAnswer, responses=ON_UPLOAD, openapi_extra=UPLOAD)
async def timeline(request: Request, window: Window = None, hop: Hop = None, channel: Channel = None) -> dict[str, Any]:
    """Give answers along a long recording: windows at regular times, and segments of one emotion or of silence."""
    options = service_of(request).windows.chosen(window, hop)
    return await service_of(request).answer(request, {"do": "timeline", "channel": channel, "options": options})


@v1.post("/explain", response_model=answers.ExplanationAnswer, responses=ON_UPLOAD, openapi_extra=UPLOAD)
async def explain(request: Request, channel: Channel = None) -> dict[str, Any]:
    """Give one answer, and which part of the spectrogram spoke for it."""
    return await service_of(request).answer(request, {"do": "explain", "channel": channel, "options": {}})


@v1.get("/model", response_model=answers.ModelAnswer, responses=ANY)
async def model(request: Request) -> dict[str, Any]:
    """Tell what is known of the model: its classes, its card, how it was made and measured."""
    service = service_of(request)
    bundle = service.bundle
    return {
        "name": bundle.name,
        "sha256": bundle.fingerprint,
        "classes": list(bundle.classes.classes),
        "sample_rate": bundle.sample_rate,
        "threshold": bundle.calibration and bundle.calibration.threshold,
        "card": service.card,
        "facts": without_speakers(bundle.facts),
    }


def without_speakers(facts: Any) -> Any:
    """Return facts with the number of speakers for their names."""
    corpora = {
        name: {key: value for key, value in corpus.items() if key != "speakers"}
        | {"n_speakers": len(corpus.get("speakers", []))}
        for name, corpus in facts["training"]["corpora"].items()
    }
    return dict(facts) | {"training": dict(facts["training"]) | {"corpora": corpora}}


@router.get("/healthz", response_model=answers.Health, responses=problems(421), tags=["server"])
async def healthz(request: Request) -> dict[str, Any]:
    """Tell whether the server works."""
    pool = service_of(request).pool
    return {"status": "ok", "version": __version__, "workers": len(pool.workers), "busy": pool.n_busy}


@router.get("/metrics", responses=METRICS | ANY, dependencies=[Depends(admit)], tags=["server"])
async def metrics(request: Request) -> Response:
    """Tell what the server counts of itself, for Prometheus."""
    return Response(service_of(request).meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.websocket("/v1/live")
async def live(socket: WebSocket) -> None:
    """Take live sound: samples come in, answers go out."""
    await serve_live(socket, socket.app.state.service)
