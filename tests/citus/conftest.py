"""These tests need a cluster: without ``SN7_CITUS_DSN`` they are not collected."""

import os

HAS_CLUSTER = bool(os.environ.get("SN7_CITUS_DSN"))
collect_ignore = [] if HAS_CLUSTER else ["test_cluster.py"]
