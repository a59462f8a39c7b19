"""What each figure of a report means, in which unit, and where its definition comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """`key` names it in tables; `source` is the work that the definition follows, or says that it is ours."""

    key: str
    title: str
    unit: str
    text: str
    source: str


OURS = "ours"
_TABLE = (
    Definition("duration", "Duration", "s", "From the first to the last frame.", OURS),
    Definition("frames", "Frames", "", "Frames that were analysed.", OURS),
    Definition(
        "frame_rate", "Frame rate", "1/s", "One over the usual time from a frame to the next: the mean of the "
        "times within 30 % of their median.", OURS,
    ),
    Definition(
        "in_frame", "Time in frame", "%",
        "Time with this face, as a share of the recording. Here and in all means, shares and rates, a frame counts "
        "until the next one, at most 0.5 s, so that they hold for changing frame rates as well.", OURS,
    ),
    Definition(
        "gaps", "Gaps", "", "Times that the face was lost for at least 0.5 s and came back.", OURS,
    ),
    Definition(
        "confidence", "Confidence", "0..1", "How sure the network is that it sees a face: the mean over the frames "
        "with it.",
        OURS,
    ),
    Definition(
        "quality", "Quality", "0..1",
        "How far a frame's numbers can be believed: the error of the actions in the best frames over the error that "
        "is expected at this size, blur, cover, turn and light of the face (1 is best; ExpNet Live's model card tells "
        "how far that holds). The mean over the frames with the face.",
        OURS,
    ),
    Definition("face_width", "Face width", "px", "Width of the face's box: the median.", OURS),
    Definition(
        "turned", "Turned away", "%",
        "Time in which the head's yaw or pitch exceeds 0.5 rad, as a share of that with the face.", OURS,
    ),
    Definition("blinks", "Blinks", "", "Number of blinks that the rate counts; with few, the rate says little.", OURS),
    Definition(
        "blink_rate", "Blink rate", "1/min",
        "Blinks per minute in frame. A blink is a closure of both lids by at least 0.35 above the person's median (of "
        "the less closed one) that lasts 50 to 500 ms at half of its own height; a longer one counts as eyes shut.",
        "Stern, Walrath & Goldstein (1984), The endogenous eyeblink, Psychophysiology 21; limits after Kwon et al. "
        "(2013), J. R. Soc. Interface 10",
    ),
    Definition(
        "blink_duration", "Blink duration", "ms",
        "Width of a blink at half of its own height: the median. Straight lines between frames make blinks seem "
        "longer, by up to a third of the time from a frame to the next: 11 ms at 30 frames a second. In recordings of "
        "fewer than 20 it is left out.",
        "Stern, Walrath & Goldstein (1984), Psychophysiology 21; the 20 frames are ours: a blink of 150 ms has three",
    ),
    Definition("eyes_shut", "Eyes shut", "1/min", "Closures longer than 500 ms per minute in frame.", OURS),
    Definition(
        "range", "Range", "0..1", "From the 5th to the 95th percentile of the action over the time with the face; 1 "
        "is the full action.", OURS,
    ),
    Definition("mean", "Mean", "0..1", "Mean of the action over the time with the face; 1 is the full action.", OURS),
    Definition(
        "speed", "Speed", "1/s",
        "95th percentile, over time, of the action's rate of change, by the straight line that fits 100 ms around each "
        "frame best; between frames, values lie on straight lines. Movements to and fro look slower the faster they "
        "are: twice a second by 5 % at 25 frames a second and 4 % at 60, five times a second by 30 and 24 %. Smoothing "
        "adds to that.",
        "after Savitzky & Golay (1964), Anal. Chem. 36 (filter of first order)",
    ),
    Definition(
        "asymmetry", "Asymmetry", "-1..1",
        "(left - right) / (left + right) of the person's own sides: the mean over the frames in which both together "
        "exceed 0.1 and the head is turned to a side by less than 0.2 rad, which are five at least. Above 0, the "
        "person's left is stronger. It still leans a little with the turn, and less than 0.03 (smiles) to 0.1 (frowns, "
        "eyes) may be the network's own: by so much it differs from that of the mirrored recording.",
        "Sackeim & Gur (1978), Neuropsychologia 16",
    ),
    Definition(
        "synchrony", "Synchrony", "r",
        "Of two faces: the mean over windows of 8 s, every 2 s (at most 300, evenly spread), of the highest "
        "correlation at lags within 2 s, through Fisher's z. Signals are the means of actions (of both sides, and of "
        "the inner and outer brows), and the angle per second by which the head turns about any axis, at 10 Hz.",
        "Boker, Rotondo, Xu & King (2002), Psychological Methods 7 (windowed cross-correlation)",
    ),
    Definition(
        "synchrony_lag", "Lag", "s",
        "The lag at which the correlation, averaged over the windows through Fisher's z, is highest. Above 0, the "
        "second face follows the first.",
        "Boker et al. (2002), Psychological Methods 7",
    ),
    Definition(
        "synchrony_p", "Surrogate test", "p",
        "Share of surrogates with at least as much synchrony: 199 times, one face is shifted against the other by a "
        "random time of at least 4 s, around the end (1 counts the pair itself); windows over the seam are left out. "
        "It is empty where fewer than 19 surrogates remain, as in short recordings, and not corrected for the number "
        "of signals and pairs.",
        "Ramseyer & Tschacher (2011), J. Consult. Clin. Psychol. 79; circular shifts after Moulder et al. (2018), "
        "Psychological Methods 23",
    ),
    Definition(
        "latency", "Onset latency", "ms",
        "From a marker to the first moment within 3 s in which the action exceeds the mean of the second before the "
        "marker by 3 of its standard deviations, and by 0.1 at least, for 100 ms. What sets in while the face is lost "
        "for more than 0.5 s is no onset.",
        "Hodges & Bui (1996), Electroencephalogr. Clin. Neurophysiol. 101 (onset of muscle activity)",
    ),
    Definition(
        "responses", "Responses", "", "Markers of this name that were followed by an onset, of all of them. Actions "
        "that followed none are left out.", OURS,
    ),
    Definition(
        "chance", "By chance", "%",
        "What the responses would be if the markers meant nothing: the share of moments that an onset follows, of up "
        "to 200, evenly spread, at least 3 s from every marker (with fewer than 20, nothing is said).", OURS,
    ),
    Definition(
        "group_effect", "Group effect", "",
        "Difference of a group's mean from that of the reference, with its 95 % interval, over windows of 30 s (a "
        "shorter recording is one) in which the face is seen for half of the time at least; a blink counts in the "
        "window of its middle. Each person counts by "
        "their windows as a linear mixed model has it: value ~ group + (1 | participant), fitted by restricted "
        "maximum likelihood (pooled: where people do not differ, so that it cannot be fitted, by the number of "
        "windows; linear: with one window each, alike). The error is that of people within their group (CR2), and "
        "intervals and p are by Student's t with Welch's degrees of freedom, so that groups may differ in spread "
        "and size. Where a person is in both groups (trials of two conditions), the paired t-test on each person's "
        "means in either; people who are in one alone do not count. A figure that is the same in all windows of "
        "each group is left out.",
        "Laird & Ware (1982), Biometrics 38; error: Bell & McCaffrey (2002), Survey Methodology 28; degrees of "
        "freedom: Welch (1947), Biometrika 34; pairs: Student (1908), Biometrika 6; computed by statsmodels and "
        "SciPy",
    ),
    Definition(
        "group_q", "q", "", "p of the group's effect, corrected for all figures of groups.csv together.",
        "Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57",
    ),
)  # fmt: skip
DEFINITIONS: dict[str, Definition] = {d.key: d for d in _TABLE}
