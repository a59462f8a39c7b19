"""The player's texts."""

from __future__ import annotations

PLAYER = "Player"
PLAYER_NONE = "Choose a session to see it here."
PLAYER_LOADING = "Opening the session… {share:.0%}"
PLAYER_BROKEN = "{folder} cannot be shown ({reason}); see the log for details."
PLAYER_NO_VIDEO = "The video of this session is missing; its coefficients are still here."
PLAYER_NO_PICTURE = "No picture was recorded of this moment."
PLAYER_HELD_PICTURE = "No picture was recorded of this moment; this is the one before."
PLAYER_VIDEO_ENDED = "The video is damaged or ends before this moment; the coefficients continue."
PLAYER_OTHER_MODEL = "This session was recorded with another face model ({name}), so its head cannot be shown."
PLAYER_NO_HEAD = "The head cannot be shown: {reason}"
PLAYER_PICTURE_TIP = "The recorded picture, and the faces measured in it; click one to show it"
PLAYER_PLAY_TIP = "Play or pause the session"
PLAYER_BACK, PLAYER_BACK_TIP = "Step back", "Go one recorded frame back"
PLAYER_FORTH, PLAYER_FORTH_TIP = "Step forward", "Go one recorded frame forward"
PLAYER_MARK, PLAYER_MARK_TIP = "Set a marker here", "Label this moment; keys 1 to 9 set markers with names"
PLAYER_EDIT, PLAYER_EDIT_TIP = (
    "Edit the nearest marker…",
    "Name, colour and deletion of the marker nearest to the cursor",
)
PLAYER_PREVIOUS, PLAYER_PREVIOUS_TIP = "Previous marker", "Go to the previous marker"
PLAYER_NEXT, PLAYER_NEXT_TIP = "Next marker", "Go to the next marker"
PLAYER_BEGIN, PLAYER_END = "To the beginning", "To the end"
PLAYER_LOOP_TIP = "Start again at the end of the range, or of the session"
PLAYER_IN, PLAYER_IN_TIP = "Start range here", "Loop and export from this moment"
PLAYER_OUT, PLAYER_OUT_TIP = "End range here", "Loop and export up to this moment"
PLAYER_CLEAR, PLAYER_CLEAR_TIP = "Clear the range", "Loop and export the whole session again"
PLAYER_ALL, PLAYER_ALL_TIP = "Whole session", "Show the curves of the whole session again"
PLAYER_PAINT_TIP = "Project the recorded picture onto the head"
PLAYER_FOLLOW_TIP = "The head turns with the recorded one; when off, it keeps facing you"
PLAYER_SPEED, PLAYER_SPEED_TIP = "{speed:g}×", "Playback speed"
PLAYER_EXPORT, PLAYER_EXPORT_TIP = "Export…", "Save the session, or its range, as tables, meshes, animation or video"
PLAYER_TIME, PLAYER_TIME_TIP = "{at} / {end}", "Time since the session's first frame, and its length"
PLAYER_FRAME, PLAYER_FRAME_TIP = "frame {frame}", "Number of the frame, as in coefficients.csv"
PLAYER_RANGE, PLAYER_RANGE_TIP = "{start} – {end}", "The range that is looped and exported; drag its ends in the plot"
PLAYER_TIME_LINE_TIP = "Drag to seek in the session"
PLAYER_PLOT_TIP = (
    "Click or drag the cursor to go there, drag to move, wheel to zoom, double-click for the whole session. "
    "Drag a marker to move it, double-click or right-click it to edit it. Shading marks times without a face."
)
PLAYER_LEGEND_TIP = "The curves and their values at the cursor; click one to turn it on or off"
LEGEND_TIP, LEGEND_MORE = "The curves; click one to turn it off", "Also: {titles}"
POSE_TIP = "The head's pose in degrees"
PLAYER_SEND = "Play into the outputs"
PLAYER_SEND_TIP = "Send what is shown here to the programs that are on under Outputs, instead of the live face"
KEYS_OR = " or "
