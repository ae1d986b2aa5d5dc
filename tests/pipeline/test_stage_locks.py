import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from tests.processes import process_environment

from pipeline.errors import StageBusyError
from pipeline.stage_locks import Stage, stage_lock

pytestmark = pytest.mark.django_db

HOLDER = """
import time, django
django.setup()
from pipeline.stage_locks import Stage, stage_lock
with stage_lock(Stage.SUGGEST):
    print("held", flush=True)
    time.sleep(60)
"""


def test_second_holder_learns_since_when_the_stage_runs() -> None:
    with (
        stage_lock(Stage.TRAIN),
        pytest.raises(StageBusyError, match=r"“train the model” \(since \d{4}-\d\d-\d\d "),
        stage_lock(Stage.TRAIN),
    ):
        pass


def test_stages_do_not_wait_for_each_other_and_a_left_one_is_free_again() -> None:
    with stage_lock(Stage.TRAIN), stage_lock(Stage.SUGGEST):
        pass
    with stage_lock(Stage.TRAIN):
        pass


@pytest.mark.parametrize(
    ("stage", "command"),
    [
        (Stage.EXPORT_RATINGS, "exportdatasets"),
        (Stage.TRAIN, "trainsurprisemodel"),
        (Stage.SUGGEST, "createmoviesuggestions"),
    ],
)
def test_command_whose_stage_is_running_says_so_and_fails(stage: Stage, command: str) -> None:
    with stage_lock(stage), pytest.raises(CommandError, match="Already running") as raised:
        call_command(command)

    assert raised.value.returncode == 1


def test_stage_of_a_killed_process_is_free_at_once(
    folders: Path, eventually: Callable[[Callable[[], None]], None]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, env=process_environment(folders), text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StageBusyError), stage_lock(Stage.SUGGEST):
            pass
        holder.send_signal(signal.SIGKILL)

    def take() -> None:
        with stage_lock(Stage.SUGGEST):
            pass

    eventually(take)
