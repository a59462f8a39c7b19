"""Every text that the window shows, in one place: translate this file."""

from __future__ import annotations

APP = "ExpNet Live"

# Panels
CAMERA, EXPRESSION, CURVES, CONTROLS = "Camera", "Expression", "Curves", "Controls"

# Menus
MENU_OUTPUTS = "&Outputs"
OUTPUT_TIP = "Sends the face to a program on this computer, port {port}; nothing leaves it"
STATUS_OUTPUTS, STATUS_OUTPUTS_TIP = "→ {names}", "Other programs on this computer that get the face"
MENU_FILE, MENU_VIEW, MENU_HELP, MENU_FACE = "&File", "&View", "&Help", "F&ace"
OPEN_FILE = "Open a video or picture…"
OPEN_FILE_TIP = "Mirror the face of a video or picture file"
FILE_FILTER = (
    "Videos and pictures (*.mp4 *.mkv *.mov *.avi *.webm *.m4v *.jpg *.jpeg *.png *.bmp *.webp *.tif *.tiff)"
    ";;All files (*)"
)
DEMO = "Demo clip"
PLAY_DEMO_CLIP = "Play the demo clip"
DEMO_TIP = "Play the built-in clip"
SNAPSHOT = "Snapshot"
SNAPSHOT_TIP = "Save pictures of all views, and the head as PLY, OBJ and GLB"
RECORD = "Record"
RECORD_TIP = "Record a session, or end it: video, coefficients and markers, in a folder of its own"
MARK, MARK_TIP = "Set a marker", "Label this moment of the recording"
PRIVATE = "Record without video"
PRIVATE_TIP = "Record coefficients only, no picture of anyone"
OPEN_SESSIONS = "Open the folder of recordings"
QUIT = "Quit"
THEME, THEME_SYSTEM, THEME_DARK, THEME_LIGHT = "Appearance", "Like the system", "Dark", "Light"
PANELS = "Panels"
RESET_LAYOUT = "Arrange panels anew"
FULL_SCREEN = "Full screen"
SHORTCUTS = "Keyboard shortcuts"
OPEN_LOG = "Open the log file"
OPEN_DATA = "Open the folder of snapshots"
ABOUT = "About ExpNet Live"

# Head
RESET_VIEW, RESET_VIEW_TIP = "Reset view", "Look at the head from the front again"
WIREFRAME, WIREFRAME_TIP = "Wireframe", "Show the face's mesh on the head"
PAINT, PAINT_TIP = "Paint with my face", "Project the camera's picture on the head"
HAIR, HAIR_TIP = "Hair", "The head with or without hair"
FOLLOW, FOLLOW_TIP = "Head follows", "The head turns as you do; off, it keeps looking at you"
MIRROR, MIRROR_TIP = "Mirror", "Show picture and head as in a mirror"
HEAD, HEAD_TIP = "Head", "Which head mirrors you; 'expnet-live face-model import' brings others"
HEAD_OWN, HEAD_OTHERS = "ExpNet Live", "Other heads"
HEAD_HOW = "none was imported yet; import one with 'expnet-live face-model import' (docs/heads.md)"
HEAD_MISSING = "{name} was removed; choose another head"
NO_HAIR_TIP = "This head has no hair to take away"
HEAD_HINT = "Drag to orbit, right-drag to pan, wheel to zoom, double-click to reset"

# Camera view
OVERLAY = "Drawn over the face"
OVERLAY_NEXT = "Next overlay"
OVERLAY_TIP = "Draw something else over the camera's picture: nothing, a box, contours or the mesh"
OVERLAYS = {"none": "Nothing", "box": "Box", "contours": "Contours", "mesh": "Mesh"}
CAMERA_TIP = "What the camera or clip shows, and what was found in it (O: another overlay, M: mirror)"
WAITING = "Waiting for the first picture…"
NO_FACE = "No face in sight"
LOADING = "Loading the network…"
FPS = "{fps:.0f} fps"
LATENCY = "{ms:.0f} ms"

# Transport
PLAY, PAUSE, LOOP = "Play", "Pause", "Loop"
PLAY_TIP = "Play or pause the clip"
BACK, FORTH = "Back 5 seconds", "On 5 seconds"
LOOP_TIP = "Begin again at the end"
SEEK_TIP = "Drag to another moment of the clip"

