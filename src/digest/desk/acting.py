"""What the editor does by POST: each act is the library call that the command of the same name makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from digest.app import editors, samples
from digest.app.parts import App
from digest.desk.changes import change_of
from digest.desk.fields import Fields, read_fields
from digest.desk.state import page_state
from digest.desk.workbench import Workbench
from digest.serving.bodies import body_of


@dataclass(frozen=True, slots=True)
class Acting:
    """The acts; `by` is recorded as who approved. Each is answered with the edition as it then stands."""

    bench: Workbench
    by: str
    offline: bool

    def routes(self) -> list[Route]:
        """The paths answered here."""
        acts = {
            "edit": self.edit,
            "approve": self.approve,
            "withdraw": self.withdraw,
            "skip": self.skip,
            "plan": self.plan,
        }
        routes = [_post(f"/api/{name}", self._then_tell(act)) for name, act in acts.items()]
        return [*routes, _post("/api/test-send", self.test_send)]

    def edit(self, app: App, key: str, fields: Fields) -> None:
        """One change to a draft, which it begins where there is none yet."""
        editors.edit_edition(app, key, change_of(fields), fields.number("seen"))

    def approve(self, app: App, key: str, fields: Fields) -> None:
        """Freeze exactly the bytes that were looked at."""
        sha256 = fields.digests("sha256")
        editors.approve(app, key, self.by, fields.number("seen"), sha256)

    def withdraw(self, app: App, key: str, fields: Fields) -> None:
        """Make an approved edition a draft again."""
        editors.withdraw_approval(app, key, fields.number("seen"))

    def skip(self, app: App, key: str, fields: Fields) -> None:
        """Send nothing this week."""
        editors.skip(app, key, fields.text("reason"), fields.number("seen"))

    def plan(self, app: App, key: str, fields: Fields) -> None:
        """Make or refresh the draft, or take a skipped week up again."""
        editors.plan_edition(app, key, seen=fields.number("seen"))

    def test_send(self, request: Request) -> Response:
        """Mail the edition to some addresses; nothing is recorded."""
        fields = read_fields(body_of(request))
        tried = samples.send_test(self.bench.app(), fields.text("key"), fields.texts("addresses"))
        return JSONResponse({"tried": [asdict(one) for one in tried]})

    def _then_tell(self, act: Callable[[App, str, Fields], None]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            fields = read_fields(body_of(request))
            key = fields.text("key")
            act(self.bench.app(), key, fields)
            return JSONResponse(page_state(self.bench, key, offline=self.offline))

        return answer


def _post(path: str, answer: Callable[[Request], Response]) -> Route:
    return Route(path, answer, methods=["POST"])
