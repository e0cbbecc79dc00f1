"""Settings of the private server, chosen for one bulk writer on one small machine.

docs/operations.md explains each choice. Nothing here trades safety for speed: ``fsync``,
``full_page_writes`` and ``synchronous_commit`` keep their safe defaults, so that a committed load
survives a crash.
"""

import os
import shutil
from pathlib import Path
from typing import Final

_MEGABYTE: Final = 1024 * 1024
_SHARED_MEMORY_FLOOR: Final = 1024 * _MEGABYTE


def server_settings(*, socket: Path, number: int, port: int | None) -> str:
    """Return ``postgresql.conf`` for this machine's memory and cores.

    Args:
        socket: Folder of the Unix socket.
        number: Number in the socket's name.
        port: Port of 127.0.0.1 to listen on; None for the socket alone.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
    cores = os.cpu_count() or 1
    settings = {
        "listen_addresses": "'127.0.0.1'" if port is not None else "''",
        "port": number,
        "unix_socket_directories": _quoted(str(socket)),
        "unix_socket_permissions": "0700",
        "password_encryption": "'scram-sha-256'",
        # No replica reads the log: a table filled in the transaction that made it skips it.
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "max_wal_size": "'4GB'",
        "checkpoint_timeout": "'15min'",
        "shared_buffers": f"'{_between(128, memory // 4, 2048)}MB'",
        "effective_cache_size": f"'{_between(256, memory // 2, 65536)}MB'",
        "work_mem": f"'{_between(16, memory // 128, 128)}MB'",
        "maintenance_work_mem": f"'{_between(64, memory // 32, 512)}MB'",
        "max_connections": 100,
        "max_parallel_workers": max(2, cores),
        "max_parallel_workers_per_gather": max(1, min(cores, 4)),
        "max_parallel_maintenance_workers": max(1, min(cores, 4)),
        "dynamic_shared_memory_type": _dynamic_shared_memory(),
        "random_page_cost": 1.1,
        "effective_io_concurrency": 64,
        # Compiling costs more than it gives on queries of less than a few seconds.
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_checkpoints": "off",
        "log_line_prefix": "'%m [%p] %u@%d '",
    }
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def access_rules(*, port: int | None, database: str) -> str:
    """Return ``pg_hba.conf``: the socket's folder guards the socket, a password the port.

    Args:
        port: Port of 127.0.0.1 that is listened on; None for the socket alone.
        database: The only database that can be reached through the port.
    """
    rules = ["local all all trust"]
    if port is not None:
        rules.append(f"host {database} all 127.0.0.1/32 scram-sha-256")
    return "".join(f"{rule}\n" for rule in rules)


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _dynamic_shared_memory() -> str:
    # Containers often have 64 MB of /dev/shm, too little for a parallel index build.
    try:
        enough = shutil.disk_usage("/dev/shm").total >= _SHARED_MEMORY_FLOOR  # noqa: S108
    except OSError:
        enough = False
    return "posix" if enough else "mmap"