# Controls
SOURCE, SOURCE_TIP = "Source", "Where pictures come from"
SOURCE_FILE = "File…"
RESOLUTION, RESOLUTION_TIP = "Picture", "Size and rate that the camera is asked for"
RESOLUTION_OWN = "Camera's own"
MODEL, MODEL_TIP = "Model", "The network that reads the face"
MODEL_FILE = "Weights file…"
MODEL_FILTER = "Weights (*.safetensors);;All files (*)"
DEVICE, DEVICE_TIP = "Device", "Where the network runs"
DEVICES = {"auto": "Best there is", "cpu": "CPU", "cuda": "CUDA (NVIDIA)", "mps": "MPS (Apple)"}
DEVICE_MISSING = "torch finds no {name} device on this computer"
SMOOTHING, SMOOTHING_TIP = "Smoothing", "How calm or quick coefficients and pose are"
SMOOTHINGS = {"off": "Off", "responsive": "Responsive", "balanced": "Balanced", "stable": "Stable"}
FACE_COUNTS = {1: "One", 2: "Two", 3: "Three", 4: "Four"}
FACES, FACES_TIP = "Faces", "How many faces to follow; the head shows the one known longest"
PROFILE, PROFILE_TIP = "Profile", "Whose face this is: neutral and gains are kept by profile"
PROFILE_NEW = "New profile…"
PROFILE_NAME = "Name of the profile"
DEFAULT_PROFILE = "Default"
CALIBRATE, CALIBRATE_TIP = "Set neutral", "Hold a relaxed face still for two seconds: it becomes this profile's neutral"
CALIBRATING = "Hold still…"
CALIBRATED = "Neutral set for {name}. Blinks are left alone."
UNCALIBRATE, UNCALIBRATE_TIP = "Forget", "Forget this profile's neutral and identity"
UNCALIBRATED = "The neutral of {name} is forgotten."

# Bars and curves
BAR_TIP = (
    "{title}: {value}, lately {low} to {high}. Click: curve on or off. Right-click or Ctrl+wheel: gain ({gain:.1f}×)."
)
SD = "{value:+.2f} sd"
GAUGE_TIP = "Show the named actions in per cent, or the model's coefficients in standard deviations"
GAUGES = {"actions": "Actions, %", "coefficients": "Coefficients, sd"}
GAIN_MENU = "Gain of {title}"
GAIN_RESET_ALL = "Reset all gains"
CURVES_SPAN_TIP = "How much of the past is shown"
SECONDS = "{n} s"
POSE = {"yaw": "Yaw", "pitch": "Pitch", "roll": "Roll"}
BARS_TIP = "Each action in per cent, or each coefficient in standard deviations, with its range of the last seconds"
CURVES_TIP = "The chosen values and the head's pose over the last seconds; click a bar to add its curve"
FLOAT_TIP, HIDE_TIP = "Float this panel, or dock it again", "Hide this panel; the menu View, Panels brings it back"
CURVES_EMPTY = "Click a bar to see its curve"

# Recording
RECORDING = "REC {time}"
STATUS_RECORDING = "Recording {time}, {frames} frames{private}"
STATUS_PRIVATE = ", without video"
STATUS_RECORDING_TIP = "It goes to {folder}; Ctrl+R ends it, K sets a marker"
MARKER_LABEL = "Marker {n}"
MARKED = "{label} at {time}."
RECORDED = "{time} recorded in {folder}."
RECORDED_MISSED = " {n} frames could not be written in full; session.json lists them."
RECORD_MISSED = (
    "{n} frames could not be recorded in full, as disk or encoder are too slow; close other programs, ask the camera "
    "for smaller pictures, or record without video."
)
RECOVERED_ONE = "A recording that was cut off was completed with what is there."
RECOVERED = "{n} recordings that were cut off were completed with what is there."
NOT_WHILE_RECORDING = "Not while recording: all of a session comes from one network and one smoothing"


def clock(seconds: float) -> str:
    """75 s as 1:15, 4000 s as 1:06:40."""
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"


# Status line
STATUS_DEVICE, STATUS_DEVICE_TIP = "{device}", "Where the network runs"
STATUS_RATE = "in {source:.0f}  ·  network {network:.0f}  ·  screen {screen:.0f} fps"
STATUS_RATE_TIP = "Pictures per second: from the source, through the network, on the screen"
STATUS_DROPS = "dropped {drops}"
STATUS_DROPS_TIP = "Frames that gave way to newer ones: before the network {frames}, before the screen {states}"
STATUS_LATENCY = "latency {ms:.0f} ms"
STATUS_STAGES_TIP = "From capture to the picture on screen. Stages in ms: {stages}"
STAGES = {
    "wait": "wait",
    "detect": "detector",
    "crop": "crop",
    "network": "network",
    "smooth": "smoothing",
    "mesh": "mesh",
    "screen": "screen",
}

