"""The main window's texts, from its menus to its banners."""

from __future__ import annotations

APP = "ExpNet Live"

# Panels
CAMERA, EXPRESSION, CURVES, CONTROLS = "Camera", "Expression", "Curves", "Controls"

# Menus
MENU_OUTPUTS = "&Outputs"
OUTPUT_TIP = "Sends the face to a program on this computer ({place}); no data leaves the computer"
OUTPUT_ADDRESS = "Another address, such as vmc://192.0.2.7:39539"
OUTPUT_ADDRESS_TIP = "Type an output and an address, then press Enter. If data leave the computer, a lock says so."
OUTPUTS, OUTPUTS_PANEL = "Outputs", "Outputs panel"
OUTPUTS_TIP = "Show the live outputs in a panel: where each sends, how often, and what is wrong"
FREEZE = "Freeze outputs"
FREEZE_TIP = (
    "Other programs, and the head in its own window, keep the face as it is now, until you press this again; "
    "recordings go on"
)
OUTPUT_WHERE = "Address of {name}"
OUTPUT_WHERE_TIP = "Where the program listens; leave this empty for the usual place. Press Enter to use it"
OUTPUT_OPTIONS_TIP = "Settings follow a question mark, such as ?name=value:"
OUTPUTS_KEEP = "Switch these on at the next start"
OUTPUTS_KEEP_TIP = "Keeps in your settings which outputs are on, and their addresses"
OUTPUT_FETCHABLE_TIP = "Sends the face to {place}. Other computers that know this one's address can fetch it"
OUTPUT_FETCHED_TIP = "Other computers that know this one's address can fetch the face: {names}"
OUTPUT_WOULD_LEAVE_TIP = "Sends the face to {place}: it leaves this computer"
OUTPUT_LEAVES_TIP = "The face leaves this computer: {names}"
STATUS_OUTPUTS, STATUS_OUTPUTS_TIP = "→ {names}", "Programs that receive the face"
STATUS_OUTPUT_WAITS, STATUS_OUTPUT_PLAYS = "{name} (waiting)", "{name} (session)"
STATUS_FROZEN, STATUS_AND = "frozen", "  ·  "
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
RECORD_TIP = "Start or stop recording a session: video, coefficients and markers, in a folder of its own"
MARK, MARK_TIP = "Set a marker", "Label this moment of the recording; keys 1 to 9 set markers with names"
MARK_NAMED, MARK_NAMED_TIP = "Set a marker with a name…", "Label this moment, and type its name"
PRIVATE = "Record without video"
PRIVATE_TIP = "Record coefficients only, no picture of anyone"
SOUND = "Record sound"
SOUND_TIP = "Record the microphone in the video, or a clip's own sound; otherwise nothing is heard"
OPEN_SESSIONS = "Open the folder of recordings"
QUIT = "Quit"
THEME, THEME_SYSTEM, THEME_DARK, THEME_LIGHT = "Appearance", "Same as system", "Dark", "Light"
ZOOM, ZOOM_TIP = "Size", "Show words, buttons and views larger than the system does"
ZOOM_PERCENT, ZOOM_NEXT = "{zoom} %", "Everything is shown at {zoom} % when you start the program again."
PANELS = "Panels"
RESET_LAYOUT = "Reset panel layout"
FULL_SCREEN = "Full screen"
SHORTCUTS = "Keyboard shortcuts"
OPEN_LOG = "Open the log file"
OPEN_DATA = "Open the folder of snapshots"
ABOUT = "About ExpNet Live"

