"""How Celery is set up, each setting with its reason; read by `workers.app` when first needed.

The inequalities among the times stand in `workers.settings`, which refuses to start where one is broken.
"""

from workers import endpoints, queues, schedule
from workers.settings import settings

_LEDGER = settings().ledger  # task_time_limit < lease < visibility_timeout

broker_url = endpoints.redis_url()
# The broker may be late, restarted or replaced: SQL holds the work, so waiting for it loses nothing and giving up would.
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_channel_error_retry = True
broker_connection_timeout = 5
broker_transport_options = {
    # Runs from delivery and is never renewed; long, since the lease in SQL and not Redis decides who may repeat a batch.
    "visibility_timeout": int(_LEDGER.visibility_timeout.total_seconds()),
    # Looks for messages of vanished workers every 10 s rather than every 100 s.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    # A frozen broker is an error after seconds, not a hang for ever.
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
    # The queues of one BRPOP in the order given by -Q: backfill waits while anything live does.
    "queue_order_strategy": "priority",
    # Messages have no priority of their own: one list a queue instead of four.
    "priority_steps": [0],
}

# JSON only: a pickle in a queue would be code.
accept_content = ["json"]
task_serializer = "json"
event_serializer = "json"

# Results live in SQL. Celery's database backend unpickles rows; its Redis one fills the broker.
result_backend = None
task_ignore_result = True

# A message that nobody finished is given again; the claim in SQL makes the repeat harmless.
task_acks_late = True
# Celery would put a batch that kills its worker back at once, for ever (18 times in 12 s seen). The ledger counts attempts instead.
task_reject_on_worker_lost = False
# Running batches outlive a lost connection: killing them would count an attempt against innocent records and reload the model,
# while the only gain, no repeat after redelivery, is already given by the claim.
worker_cancel_long_running_tasks_on_connection_loss = False
# A hung kernel is killed before its lease runs out, so that nobody else holds the batch yet.
task_time_limit = _LEDGER.task_time_limit.total_seconds()

# A queue by mistyped name would be a list that nobody reads.
task_create_missing_queues = False
task_queues = queues.declared(queues.ALL)
task_default_queue = queues.IO
task_routes = {
    "bellwether.analyze": {"queue": queues.ANALYZE_LIVE},
    "bellwether.alerts.*": {"queue": queues.ALERTS},
    "bellwether.*": {"queue": queues.IO},
}

# One process a replica: only prefork can kill a hung task and survive a crashed one.
worker_pool = "prefork"
# A fresh interpreter a child: the parent never loads torch, and CUDA can't be forked.
worker_pool_start_method = "spawn"
# A child loads the model before it reports; the default of 4 s kills it in the middle.
worker_proc_alive_timeout = 300
# A child that died is reported after this many seconds (default 10), which is how long its batch would stand still.
worker_lost_wait = 2
# One message a free child: what waits stays in Redis, where every worker and every autoscaler sees it.
worker_prefetch_multiplier = 1
worker_disable_prefetch = True
# On a cold stop, about one batch's time to finish before the batch is dropped.
worker_soft_shutdown_timeout = 10.0
# Ours: structlog, one line a batch (workers.logs).
worker_hijack_root_logger = False
worker_redirect_stdouts = False
# Spawned children see the signal handlers of these modules and of no others.
include = ("workers.lifecycle", "workers.tasks")

# Flower draws workers and tasks from these; arguments are ids only.
worker_send_task_events = True
task_send_sent_event = True

timezone = "UTC"
beat_schedule = schedule.beat_schedule()
beat_schedule_filename = str(settings().home / "beat" / "schedule")
# Beat wakes for its next entry; this only bounds its sleep.
beat_max_loop_interval = 5