# Banners
NO_CAMERA = "No camera was found, so the demo clip plays. Connect a camera and it appears in the list."
SHOW_SOURCES, REFRESH, REFRESH_TIP = "Look again", "Look for cameras", "List the cameras that are connected now"
CAMERA_LOST = "{problem} It is tried again every second; the last picture stays."
CAMERA_BACK = "{name} is back."
SOURCE_FAILED = "{problem}"
PLAY_DEMO = "Play the demo"
MODEL_FAILED = "{problem}"
TRY_AGAIN = "Try again"
SAVED = "Snapshot saved in {folder}."
SAVED_NO_FACE = "Pictures saved in {folder}; there is no mesh among them, as no face was seen yet."
SHOW_FOLDER = "Show"
SNAPSHOT_FAILED = "The snapshot cannot be saved in {folder} ({reason}); make room there or make it writable."
NO_HEAD_GL = "The 3D view cannot start OpenGL 2.1 ({reason}); update the graphics driver."
UNFORESEEN = "Something unforeseen happened ({reason}); it is in the log, and the app goes on."
SHOW_LOG = "Show log"
CAMERA_FOUND = "{name} was connected."
USE_IT = "Use it"

# Player
PLAYER_NONE = "Choose a session to see it here."
PLAYER_LOADING = "Opening the session… {share:.0%}"
PLAYER_BROKEN = "{folder} cannot be shown ({reason}); the log tells more."
PLAYER_NO_VIDEO = "The video of this session is missing; its coefficients are here all the same."
PLAYER_NO_PICTURE = "No picture was recorded of this moment."
PLAYER_HELD_PICTURE = "No picture was recorded of this moment; this is the one before."
PLAYER_VIDEO_ENDED = "The video is damaged or ends before this moment; the coefficients go on."
PLAYER_OTHER_MODEL = "This session was recorded with another face model ({name}), so there is no head to show."
PLAYER_NO_HEAD = "There is no head to show: {reason}"
PLAYER_PICTURE_TIP = "What the camera saw, and what was measured in it"
PLAYER_PLAY_TIP = "Play or pause the session"
PLAYER_BACK, PLAYER_BACK_TIP = "Step back", "One recorded frame back"
PLAYER_FORTH, PLAYER_FORTH_TIP = "Step forward", "One recorded frame on"
PLAYER_PREVIOUS, PLAYER_PREVIOUS_TIP = "Previous marker", "Back to the marker before"
PLAYER_NEXT, PLAYER_NEXT_TIP = "Next marker", "On to the next marker"
PLAYER_BEGIN, PLAYER_END = "To the beginning", "To the end"
PLAYER_LOOP_TIP = "Begin again at the end of the range, or of the session"
PLAYER_IN, PLAYER_IN_TIP = "Range from here", "Loop and export from here on"
PLAYER_OUT, PLAYER_OUT_TIP = "Range up to here", "Loop and export up to here"
PLAYER_CLEAR, PLAYER_CLEAR_TIP = "Clear the range", "Loop and export the whole session again"
PLAYER_ALL, PLAYER_ALL_TIP = "Whole session", "Show the curves of the whole session again"
PLAYER_PAINT_TIP = "Project the recorded picture on the head"
PLAYER_FOLLOW_TIP = "The head turns as the recorded one did; off, it keeps looking at you"
PLAYER_SPEED, PLAYER_SPEED_TIP = "{speed:g}×", "How fast it is played"
PLAYER_EXPORT, PLAYER_EXPORT_TIP = "Export…", "Save the session, or its range, as tables, meshes, animation or video"
PLAYER_TIME, PLAYER_TIME_TIP = "{at} / {end}", "Time since the session's first frame, and its length"
PLAYER_FRAME, PLAYER_FRAME_TIP = "frame {frame}", "Number of the frame, as in coefficients.csv"
PLAYER_RANGE, PLAYER_RANGE_TIP = "{start} – {end}", "The range that is looped and exported; pull its ends in the plot"
PLAYER_TIME_LINE_TIP = "Drag to another moment of the session"
PLAYER_PLOT_TIP = (
    "Click or drag the cursor to go there, drag to move, wheel to zoom, double-click for the whole session. "
    "Coefficients are in standard deviations, as they were shown; shaded: no face."
)
PLAYER_CHANNELS_TIP = "Click to draw a curve; at the right, values at the cursor"
PLAYER_OR = " or "