# Head
RESET_VIEW, RESET_VIEW_TIP = "Reset view", "Look at the head from the front again"
WIREFRAME, WIREFRAME_TIP = "Wireframe", "Show the face's mesh on the head"
PAINT, PAINT_TIP = "Paint with my face", "Project the camera's picture onto the head"
HAIR, HAIR_TIP = "Hair", "Show or hide the head's hair"
HAIR_STYLE, HAIR_COLOR, EYE_COLOR = "Hair style", "Hair colour", "Eye colour"
HAIR_NEXT, HAIR_NEXT_TIP = "Next hair style", "Give our own head the next hair style"
LOOKS = {
    "none": "None",
    "cropped": "Cropped",
    "short": "Short",
    "swept": "Swept to the side",
    "curly": "Curly",
    "long": "Long",
    "brown": "Brown",
    "black": "Black",
    "dark blond": "Dark blond",
    "blond": "Blond",
    "red": "Red",
    "gray": "Grey",
    "white": "White",
    "hazel": "Hazel",
    "dark brown": "Dark brown",
    "amber": "Amber",
    "green": "Green",
    "blue": "Blue",
}
FOLLOW, FOLLOW_TIP = "Head follows", "The head turns with yours; when off, it keeps facing you"
MIRROR, MIRROR_TIP = "Mirror", "Flip picture and head, as in a mirror"
HEAD, HEAD_TIP = "Head", "The head that mirrors you: ours, an avatar, or an imported one"
HEAD_OWN = "ExpNet Live"
HEAD_MISSING = "{name} was removed; choose another head"
AVATAR_ADD, AVATAR_ADD_TIP = "Add avatar…", "Wear an avatar: a VRM or GLB file; you can also drop it on the window"
AVATAR_FILTER = "Avatars (*.vrm *.glb);;All files (*)"
AVATAR_COUNTS = "{kind}, {vertices:,} vertices, {triangles:,} triangles"
AVATAR_AUTHOR = "Author"
AVATAR_NO_TERMS = "The file says nothing about its author and its licence. Make sure that you may use it."
AVATAR_LACKS = "It cannot show: {names}."
AVATAR_SHOWS_ALL = "It shows all 52 actions."
AVATAR_WEAR, CANCEL = "Wear it", "Cancel"
HEAD_WINDOW = "Head in a window of its own"
HEAD_WINDOW_TIP = "For OBS and other mixers: the head alone, on a transparent or one-coloured ground"
HEAD_WINDOW_TITLE = f"{APP} – head"
HEAD_WINDOW_HINT = "Drag to move, drag an edge to resize, right-click for the background"
HEAD_ON_TOP = "Keep above other windows"
GROUNDS = {
    "transparent": "Transparent background",
    "#00ff00": "Green background, to key out",
    "#0000ff": "Blue background, to key out",
    "#ff00ff": "Magenta background, to key out",
}
SWING = "Avatars' hair swings"
SWING_TIP = "An avatar's hair and clothes swing as the head moves, if the avatar has bones for that"
HEAD_HINT = "Drag to orbit, right-drag to pan, wheel to zoom, double-click to reset"

# Camera view
OVERLAY = "Drawn over the face"
OVERLAY_NEXT = "Next overlay"
OVERLAY_TIP = "Change what is drawn over the camera's picture: nothing, a box, contours or the mesh"
OVERLAYS = {"none": "Nothing", "box": "Box", "contours": "Contours", "mesh": "Mesh"}
CAMERA_TIP = "The picture of the camera or clip, and the faces found in it (O: next overlay, M: mirror)"
CAMERA_TIP += "\nOf several faces, click the one to mirror, or press F for the next one"
WAITING = "Waiting for the first picture…"
NO_PICTURE = "No picture"
NO_FACE = "No face in sight"
LOADING = "Loading the network…"
FPS = "{fps:.0f} fps"
LATENCY = "{ms:.0f} ms"

# Transport
PLAY, PAUSE, LOOP = "Play", "Pause", "Loop"
PLAY_TIP = "Play or pause the clip"
BACK, FORTH = "Back 5 seconds", "Forward 5 seconds"
LOOP_TIP = "Start again at the end"
SEEK, SEEK_TIP = "Position in the clip", "Drag to seek in the clip"

