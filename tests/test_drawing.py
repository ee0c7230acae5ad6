"""Pictures of the dashboards: numbers as Grafana shows them, and every panel of every dashboard."""

import os
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("matplotlib")

from grafana.asking.columns import Column
from grafana.asking.prometheus import Prometheus
from grafana.asking.sqlite import Database
from grafana.drawing import colors, page, units
from grafana.drawing.looks import look
from grafana.reading import dashboards
from grafana.reading.windows import Window

WINDOW = Window(1_800_000_000_000, 1_800_000_600_000)
MINUTES = [WINDOW.from_ms + minute * 60_000.0 for minute in range(10)]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0, "s", "0 s"),
        (0.000_25, "s", "250 µs"),
        (90, "s", "1.5 mins"),
        (4 * 86_400, "s", "4 days"),
        (6060, "ms", "6.06 s"),
        (3 * 2**20, "bytes", "3 MiB"),
        (999.9, "short", "1000"),
        (2_140_000, "short", "2.14 Mil"),
        (15_700, "locale", "15,700"),
        (0.5, "eps", "0.5 evt/s"),
        (12_000, "reqps", "12K req/s"),
        (0.0149, "percentunit", "1.49%"),
        (-43.4, "currencyUSD", "-$43.4"),
        (0.000186, "currencyUSD", "$0.000186"),
        (1_800_000_000_000, "time:MM-DD HH:mm:ss", "01-15 08:00:00"),
    ],
)
def test_numbers_have_the_units_of_grafana(value, unit, words):
    assert units.shown(value, unit) == words


def test_a_name_has_the_colour_that_grafana_gives_it():
    words = {"trace": "#19730e", "gpt-4o (openai)": "#6d1f62", "events": "#2f575e"}
    assert {one: colors.of_word(one) for one in words} == words


def panel(*overrides, **defaults):
    fields = {"defaults": defaults, "overrides": list(overrides)}
    return dashboards.Panel(1, "a panel", "stat", (), {"fieldConfig": fields})


def test_a_column_looks_as_its_override_says():
    changes = {"unit": "currencyUSD", "decimals": 2, "custom.width": 90}
    properties = [{"id": name, "value": value} for name, value in changes.items()]
    rule = {"matcher": {"id": "byName", "options": "Spent"}, "properties": properties}
    one = panel(rule, unit="short")
    spent, calls = (look(one, Column(name, [1.5]), 0) for name in ("Spent", "Calls"))
    assert (spent.text(29.3), spent.custom("width")) == ("$29.30", 90)
    assert (calls.text(1500), calls.custom("width")) == ("1.5 K", None)


def test_a_label_gives_a_series_its_name():
    one = panel(displayName="${__field.labels.name}")
    assert look(one, Column("usd", [1.0], [0], {"name": "gpt-4o"}), 0).name == "gpt-4o"


def test_a_threshold_that_is_passed_gives_its_colour():
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 10}]
    one = look(panel(color={"mode": "thresholds"}, thresholds={"steps": steps}), Column("", []), 0)
    assert [one.color_of(value) for value in (None, 9.9, 10)] == ["#56a64b", "#56a64b", "#e02f44"]


def test_nothing_is_told_in_the_words_of_the_panel():
    special = {"match": "null+nan", "result": {"text": "no commits", "color": "text"}}
    mapped = panel(mappings=[{"type": "special", "options": special}], noValue="none")
    assert look(mapped, Column("", []), 0).text(None) == "no commits"
    assert look(panel(noValue="none"), Column("", []), 0).text(None) == "none"


def test_a_line_is_broken_where_prometheus_has_no_value():
    body = b"""{"status": "success", "data": {"result": [{"metric": {"model": "m"},
        "values": [[10, "1"], [20, "2"], [50, "NaN"], [60, "4"]]}]}}"""
    target = dashboards.Target("A", "prometheus", "", {"legendFormat": "model {{model}}"})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        asked = Prometheus(f"http://127.0.0.1:{server.server_port}")
        (one,) = asked.ask(target, "up", WINDOW, 10_000)
        server.shutdown()
        thread.join()
    assert one.name == "model m"
    assert one.values == [1, 2, None, None, 4]
    assert one.times == [10_000, 20_000, 30_000, 50_000, 60_000]


def test_rows_become_series_as_the_plugin_makes_them(tmp_path):
    database = tmp_path / "t.db"
    with sqlite3.connect(database) as db:
        db.execute("CREATE TABLE t (time, name, usd)")
        db.execute("INSERT INTO t VALUES (1, 'a', 5), (1, 'b', 6), (2, 'a', 7)")
    db.close()
    asked = {"queryType": "time series", "timeColumns": ["time"]}
    target = dashboards.Target("A", dashboards.SQLITE, "", asked)
    columns = Database(database).ask(target, "SELECT * FROM t")
    assert [(one.labels, one.times, one.values) for one in columns] == [
        ({"name": "a"}, [1000, 2000], [5, 7]),
        ({"name": "b"}, [1000], [6]),
    ]
    asked["queryType"] = "table"
    columns = Database(database).ask(target, "SELECT * FROM t")
    assert [one.values for one in columns] == [[1000, 1000, 2000], ["a", "b", "a"], [5, 6, 7]]
    assert Database(database).ask(target, "SELECT * FROM t WHERE false") == []


def some(one, points):
    """Answers that are the same for every panel of a type."""
    if one.type == "timeseries":
        return [Column(name, [3.0, None] * 5, MINUTES) for name in ("one", "two")]
    if one.type == "stat":
        return [Column("Value", [0.5])]
    columns = {"Time": WINDOW.from_ms, "Spent": 1.5, "Model": "gpt " * 100, "Failed": None}
    return [Column(name, [value]) for name, value in columns.items()]


def nothing(one, points):
    """Prometheus may have series of a histogram without any quantile."""
    return [Column("one", [None], MINUTES[:1])] if one.type == "timeseries" else []


def words_of(canvas):
    return {text.get_text() for text in canvas.figure.axes[0].texts}


@pytest.mark.slow
@pytest.mark.parametrize("ask", [some, nothing])
@pytest.mark.parametrize("one", dashboards.read_all(), ids=lambda one: one.uid)
def test_a_picture_has_every_panel_of_a_dashboard(one, ask, tmp_path):
    canvas = page.draw(one, ask, WINDOW, cells=1000)
    panels = [each for each in one.json["panels"] if each["type"] != "row"]
    expected = {page.NOTE, *(each["title"] for each in panels)}  # and none of them is cut
    if ask is nothing:
        expected |= {each["fieldConfig"]["defaults"]["noValue"] for each in panels}
    assert expected <= words_of(canvas)
    canvas.save(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_picture_ends_after_so_many_cells_with_a_row_that_has_panels():
    one = dashboards.read(dashboards.FOLDER / "tokenweir-ingest.json")
    words = words_of(page.draw(one, some, WINDOW, cells=14))
    rows = [f"▾ {each['title']}" for each in one.json["panels"] if each["type"] == "row"]
    assert [row for row in rows if row in words] == rows[:1]
    assert "Accepted" in words


@pytest.mark.slow
def test_a_staged_day_can_be_drawn(tmp_path):
    from .monitoring import images

    images.main(minutes=0.2, folder=tmp_path)
    names = {f"{one.uid}.png" for one in dashboards.read_all()}
    assert {path.name for path in tmp_path.iterdir()} == names
