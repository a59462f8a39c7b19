"""Shaders in GLSL 1.20, which every OpenGL 2.1 driver and Mesa's software renderer support.

The lighting is that of expnet_live/render/shading.py: wrapped diffuse, wider in red than in blue, so that skin looks
soft; Blinn-Phong highlights, whose sharpness and strength follow a vertex's shine. A graphics card lights each pixel.
Where the CPU draws, this would take most of its time, and triangles are only about three pixels wide: so it lights
vertices, except in the eyes, whose highlights are smaller.

All programs write premultiplied colours, blue first, as Qt's painter expects them.
"""

BLEND = ("one", "one_minus_src_alpha")  # of premultiplied colours
_PLACES = """
#version 120
uniform mat4 u_to_eye;      // the head's rotation, mirrored or not, and the view
uniform mat4 u_projection;
uniform mat3 u_pose;        // the head's rotation in the camera's picture
uniform vec3 u_place;       // pixels per mm, and the position of the model's origin
uniform vec2 u_picture;     // size of the camera's picture in pixels
uniform float u_nudge;      // offset towards the viewer, for lines on the surface
uniform float u_hair;       // 1 with hair, 0 without
uniform float u_lift;       // height of the hair on the scalp, as a multiple of full hair
uniform float u_neck;       // mm: where the neck ends
uniform float u_gape;       // 0 with touching lips, 1 with a mouth open to the light
attribute vec3 a_position;
attribute vec3 a_normal;
attribute vec4 a_color;     // and whether it has the tone of the skin
attribute vec4 a_traits;    // shine, openness, paint, mm of hair; -1 behind the lips, -2 just behind, -3 on their edge
attribute vec3 a_brow;
attribute vec3 a_rest;      // position in the neutral face, which hair and neck use

float hair() {
    return u_hair * max(a_traits.w, 0.0);
}

// Shine and openness. Light does not reach the teeth through a slit: a closed mouth looks closed. A tongue that is out
// is lit like skin.
vec2 traits() {
    float within = mix(a_traits.y * u_gape, 1.0, smoothstep(4.0, 14.0, a_position.z - a_rest.z));
    return vec2(a_traits.x, a_traits.w < 0.0 && a_traits.w > -2.5 ? within : a_traits.y);
}

vec4 in_view() {
    return u_to_eye * vec4(a_position + u_lift * hair() * a_normal, 1.0);
}

vec3 turned() {
    return mat3(u_to_eye[0].xyz, u_to_eye[1].xyz, u_to_eye[2].xyz) * a_normal;
}

vec4 on_screen(vec4 at) {
    vec4 screen = u_projection * at;
    screen.z -= u_nudge * screen.w;
    return screen;
}

// Position in the camera's picture, and how well it is visible there.
vec3 in_picture() {
    vec3 seen = u_pose * a_position;
    vec2 uv = (vec2(u_place.y + u_place.x * seen.x, u_place.z - u_place.x * seen.y) + 0.5) / u_picture;
    // Where lips end, normals say little about what the picture shows.
    float facing = a_traits.w < -1.5 ? 1.0 : smoothstep(0.02, 0.42, (u_pose * a_normal).z);
    return vec3(uv, a_traits.z * facing);
}

// The neck fades into the backdrop instead of ending.
float presence() {
    return smoothstep(u_neck + 2.0, u_neck + 44.0, a_rest.y);
}
"""

