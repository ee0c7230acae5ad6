"""OpenClaw's gateway, by its plugin diagnostics-otel."""

ABOUT = "OpenClaw: its plugin diagnostics-otel"

TEXT = """\
# OpenClaw: once, on the gateway's machine.
openclaw plugins install clawhub:@openclaw/diagnostics-otel
openclaw plugins enable diagnostics-otel

# Merge this into ~/.openclaw/openclaw.json, then: openclaw gateway restart
# Failed calls are told of in the logs, and costs in the metrics: leave both on.
[named]# The key goes into ~/.openclaw/.env, as TOKENWEIR_KEY=tw_...
{
  "diagnostics": {
    "enabled": true,
    "otel": {
      "enabled": true,
      "endpoint": "{url}",
      "protocol": "http/protobuf",
[key]      "headers": {"x-api-key": "{key in json}"},
      "traces": true,
      "metrics": true,
      "logs": true
    }
  }
}

# To have prompts and answers stored as well, merge this too (from 2026.4 on).
{
  "diagnostics": {
    "otel": {
      "captureContent": {"enabled": true, "inputMessages": true, "outputMessages": true}
    }
  }
}
"""
