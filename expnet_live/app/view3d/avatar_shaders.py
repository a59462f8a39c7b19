"""Shaders of avatars, in GLSL 1.20 like those of our head (shaders.py), and with the same lights.

Vertices are lit, pixels get their texture: so the CPU can draw them, too. It takes most of its time to prepare small
triangles for each value that goes from vertices to pixels, so a program has only those that its material needs.

Light multiplies linear colours. sRGB is close to a power of 2.2, and a power of a product is the product of the powers:
so the light's power, taken at the vertices or before, multiplies the texture's sRGB. A lit material shows diffuse
light; MToon's goes from the colour in the light to that in the shade at a more or less sharp edge; an unlit one shows
its colour. All write premultiplied colours, blue first.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What a program can do: `light` is lit, toon or unlit; seen from both sides (`double`), with pixels cut out
    (`mask`), with opacity (`blend`), with colours of the vertices (`colored`), with a texture of what it sends out
    (`glowing`), and with a map of normals (`bumpy`), which lights pixels instead of vertices."""

    light: str = "lit"
    double: bool = False
    mask: bool = False
    blend: bool = False
    colored: bool = False
    glowing: bool = False
    bumpy: bool = False


_FLAGS = ("double", "mask", "blend", "colored", "glowing", "bumpy")


def sources(kind: Kind) -> tuple[str, str]:
    """A program's vertex and fragment shader."""
    flags = [kind.light.upper(), *(flag.upper() for flag in _FLAGS if getattr(kind, flag))]
    head = "#version 120\n" + "".join(f"#define {flag}\n" for flag in flags)
    return head + _VERTEX, head + _FRAGMENT


_VARYINGS = """
varying vec2 v_uv;
#ifdef BUMPY
varying vec3 v_at;          // mm, to the eye
varying vec3 v_normal;
#else
#ifdef LIT
varying vec3 v_light;       // on the front, sRGB
#ifdef DOUBLE
varying vec3 v_behind;      // and on the back
#endif
#endif
#ifdef TOON
varying float v_facing;     // -1..1: how far the front faces the key light
#endif
#endif
#ifdef COLORED
varying vec4 v_color;       // sRGB
#endif
"""

# The light on a surface as sRGB.
_LIGHT = """
uniform vec3 u_toward[3];   // unit vectors towards key, fill and rim light
uniform vec3 u_light[3];    // their linear colours
uniform vec3 u_sky;
uniform vec3 u_ground;

vec3 light(float up, vec3 along) {
    vec3 amount = max(0.77 * along + 0.23, 0.0);
    amount *= amount;
    vec3 sum = mix(u_ground, u_sky, 0.5 + 0.5 * up);
    sum += amount.x * u_light[0] + amount.y * u_light[1] + amount.z * u_light[2];
    // Bright light is compressed, as much as that on light skin.
    vec3 bright = 0.8 * sum;
    bright = mix(bright, 1.0 - 0.25 * exp(-(bright - 0.75) / 0.25), step(0.75, bright));
    return pow(bright / 0.8, vec3(1.0 / 2.2));
}

vec3 along(vec3 n) {
    return vec3(dot(n, u_toward[0]), dot(n, u_toward[1]), dot(n, u_toward[2]));
}
"""

_VERTEX = f"""
uniform mat4 u_to_eye;
uniform mat4 u_projection;
uniform vec4 u_place;       // scale and offset of the texture
attribute vec3 a_position;
attribute vec3 a_normal;
attribute vec2 a_uv;
#ifdef COLORED
attribute vec4 a_color;     // sRGB
#endif
{_VARYINGS}
#ifndef BUMPY
{_LIGHT}
#endif
void main() {{
    vec4 at = u_to_eye * vec4(a_position, 1.0);
    v_uv = a_uv * u_place.xy + u_place.zw;
#ifdef COLORED
    v_color = a_color;
#endif
#ifndef UNLIT
    vec3 n = normalize(mat3(u_to_eye[0].xyz, u_to_eye[1].xyz, u_to_eye[2].xyz) * a_normal);
#endif
#ifdef BUMPY
    v_at = at.xyz;
    v_normal = n;
#else
#ifdef LIT
    v_light = light(n.y, along(n));
#ifdef DOUBLE
    v_behind = light(-n.y, -along(n));
#endif
#endif
#ifdef TOON
    v_facing = dot(n, u_toward[0]);
#endif
#endif
    gl_Position = u_projection * at;
}}
"""