# Controls
SOURCE, SOURCE_TIP = "Source", "The camera, clip or file that provides the pictures"
SOURCE_FILE = "File…"
RESOLUTION, RESOLUTION_TIP = "Picture", "The size and rate to request from the camera"
RESOLUTION_OWN = "Camera default"
MODEL, MODEL_TIP = "Model", "The network that reads the face"
MODEL_FILE = "Weights file…"
MODEL_FILTER = "Weights (*.safetensors);;All files (*)"
DEVICE, DEVICE_TIP = "Device", "The device that runs the network"
DEVICES = {"auto": "Best available", "cpu": "CPU", "cuda": "CUDA (NVIDIA)", "mps": "MPS (Apple)"}
DEVICE_MISSING = "There is no {name} device on this computer that PyTorch can use"
SMOOTHING, SMOOTHING_TIP = "Smoothing", "How steady or how fast coefficients and pose are"
SMOOTHINGS = {"off": "Off", "responsive": "Responsive", "balanced": "Balanced", "stable": "Stable"}
FACE_COUNTS = {1: "One", 2: "Two", 3: "Three", 4: "Four"}
FACES, FACES_TIP = "Faces", "How many faces to follow; the head shows the one followed longest"
FACE_NEXT, FACE_NEXT_TIP = "Mirror the next face", "Of several faces that are followed, mirror another one"
PROFILE, PROFILE_TIP = "Profile", "Whose face this is; each profile has its own neutral and gains"
PROFILE_NEW = "New profile…"
PROFILE_RENAME, PROFILE_DELETE = "Rename profile…", "Delete profile…"
PROFILE_DELETE_SURE = "Delete the profile {name}, with its neutral and gains?"
DELETE_IT = "Delete"
PROFILE_NAME = "Name of the profile"
DEFAULT_PROFILE = "Default"
CALIBRATE = "Set neutral"
CALIBRATE_TIP = "Look ahead with a relaxed face for two seconds: face, head and eyes are then this profile's neutral"
CALIBRATING = "Look ahead, hold still…"
CALIBRATION_PAUSED = "The neutral needs two seconds of video: play the clip, then set the neutral."
CALIBRATION_LOADING = "The network is still loading: set the neutral when the face is outlined."
CALIBRATED = "Neutral set for {name}. Blinks are not affected."
UNCALIBRATE, UNCALIBRATE_TIP = "Forget", "Delete this profile's neutral and identity"
UNCALIBRATED = "The neutral of {name} is deleted."
PERFORM, PERFORM_MENU = "Calibrate by performing", "Calibrate by performing…"
PERFORM_TIP = "Perform seven expressions, so that your fullest one counts as 100 % in this profile"
PERFORM_NEEDS_ACTIONS = "This model tells no actions; choose the compact one, then calibrate by performing."
PERFORM_FORGET, PERFORM_FORGET_TIP = "Forget the performance", "Count actions as the network sees them again"
PERFORM_FORGOTTEN = "The performance of {name} is forgotten."
PERFORMED = "{name}'s full actions count as 100 % now."
PERFORM_WAITING = "There are no new pictures: play the clip, or choose a camera."
PERFORM_READY = "Get ready…"
PERFORM_MISSED = "That was not seen. Face the camera in good light and try again, or skip it."
PERFORM_AGAIN, PERFORM_SKIP, PERFORM_KEEP, PERFORM_CANCEL = "Try again", "Skip", "Keep it", "Cancel"
PERFORM_DONE = (
    "Well done!",
    "What you performed counts as 100 % from now on, in this profile. You can forget it later.",
)
PERFORM_NOTHING = ("Nothing was measured", "Nothing changes.")
REQUESTS = {
    "smile": ("Smile", "As broadly as you can, and hold it."),
    "open": ("Open your mouth wide", "As wide as is comfortable, and hold it."),
    "brows": ("Raise your brows", "As if you were surprised, and hold it."),
    "frown": ("Frown", "Draw your brows together and down, and hold it."),
    "pucker": ("Pucker your lips", "As for a kiss, and hold it."),
    "wink left": ("Close your left eye", "Keep the other one open, as well as you can."),
    "wink right": ("Close your right eye", "Keep the other one open, as well as you can."),
}
TURN = "Head turn"
TURN_TIP = (
    "How far the head turns here and in live outputs, in this profile: more where you look at a small screen; "
    "recordings keep how far you turned"
)
LINK_BLINKS = "Blink with both eyes"
LINK_BLINKS_TIP = (
    "Shut both eyes alike, as many avatars need it; a wink still shuts one. It belongs to this profile; recordings "
    "keep both lids as they were"
)
AVATARS, AVATARS_MENU = "Curves for avatars", "Curves for avatars…"
AVATARS_TIP = "Shape each action for your avatar; live outputs send the result"
AVATAR, AVATAR_NAME, AVATAR_FIRST = "Avatar", "Name of the avatar", "My avatar"
AVATAR_TIP = "The avatar whose curves live outputs use; they belong to the profile"
AVATAR_NONE, AVATAR_NEW = "None: send actions as they are", "New avatar…"
CURVE_TIP = "Drag the handles; double-click to add a point, right-click a point to remove it"
CURVE_AXES = "your face  →  avatar"
CURVE_HINT = (
    "The orange dot is your face now. Drag the lower handle to the right to ignore small movements, and the upper one "
    "to the left to reach the full action sooner. Double-click adds a point, right-click removes it."
)
CURVE_BOTH, CURVE_RESET = "Both sides", "Reset"
CURVE_DEAD, CURVE_GAIN = "Dead zone", "Gain"
AUTO_NEUTRAL = "Automatic neutral"
AUTO_NEUTRAL_TIP = "Learn the neutral over time and show actions without it; recordings keep the network's values"
NEUTRAL_OTHER = "{name}'s neutral, but somebody else is seen"
NEUTRAL_SET, NEUTRAL_OFF = "Neutral set in this profile", "No neutral"
NEUTRAL_LEARNING, NEUTRAL_LEARNED = "Learning the neutral…", "Neutral learned"