def player_clock(seconds: float, fine: bool = True) -> str:
    """80.04 s as 1:20.0, or without tenths as 1:20."""
    tenths = round(max(0.0, seconds) * 10)
    return f"{clock(tenths / 10)}.{tenths % 10}" if fine else clock(tenths / 10)


# About
ABOUT_TEXT = """<p>3D facial expressions from the pixels, without landmarks, after <i>ExpNet: Landmark-Free, Deep,
3D Facial Expressions</i> (Chang et al., FG 2018).</p>
<p><b>Nothing leaves your machine.</b></p>
<p>Version {version}. Code: Apache License 2.0. Face model and network were learned from photo collections of which some
allow research use only: use them for research.</p>
<p>Made with Python, Qt and PySide6 (LGPL 3), PyTorch (BSD), ONNX Runtime (MIT), ONNX (Apache 2.0), mediapipe (Apache
2.0), OpenCV (Apache 2.0), VisPy (BSD), PyQtGraph (MIT), NumPy and SciPy (BSD), safetensors (Apache 2.0), Send2Trash
(BSD), PyAV (BSD) and FFmpeg (LGPL); on Windows
cv2_enumerate_cameras (MIT).</p>"""
CLOSE = "Close"
CLOSE_SHEET_TIP = "Close (Escape)"
CLOSE_BANNER_TIP = "Put this message away"

# Before there is a window
NO_DISPLAY = (
    "There is no display to open a window on; use 'expnet-live analyze INPUT --out DIR' to work without one, "
    "or 'xvfb-run python main.py' for a virtual display."
)

TITLES = {
    "jawOpen": "Jaw open",
    "jawLeft": "Jaw sideways",
    "mouthLeft": "Mouth sideways",
    "mouthPucker": "Pucker",
    "mouthFunnel": "Funnel",
    "mouthPress": "Lips press",
    "mouthRollIn": "Lips roll in",
    "mouthShrug": "Chin shrug",
    "browInnerUp": "Brows inner up",
    "mouthSmile": "Smile",
    "mouthFrown": "Frown",
    "mouthDimple": "Dimple",
    "mouthStretch": "Stretch",
    "mouthUpperUp": "Upper lip up",
    "mouthLowerDown": "Lower lip down",
    "eyeBlink": "Blink",
    "eyeSquint": "Squint",
    "browOuterUp": "Brow outer up",
    "browDown": "Brow down",
    "eyeLookDown": "Look down",
    "eyeLookIn": "Look in",
    "eyeLookOut": "Look out",
    "eyeLookUp": "Look up",
    "eyeWide": "Eye wide",
    "jawForward": "Jaw forward",
    "jawRight": "Jaw right",
    "mouthClose": "Mouth close",
    "mouthRight": "Mouth right",
    "mouthRollLower": "Lower lip in",
    "mouthRollUpper": "Upper lip in",
    "mouthShrugLower": "Lower lip shrug",
    "mouthShrugUpper": "Upper lip shrug",
    "cheekPuff": "Cheek puff",
    "cheekSquint": "Cheek up",
    "noseSneer": "Nose sneer",
    "tongueOut": "Tongue out",
}
# Names that mean one way as an action, and both ways, with a sign, as a coefficient.
ONE_WAY = {"jawLeft": "Jaw left", "mouthLeft": "Mouth left"}
SIDES = {"Left": "{title} L", "Right": "{title} R"}


def title(name: str, action: bool = False) -> str:
    """mouthSmileLeft as people read it: Smile L."""
    if action and name in ONE_WAY:
        return ONE_WAY[name]
    if name in TITLES:
        return TITLES[name]
    for side, text in SIDES.items():
        stem = name.removesuffix(side)
        if stem != name and stem in TITLES:
            return text.format(title=TITLES[stem])
    return name


