"""Shaders of avatars, in GLSL 1.20 like those of our head (shaders.py), and with the same lights.

Vertices are lit, pixels get their texture: so the CPU can draw them, too. Textures are sRGB, light is linear (IEC
61966-2-1). A lit material shows diffuse light and a soft gloss; MToon's mixes the colours of light and shade by a sharp
edge; an unlit one shows its colour. All write premultiplied colours, blue first.
"""

_LINEAR = """
vec3 linear(vec3 c) {
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
}
vec3 srgb(vec3 c) {
    c = clamp(c, 0.0, 1.0);
    return mix(c * 12.92, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
}
"""

VERTEX = """
#version 120
uniform mat4 u_to_eye;
uniform mat4 u_projection;
uniform vec3 u_toward[3];   // unit vectors towards key, fill and rim light
uniform vec3 u_light[3];    // their linear colours
uniform vec3 u_halfway[3];
uniform vec3 u_sky;
uniform vec3 u_ground;
uniform float u_nudge;
attribute vec3 a_position;
attribute vec3 a_normal;
attribute vec2 a_uv;
attribute vec4 a_color;
varying vec2 v_uv;
varying vec4 v_color;
varying vec3 v_light;       // on the front, and on the back of a surface that is seen from both sides
varying vec3 v_behind;
varying float v_gloss;
varying float v_facing;     // -1..1: how far the front faces the key light

vec3 lit(vec3 n) {
    vec3 light = mix(u_ground, u_sky, 0.5 + 0.5 * n.y);
    for (int i = 0; i < 3; i++) {
        float amount = max((dot(n, u_toward[i]) + 0.3) / 1.3, 0.0);
        light += amount * amount * u_light[i];
    }
    return light;
}

void main() {
    vec4 at = u_to_eye * vec4(a_position, 1.0);
    vec3 n = normalize(mat3(u_to_eye[0].xyz, u_to_eye[1].xyz, u_to_eye[2].xyz) * a_normal);
    v_uv = a_uv;
    v_color = a_color;
    v_light = lit(n);
    v_behind = lit(-n);
    v_gloss = pow(max(dot(n, u_halfway[0]), 0.0), 18.0);
    v_facing = dot(n, u_toward[0]);
    gl_Position = u_projection * at;
    gl_Position.z -= u_nudge * gl_Position.w;
}
"""

_FRAGMENT = """
#version 120
uniform sampler2D u_texture;
uniform vec4 u_base;        // linear, and opacity
uniform vec3 u_glow;
uniform vec3 u_shade;       // of MToon
uniform vec2 u_edge;        // where its shade begins and where it ends, in v_facing
uniform float u_cutoff;     // of a mask: pixels below it are not drawn; 0 for none
uniform float u_blended;    // 1 where opacity counts, else 0
varying vec2 v_uv;
varying vec4 v_color;
varying vec3 v_light;
varying vec3 v_behind;
varying float v_gloss;
varying float v_facing;
"""

_BODY = """
void main() {
    vec4 own = texture2D(u_texture, v_uv);
    float alpha = own.a * u_base.a * v_color.a;
    if (alpha < u_cutoff) discard;
    vec3 color = linear(own.rgb) * u_base.rgb * v_color.rgb;
    bool front = gl_FrontFacing;
    %s
    alpha = mix(1.0, alpha, u_blended);
    gl_FragColor = vec4(srgb(color + u_glow).bgr * alpha, alpha);
}
"""


def _fragment(light: str) -> str:
    return _FRAGMENT + _LINEAR + _BODY % light


LIT = _fragment(
    """
    color = color * (front ? v_light : v_behind) + (front ? 0.035 * v_gloss : 0.0);
    color = mix(color, 1.0 - 0.25 * exp(-(color - 0.75) / 0.25), step(0.75, color));
"""
)
TOON = _fragment(
    """
    float shaded = smoothstep(u_edge.x, u_edge.y, front ? v_facing : -v_facing);
    color *= mix(u_shade, vec3(1.0), shaded);
"""
)
UNLIT = _fragment("")
GRID = """
#version 120
uniform vec4 u_line;
varying float v_facing;
void main() {
    gl_FragColor = vec4(u_line.bgr, 1.0) * u_line.a;
}
"""