# Bars and curves
BAR_TIP = (
    "{title}: {value}, recently {low} to {high}. Click: curve on or off. Right-click or Ctrl+wheel: gain ({gain:.1f}×)."
)
PLAYER_BAR_TIP = "{title}: {value}, in this session {low} to {high}. Click: curve on or off."
SD = "{value:+z.2f} sd"
GAUGE, GAUGE_TIP = "Values", "Show the named actions in per cent, or the model's coefficients in standard deviations"
GAUGES = {"actions": "Actions, %", "coefficients": "Coefficients, sd"}
GAIN, GAIN_MENU = "{gain:g}×", "Gain of {title}"
GAIN_RESET_ALL = "Reset all gains"
CURVES_SPAN_TIP = "The length of the curves"
SECONDS = "{n} s"
POSE = {"yaw": "Yaw", "pitch": "Pitch", "roll": "Roll"}
BARS_TIP = "Each action in per cent, or each coefficient in standard deviations, with its range over the last seconds"
CURVES_TIP = (
    "The chosen values and the head's pose over the last seconds; click a bar to add its curve, or go to it with Tab "
    "and the arrows, and press Space"
)
FLOAT_TIP, HIDE_TIP = "Float this panel, or dock it again", "Hide this panel; the menu View, Panels brings it back"
CURVES_EMPTY = "Click a bar to see its curve"

# Recording
RECORDING = "REC {time}"
STATUS_RECORDING = "Recording {time}, {frames} frames{parts}"
STATUS_PRIVATE, STATUS_SOUND = ", without video", ", with sound"
STATUS_RECORDING_TIP = "Recording to {folder}; Ctrl+R stops it, K sets a marker"
MARKER_LABEL = "Marker {n}"
MARKED, MARK_SENT = "{label} at {time}.", "{label} was sent."
MARKER, MARKER_NAME, MARKER_COLOR, MARKER_TIME = "Marker", "Name", "Colour", "Time"
MARKER_DELETE, MARKER_DRAG = "Delete marker", "(drag it in the curves)"
PRESETS, PRESETS_MENU = "Marker keys", "Marker keys…"
PRESETS_TIP = "Names and colours of the markers that keys 1 to 9 set"
PRESET_NONE = "not used"
PRESETS_HINT = "Press a key while you record, or in the player, to set its marker."
GLOBAL_KEYS, GLOBAL_KEYS_MENU = "Global keys", "Global keys…"
GLOBAL_KEYS_TIP = "Keys that act while a game or another program is in front"
GLOBAL_KEYS_HINT = (
    "These keys act while another program is in front, which gets them as well. Click a field and press a key, such as "
    "Ctrl+Alt+R or F13."
)
GLOBAL_HINT = "“Global keys” of the menu File act while another program is in front"
GLOBAL_WAYLAND = "Wayland tells no program what is typed into others; log in to an X11 session to use global keys."
GLOBAL_NOT_TRUSTED = (
    "macOS tells this program no keys yet; allow it in Privacy & Security, Accessibility, then start it again."
)
GLOBAL_ENDED = "Global keys have stopped, because the desktop tells no more keys; start the program again."
GLOBAL_ALONE = "{key} alone would act whenever somebody types it; add Ctrl or Alt, or choose a key such as F9."
GLOBAL_SHIFTED = "{key} is another key on other keyboards; choose a letter, or a key such as F9."
GLOBAL_UNKNOWN = "{key} cannot be heard while another program is in front; choose another key."
GLOBAL_KEY_NONE = "none"
GLOBAL_KEY_TAKEN = "{key} is already the key of “{title}”; choose another one."
MARKS_HINT = "1 to 9 set the markers of “Marker keys”"
RECORDED = "Recorded {time} to {folder}."
RECORD_LEFT = "The recording ended, because another source was chosen: a session has one. "
RECORDED_MISSED = " {n} frames are incomplete; session.json lists them."
RECORD_MISSED = (
    "{n} frames are incomplete because the disk or the encoder is too slow; close other programs, choose a smaller "
    "camera size, or record without video."
)
RECOVERED_ONE = "An interrupted recording was recovered."
RECOVERED = "{n} interrupted recordings were recovered."
NOT_WHILE_RECORDING = "Not while recording: a session uses one network and one smoothing throughout"

