"""Texts of the sessions window and of its export panel."""

from __future__ import annotations

from expnet_live.app.texts.main_window import DEMO

LIBRARY, LIBRARY_MENU = "Sessions", "Sessions…"
LIBRARY_TIP = "View, replay and export recorded sessions"
REPLAY, SHOW_SESSIONS = "Replay", "Show"
SEARCH, SEARCH_TIP = "Search titles and notes", "Show only sessions with these words in their title or notes"
SESSION_LIST_TIP = "Recorded sessions; choose one to replay it, or several with Ctrl or Shift to export or delete them"
NOTES, NOTES_TIP = "Notes", "Notes on this session; they are saved automatically"
RENAME, RENAME_TIP = "Rename", "Give this session a title; its folder keeps its name"
REVEAL, REVEAL_TIP = "Show in folder", "Open the session's folder in the file manager"
DELETE, DELETE_TIP = "Delete", "Move the chosen sessions to the trash"
OPEN_OTHER, OPEN_OTHER_TIP = "Open other folder…", "Open a session in another folder, or drop its folder here"
OPEN_OTHER_TITLE = "Open the folder of a session"
RELIST, RELIST_TIP = "Reload the list", "Read the list of sessions again"
CLOSE_LIBRARY, CLOSE_LIBRARY_TIP = "Close", "Close this window"
UNTITLED = "Untitled"
SOURCE_NAMES = {"demo": DEMO}
TODAY, YESTERDAY, MOMENT_DAY = "Today, {time}", "Yesterday, {time}", "{day}, {time}"
MOMENT_FORMAT = "d MMM yyyy"  # Qt's date format; the system supplies the names of months
CHIPS = {
    "no video": "No video",
    "recovered": "Recovered",
    "recording": "Being recorded",
    "cut off": "Cut off",
    "unreadable": "Cannot be read",
}
CHIP_TIPS = {
    "no video": "Only coefficients were recorded; the thumbnail shows those of the most expressive moment",
    "recovered": "The recording was interrupted and then recovered",
    "recording": "You can replay, rename and delete it when the recording has ended",
    "cut off": "The recording was interrupted and is not recovered yet; you can replay what was saved",
    "unreadable": "",
}
NO_SESSIONS = "Nothing recorded yet"
NO_SESSIONS_HOW = (
    "Press Ctrl+R, or the red button beside the head, to record your face: video, coefficients and markers. "
    "Press it again to stop. Your recordings then appear here, ready to replay and export."
)
NONE_FOUND = "No session has these words in its title or notes."
CHOOSE_SESSION = "The session that you choose plays here"
STILL_RECORDING = "This session is being recorded. You can replay it when the recording has ended."
TRASHED_SEVERAL, RESTORED_SEVERAL = "{n} sessions are in the trash.", "{n} sessions are back."
TRASHED = "“{title}” is in the trash."
UNDO = "Undo"
RESTORED = "“{title}” is back."
READING = "Reading the sessions…"

# Exporting
EXPORT, EXPORT_MENU, EXPORT_TIP = "Export", "Export…", "Save this session, or a part of it, in another format"
EXPORT_WHAT, EXPORT_WHAT_TIP = "Format", "The format of the file"
EXPORT_PART, EXPORT_PART_TIP = "Part", "The whole session, or the loop set in the player"
EXPORT_WHOLE, EXPORT_LOOP = "Whole session ({length})", "Loop {start} to {end}"
EXPORT_LOOP_NONE = "Loop of the player"
EXPORT_LOOP_HOW = "Set a loop in the player first"
EXPORT_RATE, EXPORT_RATE_TIP = "Rate", "The recorded moments, or a fixed number per second"
EXPORT_RECORDED, EXPORT_FPS = "As recorded", "{fps} per second"
EXPORT_FACE, EXPORT_FACE_TIP = "Face", "The face to export"
EXPORT_HEAD_TIP = "The head that shows the face; 'expnet-live face-model import' adds others"
EXPORT_FACES, EXPORT_MAIN_FACE, EXPORT_ONE_FACE = "All faces", "The one in the player", "Face {n}"
EXPORT_NAMED_FACE = "Face {n}, {name}"
EXPORT_NEUTRAL = "Subtract the neutral"
EXPORT_NEUTRAL_TIP = "Measure coefficients from the profile's neutral face, and animated heads from the look ahead"
EXPORT_GAINS, EXPORT_GAINS_TIP = (
    "Apply gains",
    "Multiply coefficients by the profile's gains, and link blinks if it does",
)
EXPORT_BIDS, EXPORT_BIDS_TIP = "BIDS names", "What the data set calls the recording: subject, session and task"
EXPORT_SUBJECT, EXPORT_SUBJECT_TIP = "Subject", "The subject's label in the data set (sub-…): letters and digits"
EXPORT_SES, EXPORT_SES_TIP = (
    "Session",
    "The session's label (ses-…): letters and digits, empty for none",
)
EXPORT_NO_SES = "no ses"
EXPORT_TASK, EXPORT_TASK_TIP = "Task", "The task's label (task-…): letters and digits"
EXPORT_TO, EXPORT_TO_TIP = "Save as", "The file, or the folder of meshes, to write"
EXPORT_CHOOSE, EXPORT_CHOOSE_TIP = "Choose…", "Choose another name or folder"
EXPORT_CANCEL, EXPORT_CANCEL_TIP = "Cancel", "Cancel the export and leave nothing behind"
EXPORT_CLOSE_TIP = "Close the export panel"
EXPORT_PROGRESS_TIP = "Progress of the export"
EXPORT_TAKEN = "{name} already exists; choose another name, or choose it again to replace it."
EXPORT_LOADING = "Reading the session…"
EXPORTING = "Exporting {name}, {percent} %"
EXPORT_CANCELLING, EXPORT_CANCELLED = "Cancelling…", "Cancelled; nothing was written."
EXPORT_DONE = "{name} is saved."
EXPORT_SEVERAL, EXPORT_SEVERAL_TO = "The {n} chosen sessions", "{folder}, each by its title"
EXPORT_SEVERAL_DONE = "{n} sessions are saved in {folder}."
EXPORT_SEVERAL_PART = "{done} of {n} sessions are saved in {folder}."
EXPORT_SEVERAL_NONE = "No session was saved."
