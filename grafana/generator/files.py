"""The dashboards as files."""

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from . import cost, events, ingest


def make() -> dict[str, str]:
    """The text of each file by its name."""
    return {f"{one.uid}.json": _text(one) for one in (ingest.make(), events.make(), cost.make())}


def _text(dashboard: Dashboard) -> str:
    plain = json.loads(json.dumps(dashboard, cls=JSONEncoder))
    for shown in (*plain["links"], *plain["annotations"]["list"]):
        # the SDK can only put them into the menu of three dots, where Grafana 12.3 shows no
        # drop-down at all; without this key they are beside the variables
        del shown["placement"]
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