_LIGHT = """
uniform vec3 u_toward[3];   // unit vectors towards key, fill and rim light
uniform vec3 u_light[3];    // their linear colours
uniform vec3 u_halfway[3];  // half-way vectors for a viewer straight ahead
uniform vec3 u_highlight;   // strength of their highlights
uniform vec3 u_sky;
uniform vec3 u_ground;
uniform vec3 u_complexion;  // factor that gives our skin the person's tone, or that of the picture
uniform vec3 u_tint;        // colour of the clay head under the wireframe
uniform float u_clay;
uniform vec3 u_hair_color;
uniform vec2 u_cover;       // mm of full hair at which it begins to hide the skin, and does so fully
const vec3 WRAP = vec3(0.50, 0.36, 0.30);

vec3 lit(vec3 n, int i) {
    vec3 amount = max((dot(n, u_toward[i]) + WRAP) / (1.0 + WRAP), 0.0);
    return amount * amount * u_light[i];
}

vec3 in_tone(vec4 color) {
    return color.rgb * mix(vec3(1.0), u_complexion, color.a);
}

// The visible colour of a point, as sRGB. traits: shine, openness; strand: place in the hair pattern, -1..1;
// photo: the camera's picture there; paint: how far it covers our colour.
vec3 appearance(vec3 n, vec3 eye, vec3 own, vec2 traits, float hair, float strand, vec3 photo, float paint) {
    vec3 skin = mix(own, u_hair_color * (0.80 + 0.40 * strand), hair);
    float shine = mix(traits.x, 0.22 + 0.06 * strand, hair);
    float hollow = 1.0 - traits.y;
    vec3 light = mix(u_ground, u_sky, 0.5 + 0.5 * n.y) + lit(n, 0) + lit(n, 1) + lit(n, 2);
    // Light in hollows of the skin has bounced off skin, so it is warm.
    light *= 1.0 - hollow * vec3(0.88, 1.0, 1.04);
    vec3 albedo = mix(mix(skin, u_tint, u_clay), photo * photo * 1.08, paint);
    // A photo contains its own light; some of ours keeps the shape visible from other sides.
    light = mix(light, vec3(0.62) + 0.34 * light, paint);

    float power = exp2(2.6 + 6.2 * shine);
    float s2 = shine * shine;
    float s10 = s2 * s2 * s2 * s2 * s2;
    float edge = 1.0 - max(dot(n, eye), 0.0);
    float strength = 0.45 * s2 * (1.0 + 24.0 * s10) * (0.5 + 0.5 * edge * edge * edge);
    strength *= (1.0 - 0.85 * paint) * traits.y;
    vec3 gloss = pow(max(dot(n, u_halfway[0]), 0.0), power) * u_highlight.x * u_light[0]
               + pow(max(dot(n, u_halfway[1]), 0.0), power) * u_highlight.y * u_light[1];
    vec3 color = albedo * light + strength * gloss;
    vec3 high = 1.0 - 0.25 * exp(-(color - 0.75) / 0.25);
    color = mix(color, high, step(0.75, color));
    return pow(max(color, 0.0), vec3(1.0 / 2.2));
}
"""

_STUBBLE = """
vec4 shuffled(vec4 v) {
    return mod((34.0 * v + 1.0) * v, 289.0);
}

// Hairs of a few millimetres that lean back and down, as a pattern -1..1: smooth noise in long cells, from shuffled
// numbers of their corners (Gustavson). Where cells are finer than pixels, their mean.
float stubble(vec3 at) {
    vec3 place = vec3(1.7 * at.x, 0.38 * (at.y - at.z), 1.2 * (at.y + at.z));
    vec3 cell = floor(place), within = place - cell;
    within *= within * (3.0 - 2.0 * within);
    cell = mod(cell, 289.0);
    vec4 corners = shuffled(shuffled(cell.x + vec4(0.0, 1.0, 0.0, 1.0)) + cell.y + vec4(0.0, 0.0, 1.0, 1.0));
    vec4 depth = mix(shuffled(corners + cell.z), shuffled(corners + cell.z + 1.0), within.z) / 144.5 - 1.0;
    vec2 row = mix(depth.xz, depth.yw, within.x);
    vec3 finer = fwidth(place);
    return mix(row.x, row.y, within.y) * clamp(1.5 - max(finer.x, max(finer.y, finer.z)), 0.0, 1.0);
}

float covered(float mm, float strand, vec2 cover) {
    return smoothstep(cover.x, cover.y, mm * (1.0 + 0.5 * strand));
}
"""

# brow: density of its hairs, mm along it and above its middle.
_BROWS = """
uniform vec3 u_brow;

// strand: place in the hair pattern, -1..1
vec3 with_brow(vec3 own, vec3 brow, float strand) {
    float dense = brow.x * (0.45 + 0.55 * smoothstep(-1.0, 9.0, brow.y));
    return mix(own, u_brow, 0.8 * smoothstep(0.05, 1.05, dense + 0.75 * strand * dense));
}
"""

_BROW_HAIRS = """
// The hairs lean outwards more and more; where they are finer than pixels, use their mean.
float brow_hairs(vec3 brow) {
    float lean = mix(0.25, 2.4, smoothstep(1.0, 24.0, brow.y));
    float root = (brow.y - lean * brow.z) / length(vec2(1.0, lean));
    float strand = 0.5 * sin(6.1 * root + 0.6 * brow.z) + 0.3 * sin(9.7 * root + 1.3) + 0.3 * sin(14.9 * root - brow.z);
    return strand * clamp(1.6 - 3.0 * fwidth(root), 0.0, 1.0);
}
"""

_PICTURE = """
uniform sampler2D u_photo;  // blue first

float inside(vec2 uv) {
    vec2 within = step(vec2(0.002), uv) * step(uv, vec2(0.998));
    return within.x * within.y;
}
"""

