"""What the service counts, on a registry of its own (Prometheus text at ``/metrics``)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

registry = CollectorRegistry()

turns = Counter("viewerdesk_turns", "Decided turns by outcome", ["outcome"], registry=registry)
duplicates = Counter("viewerdesk_duplicates", "Repeats of a push that was stored before", registry=registry)
refusals = Counter("viewerdesk_refusals", "Requests refused at the door by reason", ["reason"], registry=registry)
undecodable = Counter("viewerdesk_undecodable", "Authentic pushes that could not be read", registry=registry)
failed_events = Counter("viewerdesk_failed_events", "Events whose handling raised an error", registry=registry)
overdue = Counter("viewerdesk_overdue", "Requests answered 503: nothing committed in time", registry=registry)
deliveries = Counter("viewerdesk_deliveries", "Attempts of the sender by outcome", ["outcome"], registry=registry)
jobs = Counter(
    "viewerdesk_jobs", "Jobs that are no messages, by kind and outcome", ["kind", "outcome"], registry=registry
)
files = Counter("viewerdesk_files", "Attempts at files of viewers by outcome", ["outcome"], registry=registry)
understand_misses = Counter("viewerdesk_understand_misses", "Texts that were not in the cache", registry=registry)
advice = Counter(
    "viewerdesk_advice", "Questions to optional advisers by outcome", ["adviser", "outcome"], registry=registry
)
knowledge_loads = Counter(
    "viewerdesk_knowledge_loads", "States of the knowledge's files by outcome: loaded, refused", ["outcome"],
    registry=registry,
)  # fmt: skip

latency = Histogram(
    "viewerdesk_turn_seconds",
    "From arrival of a push to its committed answer",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    registry=registry,
)
batch_size = Histogram(
    "viewerdesk_batch_size",
    "Pushes in one ingest transaction",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=registry,
)
advice_seconds = Histogram(
    "viewerdesk_advice_seconds",
    "Calls of an adviser's endpoint, however they ended",
    ["adviser"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 5, 10, 30),
    registry=registry,
)
adviser_breaker = Gauge(
    "viewerdesk_adviser_breaker",
    "Whether an adviser is asked: 0 yes, 1 a probe is on its way, 2 no",
    ["adviser"],
    registry=registry,
)
ingest_depth = Gauge("viewerdesk_ingest_queue", "Pushes that wait for an ingest batch", registry=registry)
backlog_depth = Gauge("viewerdesk_backlog", "Stored events that are not decided yet", registry=registry)
outbox_depth = Gauge("viewerdesk_outbox", "Messages in the outbox that wait to be sent", registry=registry)
outbox_dead = Gauge("viewerdesk_outbox_dead", "Messages that were given up and can be sent again", registry=registry)
outbox_waiting = Gauge(
    "viewerdesk_outbox_waiting", "Messages that wait for more than their turn, by why", ["reason"], registry=registry
)
gates_closed = Gauge(
    "viewerdesk_gates_closed", "APIs of channels by which nothing leaves for now, by why", ["reason"], registry=registry
)
waiting = Gauge("viewerdesk_conversations_waiting", "Conversations that wait for an agent", registry=registry)
live_streams = Gauge("viewerdesk_live_streams", "Consoles that follow what changes, here", registry=registry)
knowledge_problems = Gauge(
    "viewerdesk_knowledge_problems", "What is wrong with the knowledge's files, so that an older state is served",
    registry=registry,
)  # fmt: skip
meanings = Gauge(
    "viewerdesk_meanings", "Phrasings in force that are compared by meaning too; 0: by words alone", registry=registry
)
knowledge_loaded_at = Gauge(
    "viewerdesk_knowledge_loaded_at", "Since when the served knowledge is served, in seconds since 1970",
    ["version", "index"], registry=registry,
)  # fmt: skip
