"""Acts on gestures while they happen, without a window: markers for live outputs, keys for other programs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from expnet_live.capture.spec import SourceSpec
from expnet_live.gestures.keys import Keyboard
from expnet_live.gestures.rule import Event, Happening, Phase, Rule
from expnet_live.gestures.watching import GestureWatch
from expnet_live.live.headless import follow, headless
from expnet_live.live.state import Settings
from expnet_live.outputs.run import Watch, running
from expnet_live.outputs.stream import Stream
from expnet_live.person.person import Person


def act_on(
    spec: SourceSpec,
    settings: Settings,
    person: Person,
    rules: Sequence[Rule],
    streams: Sequence[Stream] = (),
    keys: Mapping[str, str] | None = None,
    *,
    duration: float | None = None,
    fired: Callable[[Event], None] = lambda event: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> list[Event]:
    """Watch `spec` for `duration` s, to the clip's end, or until Ctrl-C; return the whole gestures.

    Each gesture sets a marker at its onset in `streams`, beside the face, and presses the key that `keys` has for its
    name; `fired` gets it at once. Times of events are in s since the first frame. `say` is as in `stream_to`. Raises
    UserError if the source cannot be read, a key cannot be pressed, or no stream is left.
    """
    pressed = keys or {}
    keyboard = Keyboard() if pressed else None
    for name in pressed.values():
        assert keyboard is not None
        keyboard.check(name)
    happened: deque[Happening] = deque()
    events: list[Event] = []

    def take() -> None:
        while happened:
            told = happened.popleft()
            event = _since(watch.begun or 0.0, told.event)
            if told.phase is Phase.ENDED:
                events.append(event)
                continue
            fired(event)
            if keyboard is not None and event.name in pressed:
                keyboard.press(pressed[event.name])

    def tell(told: Happening) -> None:
        if told.phase is Phase.FIRED:
            outputs.mark(told.event.name, told.event.onset)
        happened.append(told)

    watch = GestureWatch(rules, tell)
    with running(streams), headless(settings, person) as engine:  # what the last frames tell is still sent
        outputs = engine.inference.outputs
        for stream in streams:
            outputs.add(stream)
        outputs.add(watch)
        streaming = Watch(streams, say) if streams else None

        def over() -> bool:
            if streaming is not None:
                streaming.look()
            take()
            for problem in outputs.take_problems():
                say(problem)
            begun = watch.begun
            return duration is not None and begun is not None and time.monotonic() >= begun + duration

        follow(engine, spec, loop=duration is not None, over=over, say=say)
    watch.finish()
    take()
    return sorted(events, key=lambda e: e.onset)


def _since(start: float, event: Event) -> Event:
    offset = None if event.offset is None else event.offset - start
    return replace(event, onset=event.onset - start, apex=event.apex - start, offset=offset)