# --- each pixel is lit ----------------------------------------------------------------------------

PIXEL_VERTEX = f"""{_PLACES}
varying vec3 v_position;
varying vec3 v_normal;
varying vec4 v_color;
varying vec2 v_traits;
varying vec3 v_uv;
varying vec4 v_rest;        // and mm of hair
varying vec3 v_brow;
varying float v_presence;
void main() {{
    vec4 at = in_view();
    v_brow = a_brow;
    v_position = at.xyz;
    v_normal = turned();
    v_color = a_color;
    v_traits = traits();
    v_uv = in_picture();
    v_rest = vec4(a_rest, hair());
    v_presence = presence();
    gl_Position = on_screen(at);
}}
"""

PIXEL_FRAGMENT = f"""
#version 120
uniform float u_paint;
{_LIGHT}{_STUBBLE}{_BROWS}{_BROW_HAIRS}{_PICTURE}
varying vec3 v_brow;
varying vec3 v_position;
varying vec3 v_normal;
varying vec4 v_color;
varying vec2 v_traits;
varying vec3 v_uv;
varying vec4 v_rest;
varying float v_presence;
void main() {{
    float strand = v_rest.w > 0.0 ? stubble(v_rest.xyz) : 0.0;
    float hair = covered(v_rest.w, strand, u_cover);
    float paint = u_paint * v_uv.z * inside(v_uv.xy) * (1.0 - hair);
    vec3 photo = texture2D(u_photo, v_uv.xy).bgr;
    vec3 own = in_tone(v_color);
    own = v_brow.x > 0.01 ? with_brow(own, v_brow, brow_hairs(v_brow)) : own;
    vec3 seen = appearance(normalize(v_normal), -normalize(v_position), own, v_traits, hair, strand, photo, paint);
    gl_FragColor = vec4(seen.bgr, 1.0) * v_presence;
}}
"""

GRID_FRAGMENT = """
#version 120
uniform vec4 u_line;
varying vec3 v_position;
varying vec3 v_normal;
void main() {
    float facing = dot(normalize(v_normal), -normalize(v_position));
    gl_FragColor = vec4(u_line.bgr, 1.0) * u_line.a * smoothstep(0.0, 0.5, facing);
}
"""

# --- each vertex is lit ---------------------------------------------------------------------------

PLAIN_VERTEX = f"""{_PLACES}{_LIGHT}{_BROWS}
varying vec4 v_seen;
void main() {{
    vec4 at = in_view();
    vec3 own = with_brow(in_tone(a_color), a_brow, 0.0);
    vec3 seen = appearance(normalize(turned()), -normalize(at.xyz), own, traits(), 0.0, 0.0, vec3(0.0), 0.0);
    v_seen = vec4(seen.bgr, 1.0) * presence();
    gl_Position = on_screen(at);
}}
"""

PLAIN_FRAGMENT = """
#version 120
varying vec4 v_seen;
void main() {
    gl_FragColor = v_seen;
}
"""

HAIR_VERTEX = f"""{_PLACES}{_LIGHT}{_BROWS}
varying vec4 v_skin;
varying vec3 v_hair;
varying vec3 v_strand;      // contribution of the hair pattern
varying vec4 v_rest;        // and mm of hair
void main() {{
    vec4 at = in_view();
    vec3 n = normalize(turned()), eye = -normalize(at.xyz);
    vec3 high = appearance(n, eye, in_tone(a_color), traits(), 1.0, 1.0, vec3(0.0), 0.0).bgr;
    vec3 low = appearance(n, eye, in_tone(a_color), traits(), 1.0, -1.0, vec3(0.0), 0.0).bgr;
    vec3 own = with_brow(in_tone(a_color), a_brow, 0.0);
    v_skin = vec4(appearance(n, eye, own, traits(), 0.0, 0.0, vec3(0.0), 0.0).bgr, presence());
    v_hair = 0.5 * (high + low);
    v_strand = 0.5 * (high - low);
    v_rest = vec4(a_rest, hair());
    gl_Position = on_screen(at);
}}
"""

HAIR_FRAGMENT = f"""
#version 120
uniform vec2 u_cover;
{_STUBBLE}
varying vec4 v_skin;
varying vec3 v_hair;
varying vec3 v_strand;
varying vec4 v_rest;
void main() {{
    float strand = stubble(v_rest.xyz);
    vec3 hair = v_hair + strand * v_strand;
    gl_FragColor = vec4(mix(v_skin.rgb, hair, covered(v_rest.w, strand, u_cover)), 1.0) * v_skin.a;
}}
"""

