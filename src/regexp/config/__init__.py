"""From what was typed to a typed experiment: ``build`` reads a composed configuration, ``planning`` has Hydra compose it.

Nothing above this package knows a configuration object, and nothing but this package and ``train`` knows Hydra or OmegaConf.
"""

from regexp.config.building import build
from regexp.config.wording import ConfigError

__all__ = ["ConfigError", "build"]