# Status line
STATUS_DEVICE, STATUS_DEVICE_TIP = "{device}", "The device that runs the network"
STATUS_RATE = "source {source:.0f}  ·  network {network:.0f}  ·  screen {screen:.0f} fps"
STATUS_RATE_TIP = "Frames per second from the source, through the network, and on the screen"
STATUS_DROPS = "dropped {frames} · {states}"
STATUS_DROPS_TIP = "Frames replaced by newer ones: before the network {frames}, before the screen {states}"
STATUS_LATENCY = "latency {ms:.0f} ms"
STATUS_STAGES_TIP = "Time from capture to the screen. Stages in ms: {stages}"
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
NO_CAMERA = "No camera was found, so the demo clip is playing. Connect a camera, and it appears in the list."
CAMERAS_NONE = "No camera was found: plug one in, switch it on, and close other programs that use it."
CAMERAS_THERE = "Choose a camera under Source: {names}."
SHOW_SOURCES, REFRESH, REFRESH_TIP = "Look again", "Look for cameras", "List the cameras that are connected now"
CAMERA_LOST = "{problem} The app tries again every second; the last picture stays."
CAMERA_BACK = "{name} is back."
SOURCE_FAILED = "{problem}"
PLAY_DEMO = "Play the demo"
MODEL_FAILED = "{problem}"
TRY_AGAIN = "Try again"
SAVED = "Snapshot saved in {folder}."
SAVED_NO_FACE = "Pictures saved in {folder}, without a mesh, because no face has been seen yet."
SHOW_FOLDER = "Show"
SNAPSHOT_FAILED = "The snapshot cannot be saved in {folder} ({reason}); free some space there or make it writable."
NO_HEAD_GL = "The 3D view cannot start OpenGL 2.1 ({reason}); update the graphics driver."
PLUGIN_BROKEN = "The package that adds this is broken; the log says how."
UNFORESEEN = "An unexpected error occurred ({reason}); see the log for details. The app continues."
SHOW_LOG = "Show log"
SETTINGS_UNSAVED = (
    "Your choices cannot be kept for the next start, because {folder} cannot be written; make it writable."
)
NO_FOLDER = "{folder} cannot be opened ({reason}); make it writable."
NO_LOG = "There is no log, because {folder} cannot be written; make it writable, then start again."
CAMERA_FOUND = "{name} was connected."
USE_IT = "Use it"

# About
ABOUT_TEXT = """<p>3D facial expressions from pixels, without landmarks, based on <i>ExpNet: Landmark-Free, Deep,
3D Facial Expressions</i> (Chang et al., FG 2018).</p>
<p><b>Nothing leaves your machine</b>, unless you write the address of another one under <i>Outputs</i>.</p>
<p>Version {version}. Code: Apache License 2.0. Face model and network are for research only, because some of the
photo collections that they were learned from are.</p>
<p>Made with Python, Qt and PySide6 (LGPL 3), PyTorch (BSD), ONNX Runtime (MIT), ONNX (Apache 2.0), mediapipe (Apache
2.0), OpenCV (Apache 2.0), VisPy (BSD), PyQtGraph (MIT), NumPy and SciPy (BSD), safetensors (Apache 2.0), Send2Trash
(BSD), PyAV (BSD) and FFmpeg (LGPL); on Windows
cv2_enumerate_cameras (MIT).</p>"""
CLOSE = "Close"
CLOSE_SHEET_TIP = "Close (Escape)"
CLOSE_BANNER_TIP = "Close this message"

# Without a window
NO_DISPLAY = (
    "There is no display to open a window on; use 'expnet-live analyze INPUT --out DIR' to work without one, "
    "or 'xvfb-run -a expnet-live' for a virtual display."
)
