"""Whether a command's runs can begin, tried before anything is written: their data are loaded, their models built."""

from __future__ import annotations

from collections.abc import Sequence

from regexp.config.planning import Plan
from regexp.config.wording import ConfigError
from regexp.datasets.dataset import DataError
from regexp.experiment import Experiment
from regexp.files.naming import SEARCH_NOTE
from regexp.rules import Invalid
from regexp.sweep.study import FINISHED, held


def rehearse(asked: Plan) -> None:
    """Raise :class:`ConfigError` where no run that is to be trained can begin.

    Refused are models and data that :func:`regexp.fit` refuses, and data that cannot be read. One run that can begin is enough:
    the others of a sweep then fail by themselves, each in its folder. Nothing is tried for other machines, whose files are not
    known here, and for a search that has begun. Errors that are no refusal, of a model's own code say, are left to the runs
    and their logs.
    """
    begun = asked.search is not None and (asked.folder / SEARCH_NOTE).exists()
    if not asked.launcher.here or begun:
        return
    known = held(asked.folder) if asked.study else {}
    finished = {known_as for known_as, (_, status) in known.items() if status in FINISHED}
    missing = [job.experiment for job in asked.runs if not finished or job.experiment.hash() not in finished]
    if missing and (problems := _refusals(missing)):
        raise ConfigError(problems)


def _refusals(experiments: Sequence[Experiment]) -> list[str]:
    """Why none of them can begin; nothing as soon as one can."""
    from regexp.program import structure_of

    problems, nowhere = [], set()
    for experiment in experiments:
        fields = structure_of(experiment).items()
        dataset = repr([(name, value) for name, value in fields if name.startswith("dataset")])
        if dataset in nowhere:  # for other seeds too, and a download may have been tried
            continue
        try:
            _begin(experiment)
        except (DataError, Invalid, OSError) as error:
            problems.append(str(error))
            if isinstance(error, DataError):
                nowhere.add(dataset)
        except (Exception, SystemExit):
            return []
        else:
            return []
    return problems


def _begin(experiment: Experiment) -> None:
    from regexp.lazy import torch
    from regexp.program import Program, load_ahead

    Program([experiment], [load_ahead(experiment)], torch.device("cpu"))
