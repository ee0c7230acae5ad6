"""Real senders, unchanged, with the settings that `tokenweir connect` prints."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from . import node
from .blocks import after, blocks, exports, printed
from .conftest import read_rows
from .holders import SEND, files
from .process import serving, wait_until
from .senders import running
from .stub_model import ANSWER, stub_model

pytestmark = pytest.mark.slow

QUESTION = "How high is the river?"
IN_PYTHON = f"""
import sys
from openai import OpenAI
with OpenAI(base_url=sys.argv[1], api_key="sk-none") as client:
    messages = [{{"role": "user", "content": "{QUESTION}"}}]
    client.chat.completions.create(model="gpt-plain", messages=messages)
"""
IN_NODE = f"""
import OpenAI from "openai";
const client = new OpenAI({{ baseURL: process.argv[2], apiKey: "sk-none" }});
const messages = [{{ role: "user", content: "{QUESTION}" }}];
await client.chat.completions.create({{ model: "gpt-plain", messages }});
"""
IN_VERCELS = f"""
import {{ register }} from "./instrumentation.mjs";
await register();
const {{ generateText }} = await import("ai");
const {{ createOpenAICompatible }} = await import("@ai-sdk/openai-compatible");
const openai = createOpenAICompatible({{ name: "openai", baseURL: process.argv[2] }});
const traced = {{ experimental_telemetry: {{ isEnabled: true }} }};
await generateText({{ model: openai("gpt-plain"), prompt: "{QUESTION}", ...traced }});
"""
RAISES = {
    "py": "raise KeyError('nobody catches this')\n",
    "mjs": "throw new Error('nobody catches this');\n",
}
needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")


@pytest.fixture
def server(database, tmp_path):
    """A service that asks for a key."""
    with serving(database, f"--ingest-keys-file={files(tmp_path)['ingest_keys_file']}") as server:
        yield server


@pytest.fixture
def settings(server):
    """What is printed for a sender."""
    return lambda sender: printed(sender, f"--url={server.url}", "--with-key")


@pytest.fixture
def call(server, database):
    """The row of the only call."""

    def call():
        wait_until(lambda: read_rows(database, "llm_traces"), "the row")
        (row,) = filter(_is_as_printed, read_rows(database, "llm_traces"))
        assert (row["provider"], row["model"]) == ("openai", "gpt-plain")
        assert (row["prompt_tokens"], row["completion_tokens"]) == (11, 7)
        assert row["metadata"]["ingest_key"] == "laptop"
        return row

    return call


def _is_as_printed(row):
    """Not of the second instrumentation that the tests have, which starts unasked as well."""
    return "openinference" not in row["metadata"].get("scope", "")


def environment():
    """The tests' own, with the key and their Python's programs."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "TOKENWEIR_KEY": SEND, "PATH": path}