_FRAGMENT = f"""
uniform sampler2D u_texture;
uniform vec4 u_base;        // sRGB, and opacity
uniform vec3 u_glow;        // sRGB
uniform vec3 u_shade;       // of MToon, sRGB
uniform vec2 u_edge;        // where its shade begins and where it ends, in v_facing
uniform float u_cutoff;     // of a mask: pixels below it are not drawn
#ifdef GLOWING
uniform sampler2D u_glowing;
#endif
{_VARYINGS}
#ifdef BUMPY
{_LIGHT}
uniform sampler2D u_bumps;
uniform float u_bump_scale;

// The normal of a pixel, from a map and from how position and texture change beside it, as there are no tangents
// (C. Schueler, "Normal mapping without precomputed tangents", ShaderX 5).
vec3 bumped() {{
    vec3 n = normalize(v_normal);
    vec3 right = dFdx(v_at), up = dFdy(v_at);
    vec2 u = vec2(dFdx(v_uv.x), dFdy(v_uv.x)), v = vec2(dFdx(v_uv.y), dFdy(v_uv.y));
    float side = dot(cross(right, up), n) < 0.0 ? -1.0 : 1.0;   // rows may be counted from above
    vec3 first = side * cross(up, n), second = side * cross(n, right);
    vec3 tangent = first * u.x + second * u.y, other = first * v.x + second * v.y;
    float longest = max(max(dot(tangent, tangent), dot(other, other)), 1e-20);
    vec3 slope = texture2D(u_bumps, v_uv).xyz * 2.0 - 1.0;
    slope.xy *= u_bump_scale;
    // v points down, and the map's green up.
    n = normalize((tangent * slope.x - other * slope.y) * inversesqrt(longest) + n * max(slope.z, 0.05));
    return gl_FrontFacing ? n : -n;
}}
#endif
void main() {{
    vec4 own = texture2D(u_texture, v_uv) * u_base;
#ifdef COLORED
    own *= v_color;
#endif
#ifdef MASK
    if (own.a < u_cutoff) discard;
#endif
#ifdef BUMPY
    vec3 n = bumped();
#endif
#ifdef LIT
#ifdef BUMPY
    own.rgb *= light(n.y, along(n));
#else
#ifdef DOUBLE
    own.rgb *= gl_FrontFacing ? v_light : v_behind;
#else
    own.rgb *= v_light;
#endif
#endif
#endif
#ifdef TOON
#ifdef BUMPY
    float facing = dot(n, u_toward[0]);
#else
    float facing = gl_FrontFacing ? v_facing : -v_facing;
#endif
    own.rgb *= mix(u_shade, vec3(1.0), smoothstep(u_edge.x, u_edge.y, facing));
#endif
#ifdef GLOWING
    vec3 seen = min(own.rgb + u_glow * texture2D(u_glowing, v_uv).rgb, 1.0);
#else
    vec3 seen = min(own.rgb + u_glow, 1.0);
#endif
#ifdef BLEND
    if (own.a < 0.004) discard;     // it must not hide what comes later
    gl_FragColor = vec4(seen.bgr, 1.0) * own.a;
#else
    gl_FragColor = vec4(seen.bgr, 1.0);
#endif
}}
"""

# The line around a surface of MToon: all of it once more from behind, a little larger.
OUTLINE_VERTEX = """
#version 120
uniform mat4 u_to_eye;
uniform mat4 u_projection;
uniform vec4 u_place;
uniform float u_width;      // mm
attribute vec3 a_position;
attribute vec3 a_normal;
attribute vec2 a_uv;
varying vec2 v_uv;
void main() {
    v_uv = a_uv * u_place.xy + u_place.zw;
    gl_Position = u_projection * (u_to_eye * vec4(a_position + u_width * a_normal, 1.0));
}
"""
OUTLINE_FRAGMENT = """
#version 120
uniform sampler2D u_texture;
uniform float u_opacity;    // of the material, which its texture multiplies
uniform float u_cutoff;     // as of a mask, or -1
uniform vec3 u_line;        // sRGB
varying vec2 v_uv;
void main() {
    if (texture2D(u_texture, v_uv).a * u_opacity < u_cutoff) discard;
    gl_FragColor = vec4(u_line.bgr, 1.0);
}
"""

GRID_VERTEX = """
#version 120
uniform mat4 u_to_eye;
uniform mat4 u_projection;
uniform float u_nudge;
attribute vec3 a_position;
void main() {
    gl_Position = u_projection * (u_to_eye * vec4(a_position, 1.0));
    gl_Position.z -= u_nudge * gl_Position.w;
}
"""
GRID_FRAGMENT = """
#version 120
uniform vec4 u_line;
void main() {
    gl_FragColor = vec4(u_line.bgr, 1.0) * u_line.a;
}
"""
