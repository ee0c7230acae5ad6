"""The tables, and how an older file becomes the newest. `query` decides which indexes exist."""

APPLICATION_ID = 0x746B7772
"""`tkwr` in the file's header (PRAGMA application_id): tells our files from foreign ones."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE llm_traces (
            id INTEGER PRIMARY KEY,
            event_id TEXT NOT NULL UNIQUE,
            trace_id TEXT NOT NULL,
            span_id TEXT,
            parent_span_id TEXT,
            created_at INTEGER NOT NULL,
            started_at INTEGER,
            source TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            operation TEXT,
            status TEXT NOT NULL,
            error_type TEXT,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            total_tokens INTEGER,
            cache_read_tokens INTEGER,
            cache_write_tokens INTEGER,
            reasoning_tokens INTEGER,
            cost_usd REAL,
            cost_source TEXT,
            latency_ms REAL,
            time_to_first_token_ms REAL,
            session_id TEXT,
            agent TEXT,
            metadata TEXT,
            input_text TEXT,
            output_text TEXT
        ) STRICT
        """,
        """
        CREATE TABLE error_events (
            id INTEGER PRIMARY KEY,
            event_id TEXT NOT NULL UNIQUE,
            trace_id TEXT NOT NULL,
            span_id TEXT,
            created_at INTEGER NOT NULL,
            occurred_at INTEGER,
            source TEXT NOT NULL,
            error_type TEXT NOT NULL,
            severity TEXT NOT NULL,
            provider TEXT,
            model TEXT,
            session_id TEXT,
            agent TEXT,
            metadata TEXT,
            message TEXT NOT NULL,
            stack_trace TEXT
        ) STRICT
        """,
        """
        CREATE TABLE totals (
            name TEXT PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX llm_traces_by_time ON llm_traces (created_at)",
        "CREATE INDEX llm_traces_by_trace ON llm_traces (trace_id)",
        """
        CREATE INDEX llm_traces_by_session ON llm_traces (session_id)
        WHERE session_id IS NOT NULL
        """,
        "CREATE INDEX error_events_by_time ON error_events (created_at)",
        "CREATE INDEX error_events_by_trace ON error_events (trace_id)",
        """
        CREATE INDEX error_events_by_session ON error_events (session_id)
        WHERE session_id IS NOT NULL
        """,
    ),
    (
        """
        CREATE TABLE dead_letters (
            id INTEGER PRIMARY KEY,
            created_at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            reason TEXT NOT NULL,
            event TEXT NOT NULL
        ) STRICT
        """,
    ),
    (
        """
        CREATE INDEX dead_letters_by_event ON dead_letters (kind, json_extract(event, '$.event_id'))
        WHERE json_valid(event)
        """,
    ),
    (
        "ALTER TABLE llm_traces ADD COLUMN counted INTEGER NOT NULL DEFAULT 1",
        """
        ALTER TABLE llm_traces ADD COLUMN has_usage INTEGER
        GENERATED ALWAYS AS (coalesce(prompt_tokens, completion_tokens, total_tokens) IS NOT NULL)
        VIRTUAL
        """,
        "ALTER TABLE llm_traces ADD COLUMN call_key INTEGER",
        "CREATE INDEX llm_traces_by_call ON llm_traces (call_key) WHERE call_key IS NOT NULL",
        "DROP INDEX llm_traces_by_trace",
        "CREATE INDEX llm_traces_by_trace ON llm_traces (trace_id, parent_span_id)",
        """
        CREATE TABLE call_keys (
            key INTEGER NOT NULL,
            trace INTEGER NOT NULL,
            PRIMARY KEY (key, trace)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE merged_events (
            event_id TEXT PRIMARY KEY,
            trace INTEGER NOT NULL,
            started_at INTEGER
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX merged_events_by_trace ON merged_events (trace)",
        """
        CREATE TABLE parts (
            event_id TEXT PRIMARY KEY,
            trace INTEGER,
            waits_for TEXT,
            created_at INTEGER NOT NULL,
            event TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX parts_by_trace ON parts (trace) WHERE trace IS NOT NULL",
        "CREATE INDEX parts_by_call ON parts (waits_for) WHERE waits_for IS NOT NULL",
        "CREATE INDEX parts_by_time ON parts (created_at)",
        """
        CREATE TABLE cost_series (
            series TEXT PRIMARY KEY,
            payer TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            until INTEGER NOT NULL,
            value REAL NOT NULL,
            seen_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX cost_series_by_payer ON cost_series (payer, until)",
        "CREATE INDEX cost_series_by_time ON cost_series (seen_at)",
        """
        CREATE TABLE cost_awaited (
            id INTEGER PRIMARY KEY,
            payer TEXT NOT NULL,
            at INTEGER NOT NULL,
            event_id TEXT NOT NULL UNIQUE
        ) STRICT
        """,
        "CREATE INDEX cost_awaited_by_payer ON cost_awaited (payer, at)",
    ),
)
"""Statements by the `user_version` they start from; the first makes version 1 of a new file."""

VERSION = len(MIGRATIONS)


def quoted(name: str) -> str:
    """The name of a table or column that may be somebody else's, for use in SQL."""
    return '"' + name.replace('"', '""') + '"'


TABLES = {"trace": "llm_traces", "error": "error_events"}