def shell(script, directory, status=0):
    """Run a script in bash as it was printed, with the key in its variable."""
    done = subprocess.run(
        ("bash", "-e", "-u", "-c", script),  # noqa: S607 as a user would
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == status, done.stderr
    return done


def started(text, words, *arguments):
    """The exports and the last line of the settings, which starts the program."""
    return f"{exports(text)}\n{after(text, words).strip()} {' '.join(arguments)}"


@needs_bash
def test_a_python_program_is_instrumented_as_printed(settings, call, tmp_path):
    (tmp_path / "program.py").write_text(IN_PYTHON)
    with stub_model() as model:
        shell(started(settings("otel-python"), "In front of", model), tmp_path)
    row = call()
    assert QUESTION in row["input_text"]
    assert ANSWER in row["output_text"]
    assert row["metadata"]["service_name"] == "my-program"


@pytest.fixture
def room(packages, tmp_path):
    """A directory of its own, beside the packages."""
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    return tmp_path


@node.needed
def test_a_program_of_node_is_instrumented_as_printed(settings, call, room):
    text = settings("otel-js")
    (room / "telemetry.mjs").write_text(after(text, "telemetry.mjs"))
    (room / "program.mjs").write_text(IN_NODE)
    with stub_model() as model:
        shell(started(text, "loaded before", model), room)
    assert call()["metadata"]["service_name"] == "my-program"


@node.needed
def test_vercels_sdk_is_traced_as_printed(settings, call, room):
    text = settings("vercel")
    (room / "instrumentation.mjs").write_text(after(text, "instrumentation.mjs"))
    (room / "program.mjs").write_text(IN_VERCELS)
    with stub_model() as model:
        shell(f"{exports(text)}\nnode program.mjs {model}", room)
    row = call()
    assert QUESTION in row["input_text"]
    assert ANSWER in row["output_text"]


@needs_bash
def test_sentrys_sdk_for_python_reports_as_printed(settings, stored_errors, tmp_path):
    text = settings("sentry")
    (tmp_path / "program.py").write_text(after(text, "Python:") + RAISES["py"])
    shell(f"{exports(text)}\npython program.py", tmp_path, status=1)
    (row,) = stored_errors(1)
    assert (row["error_type"], row["message"]) == ("crash", "'nobody catches this'")


@node.needed
def test_sentrys_sdk_for_javascript_reports_as_printed(settings, stored_errors, room):
    text = settings("sentry")
    (room / "instrument.mjs").write_text(after(text, "JavaScript:"))
    (room / "program.mjs").write_text(RAISES["mjs"])
    shell(f"{exports(text)}\nnode --import ./instrument.mjs program.mjs", room, status=1)
    (row,) = stored_errors(1)
    assert (row["error_type"], row["message"]) == ("crash", "nobody catches this")


ASKS = f"""
import asyncio, sys, litellm
from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER
from opentelemetry import trace

async def main():
{{wired}}
    messages = [{{{{"role": "user", "content": "{QUESTION}"}}}}]
    asked = {{{{"model": "openai/gpt-plain", "api_base": sys.argv[1], "api_key": "sk-none"}}}}
    await litellm.acompletion(messages=messages, **asked)
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not ended.done():
        await GLOBAL_LOGGING_WORKER.flush()
{{flushes}}
        await asyncio.wait([ended], timeout=0.1)

asyncio.run(main())
"""
"""Reports at once, until its input ends, instead of every 5 s."""


class TestLiteLLM:
    """It is no part of the tests' own packages where that is not wanted."""

    @pytest.fixture(autouse=True)
    def _library(self, monkeypatch):
        if find_spec("litellm") is None:
            pytest.skip("needs litellm")
        monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")

    @pytest.fixture
    def asks(self, settings, call, tmp_path):
        """The row of a call by a program that is wired, and reports, with these lines."""

        def asks(wired, flushes):
            program = ASKS.format(wired=indent(wired, " " * 4), flushes=indent(flushes, " " * 8))
            (tmp_path / "program.py").write_text(program)
            with stub_model() as model:
                script = f"{exports(settings('litellm'))}\nexec python program.py {model}"
                with running("bash", "-c", script, cwd=tmp_path, env=environment()):
                    return call()

        return asks

    @needs_bash
    def test_its_library_reports_as_printed(self, settings, asks):
        wired = after(settings("litellm"), "In the program")
        assert asks(wired, "await litellm.callbacks[0].flush_queue()")["source"] == "litellm"

    @needs_bash
    def test_its_library_traces_as_printed(self, asks):
        flushes = "trace.get_tracer_provider().force_flush()"
        assert asks('litellm.callbacks = ["otel"]', flushes)["source"] == "otlp"

    def test_its_proxys_settings_make_a_callback(self, settings, tmp_path):
        """As the proxy does with its config.yaml; `os.environ/` it fills in before."""
        loads = (
            "import asyncio, json, litellm, sys\n"
            "async def main():\n"
            "    litellm.callback_settings = json.loads(sys.argv[1])['callback_settings']\n"
            "    add = litellm.logging_callback_manager._add_custom_callback_generic_api_str\n"
            "    made = add('tokenweir')\n"
            "    print(made.endpoint, made.headers['x-api-key'])\n"
            "asyncio.run(main())\n"
        )
        config = yaml.safe_load(after(settings("litellm"), "config.yaml"))
        command = (sys.executable, "-c", loads, json.dumps(config))
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        endpoint = config["callback_settings"]["tokenweir"]["endpoint"]
        assert done.stdout.splitlines()[-1] == f"{endpoint} os.environ/TOKENWEIR_KEY"


def test_all_blocks_that_are_tested_are_there(settings):
    """So that a new block is thought of here."""
    counts = {name: len(blocks(settings(name))) for name in ("otel-python", "otel-js", "vercel")}
    assert counts == {"otel-python": 3, "otel-js": 4, "vercel": 4}