PAINTED_VERTEX = f"""{_PLACES}{_LIGHT}{_BROWS}
varying vec4 v_seen;
varying vec3 v_gain;        // our lighting of a white picture
varying vec3 v_uv;
void main() {{
    vec4 at = in_view();
    vec3 n = normalize(turned()), eye = -normalize(at.xyz);
    vec3 own = with_brow(in_tone(a_color), a_brow, 0.0);
    v_seen = vec4(appearance(n, eye, own, traits(), 0.0, 0.0, vec3(0.0), 0.0).bgr, 1.0) * presence();
    v_gain = appearance(n, eye, own, traits(), 0.0, 0.0, vec3(1.0), 1.0).bgr * v_seen.a;
    v_uv = in_picture();
    gl_Position = on_screen(at);
}}
"""

PAINTED_FRAGMENT = f"""
#version 120
{_PICTURE}
varying vec4 v_seen;
varying vec3 v_gain;
varying vec3 v_uv;
void main() {{
    vec3 photo = texture2D(u_photo, v_uv.xy).rgb * v_gain;
    gl_FragColor = vec4(mix(v_seen.rgb, photo, v_uv.z * inside(v_uv.xy)), v_seen.a);
}}
"""

# --- locks of hair --------------------------------------------------------------------------------

# Lit at their vertices, which lie close together. Highlights lie across the strands, as Kajiya and Kay describe them.
LOCK_VERTEX = f"""
#version 120
uniform mat4 u_to_eye;
uniform mat4 u_projection;
attribute vec3 a_position;
attribute vec3 a_normal;
attribute vec3 a_tangent;
attribute vec4 a_lock;      // place across and along it, a number of its own, and the light that reaches it
{_LIGHT}
varying vec3 v_seen;         // sRGB
varying vec3 v_gloss;
varying vec3 v_place;

float across(vec3 along, vec3 halfway, float power) {{
    float d = dot(along, halfway);
    return pow(max(1.0 - d * d, 0.0), power);
}}

void main() {{
    vec4 at = u_to_eye * vec4(a_position, 1.0);
    mat3 turn = mat3(u_to_eye[0].xyz, u_to_eye[1].xyz, u_to_eye[2].xyz);
    vec3 n = normalize(turn * a_normal), t = normalize(turn * a_tangent);
    float own = a_lock.z;
    vec3 color = u_hair_color * (0.85 + 0.25 * own) * (0.85 + 0.3 * a_lock.y);
    vec3 light = mix(u_ground, u_sky, 0.5 + 0.5 * n.y) + lit(n, 0) + lit(n, 1) + lit(n, 2);
    vec3 first = normalize(t - (0.12 + 0.1 * own) * n), second = normalize(t + 0.2 * n);
    vec3 gloss = vec3(0.0);
    for (int i = 0; i < 2; i++) {{
        float facing = clamp(0.35 + dot(n, u_toward[i]), 0.0, 1.0) * u_highlight[i];
        vec3 shine = 0.055 * vec3(across(first, u_halfway[i], 70.0))
                   + (0.35 * u_hair_color + 0.015) * across(second, u_halfway[i], 12.0);
        gloss += facing * shine * u_light[i];
    }}
    vec3 lit = a_lock.w * color * light;
    v_seen = pow(lit, vec3(1.0 / 2.2)).bgr;
    v_gloss = pow(lit + a_lock.w * gloss, vec3(1.0 / 2.2)).bgr - v_seen;
    v_place = a_lock.xyz;
    gl_Position = u_projection * at;
}}
"""

LOCK_FRAGMENT = """
#version 120
uniform float u_opacity;
varying vec3 v_seen;         // sRGB
varying vec3 v_gloss;
varying vec3 v_place;
void main() {
    // Single hairs: they part at the tip, and at the root the skin is seen between them. Where they are finer than
    // pixels, use their mean.
    float x = v_place.x, y = v_place.y, own = 40.0 * v_place.z;
    float step = fwidth(x);
    float hair = 0.6 * clamp(2.0 - 9.0 * step, 0.0, 1.0) * sin(13.0 * x + own + 1.5 * y)
               + 0.4 * clamp(2.0 - 20.0 * step, 0.0, 1.0) * sin(31.0 * x - 2.0 * own);
    float there = min(min(6.25 * y, 3.57 * (1.0 - y)), 1.0) * (1.15 - 0.75 * x * x);
    if (0.5 + 0.5 * hair > 2.2 * there) discard;
    vec3 color = v_seen * (1.0 + 0.10 * hair) + v_gloss * (1.0 + 0.4 * hair);
    gl_FragColor = u_opacity * vec4(color * (gl_FrontFacing ? 1.0 : 0.8), 1.0);
}
"""
