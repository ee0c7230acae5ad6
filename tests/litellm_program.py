"""A program that asks models through LiteLLM's library, with both of its callbacks on.

`python -m tests.litellm_program MODEL_URL`, and the environment says where they report. Each call
has a tag. It sends reports until its input ends.
"""

import asyncio
import contextlib
import sys
from typing import Any

import litellm
from litellm.caching.caching import Cache
from litellm.integrations.generic_api.generic_api_callback import GenericAPILogger
from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER
from openai import OpenAIError
from opentelemetry import trace

QUESTION = [{"role": "user", "content": "How high is the river?"}]
TOOL = {"type": "function", "function": {"name": "level", "parameters": {"type": "object"}}}
PRICED, OTHER = "openai/gpt-4o-mini", "openai/gpt-4o"
CLAUDE = "anthropic/claude-sonnet-4-5"
EMBEDDING = "openai/text-embedding-3-small"
ALONE = "openai/gpt-4.1-mini"
"""Of calls without `await`, which only one of the callbacks tells of."""
MANY = 20


class Asking:
    """The calls, to a model's server at `base`."""

    def __init__(self, base):
        self._base = base.removesuffix("/v1")

    def _about(self, tag, where="", model=PRICED, **options):
        """What is the same for each call."""
        api = f"{self._base}/{where}".removesuffix("/") + ("" if model == CLAUDE else "/v1")
        about = {"model": model, "api_base": api, "api_key": "sk-none", "max_retries": 0}
        return {**about, "metadata": {"tags": [tag]}, **options}

    async def chat(self, tag, where="", model=PRICED, **options):
        """Ask, and read the answer to its end."""
        about = self._about(tag, where, model, messages=QUESTION, **options)
        with contextlib.suppress(OpenAIError):  # all of its errors are OpenAI's
            answer = await litellm.acompletion(**about)
            if options.get("stream"):
                async for _ in answer:
                    pass

    def plainly(self, tag, where="", **options):
        """The same without `await`."""
        about = self._about(tag, where, ALONE, messages=QUESTION, **options)
        with contextlib.suppress(OpenAIError):
            answer = litellm.completion(**about)
            if options.get("stream"):
                list(answer)

    async def all(self):
        """One call of each sort."""
        await self.chat("plain")
        await self.chat("tools", tools=[TOOL])
        await self.chat("anthropic", model=CLAUDE)
        await litellm.anthropic.messages.acreate(
            **self._about("messages", model=CLAUDE, messages=QUESTION, max_tokens=50)
        )
        await self.streams()
        await self.failures()
        await self.again()
        await self.cached()
        for tag, where, options in (
            ("sync", "", {}),
            ("sync stream", "", {"stream": True}),
            ("sync limited", "limited", {}),
        ):
            await asyncio.to_thread(self.plainly, tag, where, **options)
        await asyncio.gather(*(self.chat("many") for _ in range(MANY)))

    async def streams(self):
        await self.chat("stream", stream=True)
        await self.chat("stream with usage", stream=True, stream_options={"include_usage": True})
        await self.chat("cut", "cut", stream=True)

    async def failures(self):
        for where in ("limited", "broken", "locked", "garbled"):
            await self.chat(where, where)
        await self.chat("silent", "silent", timeout=0.5)

    async def again(self):
        """Calls that fail at first."""
        await self.chat("retried", "once-a", num_retries=2)
        other = {"model": OTHER, "api_base": f"{self._base}/v1", "messages": QUESTION}
        await self.chat("fallen back", "limited", fallbacks=[other])
        deployment = self._about("", "once-b")
        router = litellm.Router(
            [{"model_name": "main", "litellm_params": deployment}], num_retries=2, retry_after=0
        )
        # the proxy gives the call its id before it asks its router
        about = {"litellm_call_id": "of-a-proxy", "metadata": {"tags": ["routed"]}}
        await router.acompletion("main", QUESTION, **about)

    async def cached(self):
        """Each twice, with a cache for the second."""
        litellm.cache = Cache(type="local")
        answers = litellm.cache.cache.cache_dict
        for _ in range(2):
            await self.chat("cached", user="a")
            await self.chat("cached stream", user="b", stream=True)
            about = self._about("cached embedding", model=EMBEDDING, input=["river"])
            await litellm.aembedding(**about)
            async with asyncio.timeout(30):
                while len(answers) < 3:  # noqa: ASYNC110 nobody tells when one is kept
                    await asyncio.sleep(0.01)
        litellm.cache = None


async def main(base):
    reports = GenericAPILogger()
    litellm.callbacks = [reports, "otel"]
    await Asking(base).all()
    provider: Any = trace.get_tracer_provider()  # the callback's own
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not ended.done():
        await GLOBAL_LOGGING_WORKER.flush()
        await reports.flush_queue()
        provider.force_flush()
        await asyncio.wait([ended], timeout=0.1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