# Sessions: the window of recordings
LIBRARY, LIBRARY_MENU = "Sessions", "Sessions…"
LIBRARY_TIP = "See, replay and export what was recorded"
REPLAY, SHOW_SESSIONS = "Replay", "Show"
SEARCH, SEARCH_TIP = "Search titles and notes", "Show only sessions with these words in their title or notes"
SESSION_LIST_TIP = "Recorded sessions, the newest first; choose one to replay it"
NOTES, NOTES_TIP = "Notes", "Notes on this session; they are saved by themselves"
RENAME, RENAME_TIP = "Rename", "Give this session a title; its folder keeps its name"
REVEAL, REVEAL_TIP = "Show in folder", "Open the session's folder in the file manager"
DELETE, DELETE_TIP = "Delete", "Move this session to the trash"
OPEN_OTHER, OPEN_OTHER_TIP = "Open other folder…", "Open a session that lies elsewhere; or drop its folder here"
OPEN_OTHER_TITLE = "Open the folder of a session"
RELIST, RELIST_TIP = "Look again", "Read the list of sessions anew"
CLOSE_LIBRARY, CLOSE_LIBRARY_TIP = "Close", "Close this window"
MORE_TIP = "More that can be done"
UNTITLED = "Untitled"
SOURCE_NAMES = {"demo": DEMO}
TODAY, YESTERDAY, MOMENT_DAY = "Today, {time}", "Yesterday, {time}", "{day}, {time}"
MOMENT_FORMAT = "d MMM yyyy"  # in Qt's letters; the names of months come from the system
CHIPS = {
    "no video": "No video",
    "recovered": "Recovered",
    "recording": "Being recorded",
    "cut off": "Cut off",
    "unreadable": "Cannot be read",
}
CHIP_TIPS = {
    "no video": "Only coefficients were recorded; the thumbnail shows those of the most expressive moment",
    "recovered": "The recording was cut off and completed with what is there",
    "recording": "It can be replayed, renamed and deleted when the recording has ended",
    "cut off": "The recording was cut off and is not completed yet; what is there can be replayed",
    "unreadable": "",
}
NO_SESSIONS = "Nothing recorded yet"
NO_SESSIONS_HOW = (
    "Press Ctrl+R, or the red button beside the head, to record your face: video, coefficients and markers. "
    "Press it again to end. Your recordings then wait here, to be replayed and exported."
)
NONE_FOUND = "No session has these words in its title or notes."
CHOOSE_SESSION = "Choose a session to replay it"
STILL_RECORDING = "This session is being recorded. It can be replayed when the recording has ended."
TRASHED = "“{title}” is in the trash."
UNDO = "Undo"
RESTORED = "“{title}” is back."
READING = "Reading the sessions…"

# Exporting
EXPORT, EXPORT_MENU, EXPORT_TIP = "Export", "Export…", "Save this session, or a part of it, in another format"
EXPORT_WHAT, EXPORT_WHAT_TIP = "Format", "What kind of file"
EXPORT_PART, EXPORT_PART_TIP = "Part", "The whole session, or the loop that is set in the player"
EXPORT_WHOLE, EXPORT_LOOP = "Whole session ({length})", "Loop {start} to {end}"
EXPORT_LOOP_NONE = "Loop of the player"
EXPORT_LOOP_HOW = "Set a loop in the player first"
EXPORT_RATE, EXPORT_RATE_TIP = "Rate", "The recorded moments, or a fixed number of moments a second"
EXPORT_RECORDED, EXPORT_FPS = "As recorded", "{fps} a second"
EXPORT_FACE, EXPORT_FACE_TIP = "Face", "Which of several faces"
EXPORT_HEAD_TIP = "Which head wears the face; 'expnet-live face-model import' brings others"
EXPORT_FACES, EXPORT_MAIN_FACE, EXPORT_ONE_FACE = "All faces", "The one seen most", "Face {n}"
EXPORT_NEUTRAL, EXPORT_NEUTRAL_TIP = "Subtract the neutral", "Coefficients count from the profile's resting face"
EXPORT_GAINS, EXPORT_GAINS_TIP = "Apply gains", "Coefficients are as strong as the profile's gains made them"
EXPORT_TO, EXPORT_TO_TIP = "Save as", "The file, or the folder of meshes, that is made"
EXPORT_CHOOSE, EXPORT_CHOOSE_TIP = "Choose…", "Choose another name or folder"
EXPORT_CANCEL, EXPORT_CANCEL_TIP = "Cancel", "End the export; nothing is left behind"
EXPORT_CLOSE_TIP = "Put the export panel away"
EXPORT_PROGRESS_TIP = "How much of the export is done"
EXPORT_TAKEN = "There is a {name} already; choose another name, or choose it again to replace it."
EXPORT_LOADING = "Reading the session…"
EXPORTING = "Exporting {name}, {percent} %"
EXPORT_CANCELLING, EXPORT_CANCELLED = "Cancelling…", "Cancelled; nothing was written."
EXPORT_DONE = "{name} is saved."


def sentence(about: str) -> str:
    """A line of a registry as a tooltip."""
    return about[:1].upper() + about[1:]


def tenths(seconds: float) -> str:
    """75.26 s as 1:15.3."""
    minutes, s = divmod(round(10 * seconds), 600)
    return f"{minutes}:{s // 10:02d}.{s % 10}"
