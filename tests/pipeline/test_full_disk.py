import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pipeline.worlds import world_create
from tests.processes import PROJECT_ROOT, process_environment

UNSHARE = shutil.which("unshare") or ""
# Root keeps its own user namespace: in another one it could not reach the embedded server's socket.
NAMESPACES = "-m" if os.geteuid() == 0 else "-Urm"


def test_disk_without_space_fails_the_command_with_one_sentence(transactional_db: None, folders: Path) -> None:
    if not UNSHARE or subprocess.run([UNSHARE, NAMESPACES, "/bin/true"], check=False).returncode:
        pytest.skip("this system has no small disk to fill")
    world_create(n_users=100, n_movies=100)
    small_disk = folders / "exports"
    small_disk.mkdir()
    inside = f"mount -t tmpfs -o size=64k none {small_disk} && exec {sys.executable} src/manage.py exportdatasets"

    done = subprocess.run(
        [UNSHARE, NAMESPACES, "/bin/sh", "-c", inside],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT_ROOT,
        env=process_environment(folders),
    )

    assert done.returncode == 1
    assert "could not be exported" in done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
