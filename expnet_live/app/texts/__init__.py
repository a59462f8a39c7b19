"""Every text that the window shows, a module for each room: translate these files."""

from expnet_live.app.texts.gestures import *
from expnet_live.app.texts.main_window import *
from expnet_live.app.texts.names import *
from expnet_live.app.texts.player import *
from expnet_live.app.texts.sessions import *
from expnet_live.app.texts.wording import *
