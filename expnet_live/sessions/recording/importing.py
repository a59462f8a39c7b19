"""Makes a session of a video, frame by frame, so that it can be replayed, marked and exported like a recording."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from expnet_live.capture.sources import open_source
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.files import changed, whole
from expnet_live.core.progress import Progress, unwatched
from expnet_live.core.types import Frame
from expnet_live.live.state import Settings
from expnet_live.person.person import Person
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.sessions.format.folder import VIDEO
from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.recording.describe import describe
from expnet_live.sessions.recording.whose import Whose
from expnet_live.sessions.recording.writer import SessionWriter
from expnet_live.video.sound import SoundCopy
from expnet_live.video.writer import CRASH_SAFE, VideoWriter


def import_video(
    path: Path,
    folder: Path,
    settings: Settings,
    person: Person,
    pipeline: Pipeline,
    progress: Progress = unwatched,
    *,
    sound: bool = False,
) -> SessionInfo:
    """Write the session `folder` from every frame of the video at `path`, at the video's own times from 0.

    A video that breaks off makes a session up to there, whose `problem` says so. `progress` gets frames done and the
    total (0: unknown), and may raise, which leaves nothing behind. `sound`: keep the video's sound. Raises UserError if
    nothing can be read or written, or if there is a folder of that name.
    """
    pipeline.reset()
    with ExitStack() as stack:
        source = stack.enter_context(open_source(str(path.absolute())))
        partial = stack.enter_context(whole(folder))
        frames = iter(source)
        first = next(frames, None)
        if first is None:
            raise UserError(f"{path} has no pictures; name a video.")
        height, width = first.image.shape[:2]
        about = replace(
            describe(SourceSpec.file(path), settings, pipeline, person),
            title=path.stem,
            started=changed(path).isoformat(timespec="milliseconds"),
            width=width,
            height=height,
            video_frames=0,
        )
        heard = source.sound() if sound else None
        if heard is not None:
            stack.callback(heard.close)
            about = replace(about, sound=path.name)
        fps = source.fps or 30.0
        writer = SessionWriter(partial, about)
        video = VideoWriter(partial / VIDEO, fps, CRASH_SAFE, sound=heard is not None)
        copy = None if heard is None else SoundCopy(heard, video.write_sound)
        problem, last, whose = "", -1.0, Whose(person)
        frame: Frame | None = first
        try:
            while frame is not None:
                time = max(frame.timestamp - first.timestamp, last + 0.001)
                faces = pipeline.process(frame)
                looks = pipeline.appearances()
                writer.write(video.frames, video.frames, time, faces, looks)
                whose.see(faces, looks)
                video.write(frame.image, time)
                if copy is not None:
                    copy.until(time + 1 / fps)
                last = time
                progress(video.frames, source.n_frames or 0)
                frame = next(frames, None)
        except SourceError as error:
            problem = str(error)
        finally:
            video.close()
            whose.note(writer)
            writer.close(video.frames, 0, (video.frames, video.frames), problem)
    return writer.info
